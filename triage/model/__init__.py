"""Frozen values shared by all rooms; true without any file, clock or process."""
