"""Evidence: what tests say, and what their word is worth."""
