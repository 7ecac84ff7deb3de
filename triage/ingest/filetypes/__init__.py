"""Ways of telling a type by the first bytes; :mod:`triage.ingest.filetype` asks them in order."""
