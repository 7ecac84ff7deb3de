"""Holds what graders look at: the order of a case, its pictures, their exposure."""
