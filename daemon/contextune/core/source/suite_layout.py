"""Where a repository keeps its tests: the test file that belongs to a source file, or would."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import NamedTuple

TEST_NAME = re.compile(
    r"^(?:(?P<before>test_)(?P<after_prefix>.+)|(?P<stem>.+)(?P<after>_test|_spec|[.-](?:test|spec)))(?P<dot>\.\w+)$"
)
"""Names of test files that tell what they test: `test_x.py`, `x_test.go`, `x.test.ts`, `x_spec.rb`."""

SCRIPTS = (".ts", ".tsx", ".js", ".jsx", ".mjs", ".mts")
KINDS = dict.fromkeys(SCRIPTS, SCRIPTS)
"""Endings of files that test one another; any other ending goes with itself."""


class _TestFile(NamedTuple):
    path: str
    folder: str
    subject: str
    before: str
    after: str
    dot: str


class SuiteLayout:
    """The test files of a repository, and the convention that their names and places follow."""

    def __init__(self, files: Sequence[str], importers: Mapping[str, Sequence[str]] | None = None) -> None:
        """`importers` names, for source files that are known to have some, the tests that import them."""
        self._files = frozenset(files)
        self._importers = importers or {}
        self._tests = [test for path in sorted(self._files) if (test := _as_test(path))]
        self._crowd = Counter(test.folder for test in self._tests)

    def has(self, path: str) -> bool:
        """Whether the repository has this file."""
        return path in self._files

    def named(self, path: str) -> str | None:
        """The test file of a source file by its name, the nearest one if there are several."""
        _, stem, dot = _parts(path)
        named = [test for test in self._of_kind(dot) if test.subject == stem]
        return min(
            (test.path for test in named),
            key=lambda test: (-_nearness(test.rpartition("/")[0] + "/", path), len(test)),
            default=None,
        )

    def sole_importer(self, path: str) -> str | None:
        """The test file that imports a source file, if it is the only one that is known to."""
        importers = self._importers.get(path, ())
        return importers[0] if len(importers) == 1 else None

    def fresh(self, path: str, tail: str = "") -> str | None:
        """A new test file for a source file, by the convention of its nearest tests; None without one.

        `tail` tells it from others of the same source file, such as `count` in `tests/test_x_count.py`.
        """
        folder, stem, dot = _parts(path)
        models = self._of_kind(dot)
        if not models:
            return None
        model = min(models, key=lambda test: (-_nearness(test.folder, path), -self._crowd[test.folder]))
        # Tests that stand beside what they test do so everywhere; others gather in folders of their own.
        beside = f"{model.folder}{model.subject}{model.dot}" in self._files
        name = f"{stem}_{tail}" if tail else stem
        made = f"{folder if beside else model.folder}{model.before}{name}{model.after}{dot}"
        return None if made in self._files else made

    def _of_kind(self, dot: str) -> list[_TestFile]:
        return [test for test in self._tests if test.dot in KINDS.get(dot, (dot,))]


def _as_test(path: str) -> _TestFile | None:
    folder, _, name = path.rpartition("/")
    match = TEST_NAME.match(name)
    if match is None:
        return None
    return _TestFile(
        path=path,
        folder=f"{folder}/" if folder else "",
        subject=match["after_prefix"] or match["stem"],
        before=match["before"] or "",
        after=match["after"] or "",
        dot=match["dot"],
    )


def _parts(path: str) -> tuple[str, str, str]:
    """Folder with its slash, the name that tests call a file by, and its ending with the dot."""
    folder, slash, name = path.rpartition("/")
    stem, dot, ending = name.rpartition(".")
    stem = stem if dot else name
    if stem == "__init__" and folder:
        stem = folder.rpartition("/")[2]
    return folder + slash, stem.strip("_") or stem, dot + ending if dot else ""


def _nearness(folder: str, path: str) -> int:
    """How many folders of `path` a test's folder repeats, in place or mirrored."""
    return len(set(folder.split("/")[:-1]) & set(path.split("/")[:-1]))
