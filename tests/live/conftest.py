"""A user's machine, as the tests of the command line have it."""

from __future__ import annotations

from tests.cli.conftest import machine

__all__ = ["machine"]
