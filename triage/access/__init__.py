"""Decides who may sign in and act, and chains what is written down of it; pure but for chance."""
