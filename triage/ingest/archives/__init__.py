"""One file a kind of archive; the registry stands in ingest/archive.py."""
