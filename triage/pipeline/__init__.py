"""Decides what next and joins the rooms; never parses, never prints."""
