"""Front matter as YAML nodes that know their lines, so that whatever is wrong can be told by its line."""

from __future__ import annotations

import re
from typing import Any, NoReturn

import yaml  # type: ignore[import-untyped]  # it ships without types

from contextune.core.errors import UsageProblem

MARK = "---"
DEPTH = 24
"""Levels of nesting; an output schema has half of that."""


class FrontMatter:
    """The mapping at the top of a Markdown file. Raises UsageProblem as `FILE:LINE: what, expected what`."""

    def __init__(self, source: str, text: str) -> None:
        self._source = source
        lines = text.removeprefix("\ufeff").replace("\r\n", "\n").split("\n")
        ends = [number for number, line in enumerate(lines) if line.rstrip() == MARK]
        if len(ends) < 2 or ends[0] != 0:
            self.fail(1, "expected front matter between two lines of `---` at the top")
        self.body = "\n".join(lines[ends[1] + 1 :]).strip()
        """What stands below it."""
        self.body_line = ends[1] + 2
        self._nodes: dict[str, yaml.Node] = {}
        self._lines: dict[str, int] = {}
        self._read("\n".join(lines[1 : ends[1]]))

    def fail(self, line: int, what: str) -> NoReturn:
        """Raise UsageProblem about a line."""
        raise UsageProblem(f"{self._source}:{line}: {what}.")

    @property
    def keys(self) -> tuple[str, ...]:
        """The keys, in order."""
        return tuple(self._nodes)

    def line(self, key: str) -> int:
        """The line of a key's value; that of the first one where the key is missing."""
        node = self._nodes.get(key)
        return 2 if node is None else _line(node)

    def text(self, key: str, expected: str) -> str:
        """A value that is text on one line or several. An empty one is none."""
        node = self._nodes[key]
        if not isinstance(node, yaml.ScalarNode) or not str(node.value).strip():
            self.fail(_line(node), f"{key}: expected {expected}")
        return str(node.value).strip()

    def number(self, key: str, least: int, most: int) -> int:
        """A whole number within bounds."""
        node = self._nodes[key]
        said = str(node.value) if isinstance(node, yaml.ScalarNode) else ""
        if re.fullmatch(r"\d{1,9}", said) is None or not least <= int(said) <= most:
            self.fail(_line(node), f"{key}: expected a whole number from {least} to {most:,}")
        return int(said)

    def names(self, key: str, expected: str) -> list[tuple[str, int]]:
        """Names with their lines: a YAML list, or words between commas. Empty for none."""
        node = self._nodes[key]
        if isinstance(node, yaml.ScalarNode):
            parts = [part.strip() for part in str(node.value).split(",")]
            return [(part, _line(node)) for part in parts if part]
        if not isinstance(node, yaml.SequenceNode):
            self.fail(_line(node), f"{key}: expected {expected}")
        for item in node.value:
            if not isinstance(item, yaml.ScalarNode):
                self.fail(_line(item), f"{key}: expected {expected}")
        return [(str(item.value).strip(), _line(item)) for item in node.value]

    def value(self, key: str) -> Any:
        """A value of any shape, as plain data."""
        try:
            return self._loader.construct_object(self._nodes[key], deep=True)
        except (yaml.YAMLError, ValueError) as problem:
            return self.fail(self.line(key), f"{key}: {_said(problem)}")

    def key_line(self, key: str) -> int:
        """The line on which a key stands."""
        return self._lines.get(key, 2)

    def _read(self, matter: str) -> None:
        try:
            self._bound(matter)
            self._loader = yaml.SafeLoader(matter)
            root = self._loader.get_single_node()
        except yaml.YAMLError as problem:
            self.fail(_place(problem), f"front matter: {_said(problem)}")
        if not isinstance(root, yaml.MappingNode):
            self.fail(2, "front matter: expected lines of `key: value`")
        for key, value in root.value:
            name = str(key.value) if isinstance(key, yaml.ScalarNode) else ""
            if name in self._nodes:
                self.fail(_line(key), f"{name}: the key stands there twice; expected it once")
            self._nodes[name], self._lines[name] = value, _line(key)

    def _bound(self, matter: str) -> None:
        """Refuse what grows without bound when it is read: aliases within aliases, and endless nesting."""
        depth = 0
        for event in yaml.parse(matter, Loader=yaml.SafeLoader):
            line = int(event.start_mark.line) + 2
            if isinstance(event, yaml.AliasEvent):
                self.fail(line, "front matter: expected no aliases (`*name`)")
            depth += isinstance(event, yaml.CollectionStartEvent)
            depth -= isinstance(event, yaml.CollectionEndEvent)
            if depth > DEPTH:
                self.fail(line, f"front matter: expected at most {DEPTH} levels")


def _line(node: yaml.Node) -> int:
    return int(node.start_mark.line) + 2  # counted from 0, and the first line of the file is `---`


def _place(problem: yaml.YAMLError) -> int:
    mark = getattr(problem, "problem_mark", None)
    return 2 if mark is None else int(mark.line) + 2


def _said(problem: Exception) -> str:
    said = str(getattr(problem, "problem", None) or problem)
    hint = " (put the value in quotes)" if "mapping values are not allowed" in said else ""
    return " ".join(said.split()) + hint
