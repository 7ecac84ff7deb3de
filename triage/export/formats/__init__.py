"""One file an output format; the registry stands in export/exporter.py."""
