"""Which changed files decide what the tests say: tests, what they compare with, and what sets them up."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Mapping
from configparser import ConfigParser, Error
from typing import Any, Literal

from contextune.core.proof.suites import is_test_file

Sort = Literal["test", "set-up"]

SET_UP = re.compile(
    r"(^|/)(conftest\.py|(pytest|tox)\.ini|noxfile\.py|\.coveragerc|sitecustomize\.py|usercustomize\.py"
    r"|(jest|vitest|vite|karma|playwright|cypress|ava|wdio)\.config\.[cm]?[jt]s|\.mocharc(\.\w+)?|\.taprc|\.nycrc"
    r"|phpunit\.xml(\.dist)?|\.rspec)$",
    re.IGNORECASE,
)
"""Files that do nothing but steer the tests."""

SNAPSHOT = re.compile(r"(^|/)__snapshots__/|\.snap$|\.approved\.\w+$")
"""What tests compare results with."""

MANIFEST_KEYS: Mapping[str, tuple[str, ...]] = {
    "package.json": ("scripts", "jest", "vitest", "mocha", "ava", "tap", "nyc", "c8"),
    "pyproject.toml": ("tool.pytest", "tool.tox", "tool.nox", "tool.coverage", "tool.hatch.envs"),
    "setup.cfg": ("tool:pytest", "coverage:run", "aliases"),
}
"""Where files that hold more than that steer the tests: keys, or sections of an INI file."""


def sort_of(path: str, before: str | None, after: str | None) -> Sort | None:
    """What a changed file has to do with the tests; None for nothing.

    `before` and `after` are its text, where there is one. Of a manifest only what steers the tests counts.
    """
    if SET_UP.search(path):
        return "set-up"
    keys = MANIFEST_KEYS.get(path.rpartition("/")[2])
    if keys is not None:
        return "set-up" if _steering(path, before, keys) != _steering(path, after, keys) else None
    return "test" if is_test_file(path) or SNAPSHOT.search(path) else None


def is_manifest(path: str) -> bool:
    """Whether the text of a file decides what it has to do with the tests."""
    return path.rpartition("/")[2] in MANIFEST_KEYS


def _steering(path: str, text: str | None, keys: tuple[str, ...]) -> list[Any]:
    """The parts of a manifest that steer the tests; the whole text where it can't be read."""
    if text is None:
        return [None for _ in keys]
    try:
        if path.endswith(".json"):
            return [_within(json.loads(text), [key]) for key in keys]
        if path.endswith(".toml"):
            return [_within(tomllib.loads(text), key.split(".")) for key in keys]
        parser = ConfigParser(interpolation=None)
        parser.read_string(text)
        return [dict(parser[key]) if parser.has_section(key) else None for key in keys]
    except (ValueError, Error, RecursionError):
        return [text]


def _within(value: Any, keys: list[str]) -> Any:
    for key in keys:
        value = value.get(key) if isinstance(value, dict) else None
    return value
