"""Counts exhibits, ages and throughput, and forecasts; pure: it is handed columns, never asks."""
