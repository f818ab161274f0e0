"""The Ghost: what Tasks made, put together, tested, amended, and moved to the user's branch."""
