"""Which tests a change can affect: a repository's own import graph, read from its source text."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

IMPORT = re.compile(
    r"^[ \t]*(?:from[ \t]+(?P<source>\.*[\w.]*)[ \t]+import[ \t]+(?P<names>\([^)]*\)|[^\n#]+)"
    r"|import[ \t]+(?P<plain>[^\n#]+))",
    re.M,
)

EVERYTHING = re.compile(
    r"(^|/)(conftest\.py|__init__\.py|pyproject\.toml|setup\.(py|cfg)|tox\.ini|pytest\.ini)$"
)
"""Files whose change can affect any test."""


class ImportGraph:
    """The imports between a repository's Python files."""

    def __init__(self, texts: Mapping[str, str]) -> None:
        """`texts` maps the path of every Python file to its content."""
        self._files = set(texts)
        self._modules = {_dotted(path): path for path in sorted(texts, key=len, reverse=True)}
        # `src/pkg/a.py` is imported as `pkg.a`: every suffix of a dotted path is a name that it may go by.
        self._suffixes: dict[str, set[str]] = {}
        for dotted, path in self._modules.items():
            parts = dotted.split(".")
            for start in range(len(parts)):
                self._suffixes.setdefault(".".join(parts[start:]), set()).add(path)
        self._imports = {path: self._imported(path, text) for path, text in texts.items()}

    def imports_of(self, path: str) -> frozenset[str]:
        """The files that this one imports by itself; none if it is not in the graph."""
        return frozenset(self._imports.get(path, ()))

    def users_of(self, changed: Iterable[str]) -> frozenset[str]:
        """The changed files and every file that imports one of them, directly or not."""
        importers: dict[str, set[str]] = {}
        for path, targets in self._imports.items():
            for target in targets:
                importers.setdefault(target, set()).add(path)
        found = {path for path in changed if path in self._files}
        stack = list(found)
        while stack:
            for user in importers.get(stack.pop(), ()):
                if user not in found:
                    found.add(user)
                    stack.append(user)
        return frozenset(found)

    def _imported(self, path: str, text: str) -> set[str]:
        found: set[str] = set()
        package = _dotted(path).split(".") if path.endswith("__init__.py") else _dotted(path).split(".")[:-1]
        for match in IMPORT.finditer(text):
            if match["plain"] is not None:
                for name in match["plain"].split(","):
                    found |= self._resolve(name.split(" as ")[0].strip())
                continue
            source = match["source"]
            level = len(source) - len(source.lstrip("."))
            base = source.lstrip(".")
            if level:
                above = package[: len(package) - level + 1]
                base = ".".join([*above, base] if base else above)
            found |= self._resolve(base)
            for name in match["names"].strip("() \n\\").split(","):
                found |= self._resolve(f"{base}.{name.split(' as ')[0].strip()}")
        return found - {path}

    def _resolve(self, dotted: str) -> set[str]:
        """The files that a dotted name, or the longest known beginning of it, stands for."""
        parts = dotted.split(".")
        while parts and parts[0]:
            known = self._suffixes.get(".".join(parts))
            if known:
                return known
            parts = parts[:-1]
        return set()


def _dotted(path: str) -> str:
    return path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")


PYTEST = re.compile(
    r"^(?P<head>\S*python[\w.]*\s+-m\s+pytest|pytest)(?P<flags>(?:\s+-[\w-]+)*)(?P<paths>(?:\s+[\w./-]+)*)$"
)


def narrowed(
    command: str, changed: Iterable[str], texts: Mapping[str, str], *, tests: Iterable[str]
) -> str | None:
    """The Gate command for the tests alone that a change can affect; None if that cannot be told.

    Only plain pytest commands are narrowed: no expressions, no plugins' options. `tests` are the repository's
    test files. None also if the change touches something that is no Python module, or if nothing is affected.
    """
    match = PYTEST.match(command.strip())
    files = tuple(changed)
    if match is None or any(EVERYTHING.search(path) or not path.endswith(".py") for path in files):
        return None
    users = ImportGraph(texts).users_of(files)
    below = match["paths"].split()
    chosen = sorted(
        path for path in tests if path in users and (not below or any(_is_below(path, top) for top in below))
    )
    if not chosen or any(not re.fullmatch(r"[\w./-]+", path) for path in chosen):
        return None
    return f"{match['head']}{match['flags']} {' '.join(chosen)}"


def _is_below(path: str, top: str) -> bool:
    top = top.rstrip("/").removeprefix("./")
    return top in ("", ".") or path == top or path.startswith(f"{top}/")
