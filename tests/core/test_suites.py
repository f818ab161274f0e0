"""What test runners say, from real runs of each; and what a change does to tests."""

from __future__ import annotations

import pytest

from contextune.core.proof.suites import failing_tests, is_test_file, weakening

PYTEST = """\
E       assert (9 + 1) == 11
test_sums.py:10: AssertionError
ERROR    root:sums.py:3 a line of the log, no test
=========================== short test summary info ============================
FAILED test_sums.py::test_carries - assert (9 + 1) == 11
FAILED test_sums.py::test_words[c d] - AssertionError: assert 'c d' == ''
FAILED test_sums.py::TestX::test_in - AssertionError: why - not
ERROR test_sums.py::test_uses - RuntimeError: no - really
4 failed, 1 passed, 1 error in 1.81s
"""

PYTEST_COLLECTION = """\
E   ModuleNotFoundError: No module named 'nothing_here'
=========================== short test summary info ============================
ERROR test_bad.py
!!!!!!!!!!!!!!!!!!!! Interrupted: 1 error during collection !!!!!!!!!!!!!!!!!!!!
"""

UNITTEST = """\
.FEsFE
======================================================================
ERROR: test_err (test_u.T.test_err)
----------------------------------------------------------------------
RuntimeError: x

======================================================================
ERROR: test_bad (unittest.loader._FailedTest.test_bad)
----------------------------------------------------------------------
ImportError: Failed to import test module: test_bad

======================================================================
FAIL: test_carries (test_u.T.test_carries)
----------------------------------------------------------------------
AssertionError: 10 != 11

======================================================================
FAIL: test_sub (test_u.T.test_sub) (i=1)
----------------------------------------------------------------------
AssertionError: 1 != 2

----------------------------------------------------------------------
Ran 6 tests in 0.001s

FAILED (failures=2, errors=2, skipped=1)
"""

CARGO = """\
running 3 tests
test tests::adds ... ok
test tests::later ... ignored
test tests::carries ... FAILED

failures:
    tests::carries

test result: FAILED. 1 passed; 1 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.11s

running 1 test
test src/lib.rs - one (line 1) ... FAILED
"""

CARGO_QUIET = """\
running 3 tests
.i 2/3
tests::carries --- FAILED

failures:

---- tests::carries stdout ----
assertion `left == right` failed

test result: FAILED. 1 passed; 1 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.16s
"""

GO = """\
--- FAIL: TestCarries (0.00s)
    sum_test.go:12: got 10, want 11
--- FAIL: TestTable (0.00s)
    --- FAIL: TestTable/two_digits (0.00s)
        sum_test.go:20: got 10, want 11
FAIL
exit status 1
FAIL\texample.com/sum\t0.002s
"""

NODE_TAP = """\
TAP version 13
# Subtest: adds
ok 1 - adds
# Subtest: subtracts
not ok 2 - subtracts
  ---
  error: |-
    1 !== 2
  ...
# Subtest: group
    # Subtest: inner
    not ok 1 - inner
    1..1
not ok 3 - group
# Subtest: later
not ok 4 - later # TODO
"""

NODE_SPEC = """\
✔ adds (1.443705ms)
✖ subtracts (1.42018ms)
  AssertionError [ERR_ASSERTION]: Expected values to be strictly equal:

▶ group
  ✖ inner (11.667243ms)
✖ group (12.252465ms)
✖ later (1.267025ms) # TODO

✖ failing tests:

test at a.test.mjs:3:1
✖ subtracts (1.42018ms)
"""

JEST = """\
FAIL ./j.test.cjs
  Math
    ✓ adds (4 ms)
    ✕ carries (4 ms)
    ✕ waits (5.002 s)
    ○ skipped later

  ● Math › carries

    Expected: 11
    Received: 10

Tests:       2 failed, 1 skipped, 1 passed, 4 total
"""

JEST_MANY = """\
FAIL ./j.test.cjs
  ● Console

    console.log
      hello

  ● Math › carries

    Expected: 11

FAIL ./k.test.cjs (5.3 s)
  ● at the top

    Expected: 11

Test Suites: 2 failed, 2 total
"""

VITEST = """\
\x1b[1m\x1b[30m\x1b[46m RUN \x1b[49m\x1b[39m\x1b[22m \x1b[36mv4.1.12 \x1b[39m\x1b[90m/tmp/vt\x1b[39m

 \x1b[31m❯\x1b[39m sum.test.ts \x1b[2m(\x1b[22m\x1b[2m3 tests\x1b[22m\x1b[2m\x1b[2m)
     \x1b[32m✓\x1b[39m adds\x1b[32m 3\x1b[2mms\x1b[22m\x1b[39m
\x1b[31m     \x1b[31m×\x1b[31m carries\x1b[39m\x1b[32m 10\x1b[2mms\x1b[22m\x1b[39m
   \x1b[2m\x1b[90m□\x1b[39m\x1b[22m later

\x1b[41m\x1b[1m FAIL \x1b[22m\x1b[49m sum.test.ts\x1b[2m > \x1b[22msum\x1b[2m > \x1b[22mcarries
\x1b[31m\x1b[1mAssertionError\x1b[22m: expected 10 to be 11 // Object.is equality\x1b[39m
"""

MOCHA = """\
  Math
    ✔ adds
    1) carries
    - later


  1 passing (6ms)
  1 pending
  1 failing

  1) Math
       carries:

      AssertionError [ERR_ASSERTION]: 10 == 11
"""


@pytest.mark.parametrize(
    ("output", "names"),
    [
        (
            PYTEST,
            (
                "test_sums.py::test_carries",
                "test_sums.py::test_words[c d]",
                "test_sums.py::TestX::test_in",
                "test_sums.py::test_uses",
            ),
        ),
        (PYTEST_COLLECTION, ("test_bad.py",)),
        (
            UNITTEST,
            (
                "test_err (test_u.T.test_err)",
                "test_bad (unittest.loader._FailedTest.test_bad)",
                "test_carries (test_u.T.test_carries)",
                "test_sub (test_u.T.test_sub)",
            ),
        ),
        (CARGO, ("tests::carries", "src/lib.rs - one (line 1)")),
        (CARGO_QUIET, ("tests::carries",)),
        (GO, ("TestCarries", "TestTable", "TestTable/two_digits")),
        (NODE_TAP, ("subtracts", "inner", "group")),
        (NODE_SPEC, ("subtracts", "inner", "group")),
        (JEST, ("carries", "waits", "Math › carries", "./j.test.cjs")),
        (JEST_MANY, ("Math › carries", "at the top", "./j.test.cjs", "./k.test.cjs")),
        (VITEST, ("carries", "sum.test.ts > sum > carries")),
        (MOCHA, ("carries", "Math")),
    ],
    ids=[
        *("pytest", "collection", "unittest", "cargo", "cargo-quiet", "go", "tap", "node"),
        *("jest", "jest-many", "vitest", "mocha"),
    ],
)
def test_each_runner_names_what_fails(output: str, names: tuple[str, ...]) -> None:
    assert failing_tests(output) == names


@pytest.mark.parametrize(
    "output",
    [
        "",
        "2 passed in 0.1s\n",
        "Ran 6 tests in 0.001s\n\nOK\n",
        "test tests::adds ... ok\n",
        "ok 1 - adds\n",
        "  1) a list\n  2) of things\n",
        "FAILED (failures=1)\n",
        "FAIL\n",
    ],
)
def test_nothing_is_named_where_no_test_fails(output: str) -> None:
    assert failing_tests(output) == ()


def test_a_suite_with_fewer_failures_names_no_new_one() -> None:
    two = "FAIL: test_a (t.T.test_a)\nFAIL: test_b (t.T.test_b)\nFAILED (failures=2)\n"
    one = "FAIL: test_b (t.T.test_b)\nFAILED (failures=1)\n"
    assert set(failing_tests(one)) < set(failing_tests(two))


@pytest.mark.parametrize(
    ("path", "is_test"),
    [
        ("tests/data.py", True),
        ("pkg/test_sums.py", True),
        ("sum_test.go", True),
        ("src/sum.test.ts", True),
        ("src/sum.spec.tsx", True),
        ("src/__tests__/sum.js", True),
        ("spec/sum_spec.rb", True),
        ("src/sum.py", False),
        ("latest/sum.py", False),
        ("contest.py", False),
        ("attestation_test_plan.md", False),
    ],
)
def test_tests_are_known_by_their_paths(path: str, is_test: bool) -> None:
    assert is_test_file(path) is is_test


BEFORE = "def test_a():\n    pass\n\n\nasync def test_b():\n    pass\n"


EXPECTS = "it('a', () => expect(f()).toBe(1))"


@pytest.mark.parametrize(
    ("before", "after", "removed", "weakened"),
    [
        ({"t.py": BEFORE}, {"t.py": BEFORE + "\n\ndef test_c(): ...\n"}, (), ()),
        ({"t.py": BEFORE}, {"t.py": "def test_a():\n    pass\n"}, ("t.py::test_b",), ()),
        ({"t.py": BEFORE}, {"t.py": None}, ("t.py::test_a", "t.py::test_b"), ()),
        ({"t.py": BEFORE}, {"t.py": None, "u.py": BEFORE}, (), ()),
        ({"t.py": BEFORE}, {"t.py": "@pytest.mark.skip\n" + BEFORE}, (), ("t.py",)),
        ({"t.py": BEFORE}, {"t.py": BEFORE.replace("pass", "self.skipTest('x')", 1)}, (), ("t.py",)),
        ({"t.py": "@unittest.skip\n" + BEFORE}, {"t.py": BEFORE}, (), ()),
        ({"a.test.ts": "it('adds', f)"}, {"a.test.ts": "it.skip('adds', f)"}, (), ("a.test.ts",)),
        ({"a.test.ts": "it('a', f)"}, {"a.test.ts": "it('a', f)\nit.only('b', f)"}, (), ("a.test.ts",)),
        (
            {"a.test.js": "it('a', () => { expect(f()).toBe(1) })"},
            {"a.test.js": "it('a', () => {})"},
            (),
            ("a.test.js::a",),
        ),
        (
            {"a.test.js": "it('a', () => expect(f()).toBe(1))"},
            {"a.test.js": "it('a', () => f())"},
            (),
            ("a.test.js::a",),
        ),
        ({"a.test.js": "it('a', f)"}, {"a.test.js": "// it.skip('a', f)\nit('a', f); s = 'xit('"}, (), ()),
        ({"a.test.js": "it('a', f)"}, {"a.test.js": "/* it('a', f) */"}, ("a.test.js::a",), ()),
        ({"a_test.go": "func TestAdds(t) {"}, {"a_test.go": "func F() {"}, ("a_test.go::TestAdds",), ()),
        ({"t.rs": "#[test]\nfn a() {}"}, {"t.rs": "#[test]\n#[ignore]\nfn a() {}"}, (), ("t.rs",)),
        ({"t.rs": "#[tokio::test]\nasync fn a() {}"}, {"t.rs": ""}, ("t.rs::a",), ()),
    ],
)
def test_a_change_may_neither_remove_nor_skip_tests(
    before: dict[str, str], after: dict[str, str | None], removed: tuple[str, ...], weakened: tuple[str, ...]
) -> None:
    assert weakening(before, after) == (removed, weakened)
