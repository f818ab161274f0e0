"""What runs of tests came to, from what real runners print and from JUnit XML."""

from __future__ import annotations

from decimal import Decimal

import pytest

from contextune.core.proof.evidence import CommandResult
from contextune.core.proof.junit import BadReport, Case, read_junit
from contextune.core.proof.suite_report import Ran, SuiteReport, report
from contextune.core.proof.tallies import Coverage, Tally, coverage, tally
from tests.core import test_suites as said

NODE_SUM = "ℹ tests 6\nℹ suites 0\nℹ pass 2\nℹ fail 3\nℹ cancelled 0\nℹ skipped 0\nℹ todo 1\n"
JEST_GREEN = "Test Suites: 1 passed, 1 total\nTests:       4 passed, 4 total\nTime:        1.2 s\n"
VITEST_SUM = (
    " Test Files  1 failed (1)\n      Tests  1 failed | 2 passed | 1 skipped (4)\n   Start at  10:00:00\n"
)
GO_LOUD = "=== RUN   TestA\n--- PASS: TestA (0.00s)\n--- FAIL: TestB (0.00s)\n--- SKIP: TestC (0.00s)\nFAIL\n"
GO_QUIET = "ok  \texample.com/a\t0.002s\tcoverage: 80.0% of statements\nFAIL\texample.com/b\t0.002s\nFAIL\n"


@pytest.mark.parametrize(
    ("output", "runner", "passed", "failed", "skipped"),
    [
        (said.PYTEST, "pytest", 1, 5, 0),
        (
            "=== 2 failed, 7 passed, 3 skipped, 1 xfailed, 2 warnings in 61.20s (0:01:01)\n",
            "pytest",
            7,
            2,
            4,
        ),
        (said.UNITTEST, "unittest", 1, 4, 1),
        ("Ran 6 tests in 0.001s\n\nOK (skipped=2)\n", "unittest", 4, 0, 2),
        (said.CARGO, "cargo", 1, 1, 1),
        (said.CARGO + said.CARGO_QUIET, "cargo", 2, 2, 2),
        (said.GO, "go", 0, 3, 0),
        (GO_LOUD, "go", 1, 1, 1),
        (GO_QUIET, "go", 1, 1, 0),
        (said.NODE_TAP, "tap", 1, 2, 1),
        (NODE_SUM, "node:test", 2, 3, 1),
        (NODE_SUM.replace("ℹ", "#"), "node:test", 2, 3, 1),
        (said.JEST, "jest", 1, 2, 1),
        (JEST_GREEN, "jest", 4, 0, 0),
        (VITEST_SUM, "vitest", 2, 1, 1),
        (said.MOCHA, "mocha", 1, 1, 1),
        ("all is well\n", "unknown", 0, 0, 0),
        ("", "unknown", 0, 0, 0),
    ],
)
def test_each_runner_is_known_by_its_sum(
    output: str, runner: str, passed: int, failed: int, skipped: int
) -> None:
    found = tally(output)
    assert (found.runner, found.passed, found.failed, found.skipped) == (runner, passed, failed, skipped)


@pytest.mark.parametrize(
    ("output", "percent", "of"),
    [
        (
            "Name  Stmts  Miss  Cover\nTOTAL    100    20    80%\n",
            "80",
            "statements",
        ),
        ("TOTAL    100    20    10   2    79.5%   1-4\n", "79.5", "statements"),
        ("All files |   85.71 |       50 |     100 |   85.71 |\n", "85.71", "statements"),
        ("ℹ all files      |  92.31 |    100.00 |   50.00 |\n", "92.31", "lines"),
        (GO_QUIET, "80.0", "statements"),
        ("TOTAL   9  3  66.67%   4  1  75.00%   20  5  75.50%\n", "75.50", "lines"),
        ("81.25% coverage, 13/16 lines covered\n", "81.25", "lines"),
    ],
)
def test_coverage_is_read_where_a_runner_tells_it(output: str, percent: str, of: str) -> None:
    assert coverage(output) == Coverage(percent=Decimal(percent), of=of)


def test_no_coverage_is_made_up() -> None:
    assert coverage(said.PYTEST) is None


def ran(output: str = "", exit_code: int = 1, cases: tuple[Case, ...] = (), took: int = 5) -> Ran:
    result = CommandResult(command="t", exit_code=exit_code, output=output, duration_ms=took)
    return Ran(result=result, cases=cases)


@pytest.mark.parametrize(
    ("output", "name", "words"),
    [
        (said.UNITTEST, "test_carries (test_u.T.test_carries)", "AssertionError: 10 != 11"),
        (said.CARGO_QUIET, "tests::carries", "assertion `left == right` failed"),
        (said.GO, "TestCarries", "sum_test.go:12: got 10, want 11"),
        (said.NODE_TAP, "subtracts", "1 !== 2"),
        (said.JEST, "Math › carries", "Expected: 11"),
        (said.VITEST, "sum.test.ts > sum > carries", "expected 10 to be 11"),
        (said.MOCHA, "carries", "AssertionError [ERR_ASSERTION]: 10 == 11"),
    ],
)
def test_what_is_said_of_a_failure_is_found(output: str, name: str, words: str) -> None:
    found = {failure.name: failure.said for failure in report([ran(output)]).failures}
    assert words in found[name]


JUNIT = """<?xml version="1.0"?>
<testsuites><testsuite name="pytest" tests="4">
<testcase classname="t.T" name="a" time="0.5"/>
<testcase classname="t.T" name="b" time="1.5"><failure message="1 != 2">here &amp; there</failure></testcase>
<testcase classname="t.T" name="c" time="0.1"><skipped message="later"/></testcase>
<testcase name="d"><error>broken</error></testcase>
</testsuite></testsuites>
"""


def test_junit_xml_is_read_from_anything() -> None:
    found = report([ran("whatever\n", cases=read_junit(JUNIT))])
    assert found.tally == Tally(runner="junit", passed=1, failed=2, skipped=1)
    assert [(one.name, one.said) for one in found.failures] == [
        ("t.T::b", "1 != 2\nhere & there"),
        ("d", "broken"),
    ]
    assert (found.slowest[0].name, found.slowest[0].seconds) == ("t.T::b", 1.5)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "no xml",
        "<html/>",
        "<testsuite><testcase>",
        '<!DOCTYPE x [<!ENTITY a "aaaa">]><testsuite>&a;</testsuite>',
        '<!DOCTYPE x SYSTEM "file:///etc/passwd"><testsuite/>',
        "<testsuite>" + "<a>" * 100 + "</a>" * 100 + "</testsuite>",
    ],
)
def test_what_is_no_junit_xml_is_refused(text: str) -> None:
    with pytest.raises(BadReport):
        read_junit(text)


def of(*outputs: tuple[str, int]) -> SuiteReport:
    return report([ran(output, code) for output, code in outputs])


def test_a_test_that_does_not_fail_every_time_is_flaky() -> None:
    both = "FAILED t.py::a - x\nFAILED t.py::b - x\n2 failed in 0.1s\n"
    one = "FAILED t.py::a - x\n1 failed, 1 passed in 0.1s\n"
    found = of((both, 1), (one, 1))
    assert [failure.name for failure in found.failures] == ["t.py::a"]
    assert found.flaky == ("t.py::b",)
    assert not found.green
    again = of(("FAILED t.py::a - x\n1 failed in 0.1s\n", 1), ("1 passed in 0.1s\n", 0))
    assert (again.failures, again.flaky, again.green) == ((), ("t.py::a",), False)


def test_a_report_of_one_suite_does_not_hide_another_one() -> None:
    fine = (Case(name="a", outcome="passed"),)
    found = report([ran("✖ subtracts (1.4ms)\n", cases=fine)])
    assert [failure.name for failure in found.failures] == ["subtracts"]
