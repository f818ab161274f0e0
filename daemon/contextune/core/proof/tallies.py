"""The sums that test runners print: which runner it was, how many tests passed, what they cover."""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Decimal
from typing import Literal, NamedTuple

from contextune.core.base import Value
from contextune.core.proof.suites import ANSI

Runner = Literal[
    "pytest", "unittest", "vitest", "jest", "node:test", "mocha", "cargo", "go", "tap", "junit", "unknown"
]


class Tally(Value, frozen=True, kw_only=True):
    """How many tests a run had. Errors of set-up count as failed."""

    runner: Runner
    passed: int = 0
    failed: int = 0
    skipped: int = 0

    @property
    def total(self) -> int:
        """All of them."""
        return self.passed + self.failed + self.skipped


class Coverage(Value, frozen=True, kw_only=True):
    """What the tests cover, as the runner says."""

    percent: Decimal
    of: str = "lines"
    """What is counted, such as `lines` or `statements`."""


class _Sum(NamedTuple):
    """How one runner tells its sum."""

    runner: Runner
    sign: re.Pattern[str]
    """What no other runner prints."""
    read: Callable[[str, re.Pattern[str]], Tally]


_COUNTED = re.compile(r"(\d+) ([a-z]+)")
_PASSED = frozenset({"passed", "pass", "passing", "xpassed", "ok"})
_FAILED = frozenset({"failed", "fail", "failing", "error", "errors", "cancelled", "failures"})
_SKIPPED = frozenset({"skipped", "ignored", "pending", "todo", "xfailed", "skip"})


def tally(output: str) -> Tally:
    """The sum in an output; `unknown` where no runner tells one."""
    plain = ANSI.sub("", output)
    for one in _SUMS:
        if one.sign.search(plain):
            return one.read(plain, one.sign)
    return Tally(runner="unknown")


def coverage(output: str) -> Coverage | None:
    """What the tests cover; None if the output does not tell. The last word counts."""
    plain = ANSI.sub("", output)
    for pattern, of in _COVERED:
        found = pattern.findall(plain)
        if found:
            return Coverage(percent=Decimal(found[-1]), of=of)
    return None


def _lines_summed(runner: Runner) -> Callable[[str, re.Pattern[str]], Tally]:
    """Reads every line that has the sign as `4 failed, 1 passed`, and adds them up."""

    def read(output: str, sign: re.Pattern[str]) -> Tally:
        counts: dict[str, int] = {}
        for match in sign.finditer(output):
            for number, word in _COUNTED.findall(match.group(1)):
                counts[word] = counts.get(word, 0) + int(number)
        return _of(runner, counts)

    return read


def _of(runner: Runner, counts: dict[str, int]) -> Tally:
    def summed(words: frozenset[str]) -> int:
        return sum(count for word, count in counts.items() if word in words)

    return Tally(runner=runner, passed=summed(_PASSED), failed=summed(_FAILED), skipped=summed(_SKIPPED))


def _unittest(output: str, sign: re.Pattern[str]) -> Tally:
    total = sum(int(number) for number in sign.findall(output))
    counts = {
        word: int(number)
        for word, number in re.findall(r"\b(failures|errors|skipped|expected failures)=(\d+)", output)
    }
    failed = counts.get("failures", 0) + counts.get("errors", 0)
    skipped = counts.get("skipped", 0)
    return Tally(runner="unittest", passed=max(0, total - failed - skipped), failed=failed, skipped=skipped)


def _node(output: str, sign: re.Pattern[str]) -> Tally:
    del sign
    counts: dict[str, int] = {}
    for word, number in re.findall(r"^(?:#|ℹ) (pass|fail|cancelled|skipped|todo) (\d+)$", output, re.M):
        counts[word] = counts.get(word, 0) + int(number)
    return _of("node:test", counts)


def _mocha(output: str, sign: re.Pattern[str]) -> Tally:
    del sign
    found = re.findall(r"^\s+(\d+) (passing|failing|pending)\b", output, re.M)
    return _of("mocha", {word: int(number) for number, word in found})


def _go(output: str, sign: re.Pattern[str]) -> Tally:
    """Single tests where `-v` names them, else the packages, which is all that go tells of what passed."""
    del sign
    failed = len(re.findall(r"^\s*--- FAIL: ", output, re.M))
    passed = len(re.findall(r"^\s*--- PASS: ", output, re.M))
    skipped = len(re.findall(r"^\s*--- SKIP: ", output, re.M))
    if not passed:
        passed = len(re.findall(r"^ok  \t", output, re.M))
    if not failed:
        failed = len(re.findall(r"^FAIL\t", output, re.M))
    return Tally(runner="go", passed=passed, failed=failed, skipped=skipped)


def _tap(output: str, sign: re.Pattern[str]) -> Tally:
    del sign
    lines = re.findall(r"^(not ok|ok) \d+(.*)$", output, re.M)
    skipped = sum(bool(re.search(r"# (?i:skip|todo)\b", rest)) for _, rest in lines)
    failed = sum(word == "not ok" and not re.search(r"# (?i:skip|todo)\b", rest) for word, rest in lines)
    return Tally(runner="tap", passed=len(lines) - skipped - failed, failed=failed, skipped=skipped)


_SUMS: tuple[_Sum, ...] = (
    _Sum(
        "vitest",
        re.compile(r"^\s*Tests  ((?:\d+ \w+(?: \| )?)+)(?: \(\d+\))?$", re.M),
        _lines_summed("vitest"),
    ),
    _Sum("jest", re.compile(r"^Tests:\s+(.*?),? ?\d+ total$", re.M), _lines_summed("jest")),
    _Sum(
        "pytest",
        re.compile(r"^(?:=+ )?((?:\d+ [a-z]+(?:, )?)+) in [\d.:]+ ?s\b.*$", re.M),
        _lines_summed("pytest"),
    ),
    _Sum("unittest", re.compile(r"^Ran (\d+) tests? in [\d.]+s$", re.M), _unittest),
    _Sum("cargo", re.compile(r"^test result: \w+\. (.*?filtered out)", re.M), _lines_summed("cargo")),
    _Sum("node:test", re.compile(r"^(?:#|ℹ) tests \d+$", re.M), _node),
    _Sum("mocha", re.compile(r"^\s+\d+ passing \([\d.]+m?s\)$|^\s+\d+ failing$", re.M), _mocha),
    _Sum("go", re.compile(r"^(?:ok  \t|FAIL\t\S+\t|\s*--- (?:FAIL|PASS): )", re.M), _go),
    _Sum("tap", re.compile(r"^(?:TAP version \d+|1\.\.\d+)$", re.M), _tap),
)
"""The runners by the line that none of the others prints."""

_COVERED: tuple[tuple[re.Pattern[str], str], ...] = (
    # cargo llvm-cov: regions, functions, then lines
    (re.compile(r"^TOTAL(?:\s+\d+\s+\d+\s+[\d.]+%){2}\s+\d+\s+\d+\s+(\d+(?:\.\d+)?)%", re.M), "lines"),
    # coverage.py's table, with pytest-cov too; its last column before what is missing
    (re.compile(r"^TOTAL\s+\d+\s+\d+(?:\s+\d+\s+\d+)?\s+(\d+(?:\.\d+)?)%", re.M), "statements"),
    # istanbul (jest, vitest, nyc): statements stand first; node's own table has lines first
    (re.compile(r"^All files\s*\|\s*(\d+(?:\.\d+)?)", re.M), "statements"),
    (re.compile(r"^(?:#|ℹ) all files\s*\|\s*(\d+(?:\.\d+)?)", re.M), "lines"),
    (re.compile(r"\bcoverage: (\d+(?:\.\d+)?)% of statements", re.M), "statements"),  # go
    (re.compile(r"^(\d+(?:\.\d+)?)% coverage, \d+/\d+ lines covered", re.M), "lines"),  # cargo tarpaulin
)
