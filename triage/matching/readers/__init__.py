"""One file a hash-set format; the registry stands in matching/reader.py."""
