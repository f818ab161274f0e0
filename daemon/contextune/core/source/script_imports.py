"""What JavaScript and TypeScript files import of their own repository, read from their text."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable

SCRIPT = (".ts", ".tsx", ".mts", ".cts", ".js", ".jsx", ".mjs", ".cjs", ".vue", ".svelte")
"""Endings of files that import one another."""
FROM = re.compile(
    r"\b(?:import|export)\b[^'\"`;]*?\bfrom[ \t\n]*(['\"])(?P<source>[^'\"\n]+)\1"
    r"|\bimport[ \t]*\(?[ \t]*(['\"])(?P<bare>[^'\"\n]+)\3"
    r"|\brequire[ \t]*\([ \t]*(['\"])(?P<required>[^'\"\n]+)\5"
)
ALIAS = re.compile(r"^(?:@|~|\$lib|src|app)/")
"""What paths from the top of the sources begin with, by the custom of most build tools."""


class ScriptImports:
    """Resolves what scripts import to files of the repository."""

    def __init__(self, files: Iterable[str]) -> None:
        self._files = frozenset(path for path in files if path.endswith(SCRIPT))
        self._tails: dict[str, list[str]] = {}
        for path in self._files:
            self._tails.setdefault(_bare(path).rpartition("/")[2], []).append(path)

    def imports_of(self, path: str, text: str) -> frozenset[str]:
        """The files that a script with this text imports by itself; packages and what is unknown left out."""
        sources = (match["source"] or match["bare"] or match["required"] for match in FROM.finditer(text))
        found = (self._resolved(path, source) for source in sources)
        return frozenset(one for one in found if one is not None and one != path)

    def _resolved(self, path: str, source: str) -> str | None:
        if source.startswith("."):
            return self._file(posixpath.normpath(posixpath.join(posixpath.dirname(path), source)))
        if not ALIAS.match(source):
            return None
        tail = "/" + _bare(source.partition("/")[2])
        last = tail.rpartition("/")[2]
        named = [one for one in self._tails.get(last, ()) if ("/" + _bare(one)).endswith(tail)]
        return min(named, key=len, default=None)

    def _file(self, stem: str) -> str | None:
        bare = _bare(stem)
        tries = [stem, *(bare + ending for ending in SCRIPT), *(f"{stem}/index{ending}" for ending in SCRIPT)]
        # `./a.js` may stand for `a.ts`, and a name with a dot, as `./a.model`, has no ending of its own.
        tries += [stem + ending for ending in SCRIPT]
        return next((one for one in tries if one in self._files), None)


def _bare(path: str) -> str:
    """A path without the ending of a script."""
    ending = next((one for one in sorted(SCRIPT, key=len, reverse=True) if path.endswith(one)), "")
    return path.removesuffix(ending)
