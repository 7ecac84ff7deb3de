"""Speaks to a person: parses the call, prints results; does no work of its own."""
