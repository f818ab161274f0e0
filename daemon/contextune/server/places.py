"""URIs to paths and back."""

from __future__ import annotations

import os
import re
from pathlib import Path
from urllib.parse import unquote, urlsplit

_DRIVE = re.compile(r"/[A-Za-z]:(?=/|$)")


def file_path(uri: str, *, windows: bool = os.name == "nt") -> str | None:
    """The path that a URI names; None for `untitled:`, `git:`, remote and malformed ones.

    Windows drives come out in upper case with backslashes, shares as `\\\\server\\share`.
    """
    try:
        parts = urlsplit(uri)
    except ValueError:
        return None
    if parts.scheme != "file":
        return None
    # A `?` or `#` that belongs to a name is always encoded, so what follows a bare one is no part of it.
    path = unquote(parts.path, errors="surrogateescape")
    if "\0" in path or not path.startswith("/"):
        return None
    if not windows:
        return path if parts.netloc in {"", "localhost"} else None
    if _DRIVE.match(path):
        path = path[1].upper() + path[2:]
    elif parts.netloc:
        path = f"//{parts.netloc}{path}"
    return path.replace("/", "\\")


def path_of(uri: str) -> Path | None:
    """The file or folder that a URI names on this machine; None if it names none."""
    path = file_path(uri)
    return None if path is None else Path(path)


def folder_path(text: str) -> Path | None:
    """A folder as a client names it, by path or URI; None if that is not absolute, or no file."""
    path = path_of(text) if text.startswith("file:") else Path(text)
    return path if path is not None and path.is_absolute() else None


def uri_of(path: Path) -> str:
    """The URI of an absolute path."""
    return path.as_uri()
