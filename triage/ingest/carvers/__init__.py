"""One file for each format that is looked for; reached through ``ingest.carving``."""
