"""What a sealed pack is made of: the key, keyed digests, the shuffled order, encrypted columns."""
