"""One file a file-system reader; the registry stands in ingest/filesystem.py."""
