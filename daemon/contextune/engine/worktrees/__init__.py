"""Leases: the worktrees of Tasks, their upkeep and their room on disk."""
