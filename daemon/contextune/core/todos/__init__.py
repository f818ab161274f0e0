"""Todos: comments that ask for work."""
