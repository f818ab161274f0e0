"""Benchmarks: each suite sets itself up in a temporary folder and compares in the same run."""
