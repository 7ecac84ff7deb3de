"""One file a kind of evidence that is files; the registry stands in ingest/logical.py."""
