"""Plans and Quotes."""
