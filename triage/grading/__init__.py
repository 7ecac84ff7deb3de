"""Decides and records categories; never reads evidence, never talks to the database."""
