"""The Gate: the commands whose word decides that a Task is done, and what their word is worth."""
