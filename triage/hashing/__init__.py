"""Turns bytes into numbers; never knows where the bytes came from."""
