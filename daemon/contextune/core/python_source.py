"""Python source as a tree."""

from __future__ import annotations

import ast
from threading import Lock

_ALONE = Lock()


def parsed(text: str) -> ast.Module:
    """The tree of a module. Raises what `ast.parse` raises. Safe in several threads at once.

    That one is not: CPython counts its depth once for all threads, and where one comes in while another is
    collecting garbage, both end with a SystemError (https://github.com/python/cpython/issues/106905).
    """
    with _ALONE:
        return ast.parse(text)
