"""The same application without an editor."""
