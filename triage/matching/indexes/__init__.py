"""One file an index; laws and oracle stand in matching/index.py."""
