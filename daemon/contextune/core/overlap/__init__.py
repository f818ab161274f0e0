"""Where Tasks, and changes still being made, get into each other's way."""
