"""The repositories in use, and those that moved."""
