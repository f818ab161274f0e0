"""Contextune: turns the TODO comments of a repository into finished, tested, merged work."""

__version__ = "0.1.0"
