"""What test runners say: which tests failed, and which tests a change removed or weakened."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from contextune.core.proof.hollow_scripts import (
    checking_script_tests,
    hollow_script_tests,
    script_skips,
    script_tests,
)
from contextune.core.proof.hollow_tests import hollow_tests
from contextune.core.source.script_tokens import SCRIPTS

FAILURES: tuple[re.Pattern[str], ...] = (
    # pytest's short summary; `FAILED (failures=1)` is unittest's sum, and no test
    re.compile(r"^(?:FAILED|ERROR) (?!\()(\S.*?)(?: - .*)?$", re.M),
    re.compile(r"^(?:FAIL|ERROR): (\S+ \(\S+\))", re.M),  # unittest
    re.compile(r"^(?:test )?(\S.*?) (?:\.\.\.|---) FAILED$", re.M),  # cargo, loud and --quiet
    re.compile(r"^\s*--- FAIL: (\S+)", re.M),  # go
    # TAP: node:test, tape; what is marked TODO or SKIP is expected to fail
    re.compile(r"^\s*not ok \d+(?: -)? (?!.*# (?i:todo|skip)\b)(.+?)(?:\s+# .*)?$", re.M),
    # jest, vitest, node:test, without the time that each took
    re.compile(r"^\s*[✕✖×✗] (?!failing tests:|.*# (?i:todo|skip)\b)(.+?)(?: \(?[\d.]+ ?m?s\)?)?$", re.M),
    # jest names no single tests but these where it ran several files
    re.compile(r"^  ● (?!Console$)(.+)$", re.M),
    re.compile(r"^FAIL (\S+\.[cm]?[jt]sx?)\b", re.M),
    re.compile(r"^\s*FAIL\s+(\S+ > .+)$", re.M),  # vitest
)
"""How pytest, unittest, cargo, go, TAP producers, jest and vitest name a failing test."""

MOCHA_SUM = re.compile(r"^\s+\d+ failing$", re.M)
MOCHA = re.compile(r"^\s+\d+\) (.+?):?$", re.M)
"""mocha numbers what fails: a sign too common to look for where its sum is missing."""

ANSI = re.compile(r"\x1b\[[0-9;?]*[ -/]*[@-~]")


def failing_tests(output: str) -> tuple[str, ...]:
    """The failing tests that an output names, in order, each once; empty if it names none."""
    plain = ANSI.sub("", output)
    patterns = (*FAILURES, MOCHA) if MOCHA_SUM.search(plain) else FAILURES
    found = (match.strip() for pattern in patterns for match in pattern.findall(plain))
    return tuple(dict.fromkeys(name for name in found if name))


TEST_FILE = re.compile(r"(^|/)(tests?|__tests__|spec)/|(^|/)test_[^/]+$|_test\.\w+$|\.(test|spec)\.\w+$")
TEST_NAME = re.compile(
    r"^[ \t]*(?:async )?def (test\w*)|^[ \t]*(?:it|test)(?:\.\w+)*\(\s*['\"`](.+?)['\"`]"
    r"|^func (Test\w+)|#\[(?:\w+::)?test\]\s*(?:#\[[^\]]*\]\s*)*(?:async )?fn (\w+)",
    re.M,
)
SKIPPED = re.compile(
    r"@(?:pytest\.mark\.|unittest\.)(?:skip|xfail|skipIf|skipUnless|expectedFailure)|pytest\.(?:skip|xfail)\(|"
    r"self\.skipTest\(|\b(?:it|test|describe)\.(?:skip|todo|only)\(|\b[xf](?:it|describe)\(|\bt\.Skip\(|#\[ignore",
)


def is_test_file(path: str) -> bool:
    """Whether a path looks like a test's."""
    return TEST_FILE.search(path) is not None


def weakening(
    before: Mapping[str, str], after: Mapping[str, str | None]
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Tests that a change removed, and what it weakened.

    That is test files in which it skips more than before, and tests that cannot fail any more. To run `only`
    some skips the others.

    `before` maps test files of the Base to their text, `after` the same paths to theirs now. A test that
    moved to another of these files is not removed.
    """
    kept = {name for path, text in after.items() if text for name in _names(path, text)}
    removed = [
        f"{path}::{name}" for path, text in before.items() for name in _names(path, text) if name not in kept
    ]
    weakened = [
        path for path, text in before.items() if _skips(path, after.get(path) or "") > _skips(path, text)
    ]
    emptied = [
        f"{path}::{name}"
        for path, text in before.items()
        for name in sorted(_emptied(path, text, after.get(path) or ""))
        if name in set(_names(path, text))
    ]
    return tuple(dict.fromkeys(removed)), (*weakened, *emptied)


def _names(path: str, text: str) -> Iterable[str]:
    if path.endswith(SCRIPTS):
        yield from (test.name for test in script_tests(text))
        return
    for groups in TEST_NAME.findall(text):
        yield next(name for name in groups if name)


def _skips(path: str, text: str) -> int:
    return script_skips(text) if path.endswith(SCRIPTS) else len(SKIPPED.findall(text))


def _emptied(path: str, before: str, after: str) -> frozenset[str]:
    """The tests that can fail before, and cannot after."""
    if not path.endswith(SCRIPTS):
        return hollow_tests(after) - hollow_tests(before)
    silent = checking_script_tests(before) - checking_script_tests(after)
    bodied = {test.name for test in script_tests(after) if test.body is not None}
    return (hollow_script_tests(after) - hollow_script_tests(before)) | (silent & bodied)
