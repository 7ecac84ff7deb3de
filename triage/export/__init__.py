"""Tells outsiders; is handed records, never queries."""
