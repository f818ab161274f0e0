"""Reads JUnit XML, which nearly every test runner can write: what each test came to, and how long it took."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal
from xml.parsers import expat

from contextune.core.base import Value

MESSAGE_LIMIT = 2_000
"""Characters of what is kept of one failure."""
DEPTH = 64

Outcome = Literal["passed", "failed", "skipped"]


class Case(Value, frozen=True, kw_only=True):
    """One test of a report."""

    name: str
    outcome: Outcome
    seconds: float = 0.0
    message: str = ""


class BadReport(ValueError):
    """A file that is no JUnit XML."""


def read_junit(text: str) -> tuple[Case, ...]:
    """The tests of a report, in order. Raises BadReport."""
    reader = _Reader()
    try:
        reader.parse(text)
    except expat.ExpatError as problem:
        raise BadReport(str(problem)) from None
    if not reader.is_junit:
        raise BadReport("it has no testsuite")
    return tuple(reader.cases)


class _Reader:
    """Collects cases while the parser goes through a document."""

    def __init__(self) -> None:
        self.cases: list[Case] = []
        self.is_junit = False
        self._open: list[str] = []
        self._name = ""
        self._seconds = 0.0
        self._outcome: Outcome = "passed"
        self._words: list[str] = []

    def parse(self, text: str) -> None:
        parser = expat.ParserCreate()
        parser.StartDoctypeDeclHandler = self._refuse
        parser.StartElementHandler = self._begin
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._heard
        parser.Parse(text, True)

    def _refuse(self, *_: object) -> None:
        raise BadReport("it has a DOCTYPE")

    def _begin(self, tag: str, given: Mapping[str, str]) -> None:
        self._open.append(tag)
        if len(self._open) > DEPTH:
            raise BadReport(f"it is nested more than {DEPTH} deep")
        match tag:
            case "testsuite" | "testsuites":
                self.is_junit = True
            case "testcase":
                where = given.get("classname", "") or given.get("file", "")
                name = given.get("name", "")
                self._name = f"{where}::{name}" if where and where != name else name
                self._seconds = _seconds(given.get("time", ""))
                self._outcome, self._words = "passed", []
            case "failure" | "error":
                self._outcome = "failed"
                self._words.append(given.get("message", ""))
            case "skipped" if self._outcome == "passed":
                self._outcome = "skipped"

    def _heard(self, words: str) -> None:
        if self._open and self._open[-1] in ("failure", "error"):
            self._words.append(words)

    def _end(self, tag: str) -> None:
        self._open.pop()
        if tag == "testcase":
            message = "\n".join(dict.fromkeys(part for part in _joined(self._words) if part))
            self.cases.append(
                Case(
                    name=self._name,
                    outcome=self._outcome,
                    seconds=self._seconds,
                    message=message[:MESSAGE_LIMIT],
                )
            )


def _joined(words: list[str]) -> list[str]:
    """The message of a failure, then its text, which the parser hands over in pieces."""
    return [words[0].strip(), "".join(words[1:]).strip()] if words else []


def _seconds(text: str) -> float:
    try:
        return max(0.0, float(text.replace(",", "")))
    except ValueError:
        return 0.0
