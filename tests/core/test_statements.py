"""Which lines of a change can be run, and the tokens of scripts that tell it."""

from __future__ import annotations

import pytest

from contextune.core.proof.statements import added_lines, python_statements, script_lines
from contextune.core.source.script_tokens import tokens_of

DIFF = """\
diff --git a/a.py b/a.py
--- a/a.py
+++ b/a.py
@@ -1,3 +1,4 @@ def f():
 kept
-gone
+new
++plus
 kept
@@ -10 +11 @@
-x
+y
\\ No newline at end of file
"""

CODE = '''\
"""Words."""
from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import json

LIMIT: int = 3
later: str


class Box:
    """A box."""

    size = 2

    def fits(
        self,
        other,
    ):
        """Words."""
        global LIMIT
        if (
            other
            < self.size
        ):
            return os.sep
        elif other:
            pass
        try:
            x = call(
                1,
            )
        except OSError:
            raise
        match x:
            case 1:
                return 2
        return [
            y
            for y in x
        ]
'''


def test_the_lines_that_a_diff_adds() -> None:
    assert added_lines(DIFF) == {2, 3, 11}


def test_statements_that_do_something_by_themselves() -> None:
    found = python_statements(CODE, frozenset(range(1, 100)))
    assert found is not None
    assert [s.line for s in found if not s.inner] == [10, 17]
    assert [s.line for s in found if s.inner] == [25, 29, 30, 32, 33, 37, 38, 40, 41]


@pytest.mark.parametrize(("line", "statement"), [(26, 25), (34, 33), (42, 41), (43, 41), (40, 40)])
def test_a_line_within_a_statement_touches_it(line: int, statement: int) -> None:
    found = python_statements(CODE, frozenset({line}))
    assert found is not None
    assert [one.line for one in found] == [statement]


def test_words_and_headers_are_no_statements() -> None:
    assert python_statements(CODE, frozenset({1, 4, 7, 8, 11, 14, 15, 19, 20, 23, 24})) == ()


def test_text_that_is_no_python_is_told() -> None:
    assert python_statements("def f(:\n", frozenset({1})) is None


SCRIPT = """\
import {
  a,
} from './a.js';
import './b.js';
// const x = 1;
const lazy = import('./c.js'); /* {
 const */ const z = `
  not ${code} here
`;
function f() {
  return a / 2 / z;
}
"""


def test_the_lines_of_a_script_that_hold_code() -> None:
    found = script_lines(SCRIPT, frozenset(range(1, 100)))
    assert sorted(found) == [6, 7, 10, 11]
    assert SCRIPT[found[7] :].startswith("const z")


@pytest.mark.parametrize(
    ("text", "kinds"),
    [
        ("a / b / c", "word sign word sign word"),
        ("x = /a[/]'b/g", "word sign regex"),
        ("return /'/.test(s)", "word regex sign word sign word sign"),
        ("`a ${`b ${'}'} c`} d` + 'x'", "template sign string"),
        ("// it's\nx /* '\n */ y", "word word"),
        ("<p>don't</p> x", "sign word sign word sign word sign sign word sign word"),
        ("a ?.b ?? 1.5e-3", "word sign word sign number"),
    ],
)
def test_tokens(text: str, kinds: str) -> None:
    assert " ".join(token.kind for token in tokens_of(text)) == kinds


def test_tokens_know_where_they_stand() -> None:
    assert [(t.text, t.line) for t in tokens_of("#!/x y\na\n`\n`\nb")] == [("a", 2), ("`\n`", 3), ("b", 5)]
    assert [t.text for t in tokens_of("'open\nx")][-1] == "x"
    assert [t.kind for t in tokens_of("`open ${ {")] == ["template"]
