"""Remembers; computes nothing."""
