"""Runs: their events, their fold, and the user's say in review."""
