"""Compares numbers with known ones; never reads evidence, never decides a grade."""
