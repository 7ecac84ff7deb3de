"""Opens evidence, lists it, yields its bytes; never hashes, judges or writes."""
