"""git: commits and refs as objects, worktrees, Salvage, and the user's checkout."""
