"""Fences: what holds a command inside its worktree, on each system."""
