"""One file a container format; the registry stands in ingest/container.py."""
