"""Money over time: what was spent, on what, what that saved, and what would have cost less."""
