"""Plain facts of checkouts and worktrees, and what is wrong with them."""
