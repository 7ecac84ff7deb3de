"""One file a layer; the registry stands in ingest/layer.py."""
