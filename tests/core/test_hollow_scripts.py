"""JavaScript and TypeScript tests that cannot fail, told from those that can."""

from __future__ import annotations

import pytest

from contextune.core.proof.hollow_scripts import (
    checking_script_tests,
    hollow_script_tests,
    script_skips,
    script_tests,
)

HOLLOW = (
    "",
    "// expect(f()).toBe(1)",
    "expect(true).toBe(true);",
    "expect(true).toBe(true)\n  expect(1).toEqual(1)",
    "expect(x).toBe(x);",
    "await expect(a.b)\n  .resolves\n  .toBe(a.b);",
    "expect('yes').toBeTruthy()",
    "expect(f());",
    "assert(true);",
    "assert(1, 'words')",
    "assert.ok(1);",
    "assert.ok('x', f())",
    "assert.equal(1, 1);",
    "assert.strictEqual('a', 'a', 'words, and more');",
    "t.is(x, x)",
    "try { expect(f()).toBe(1); } catch {}",
    "try {\n  expect(f()).toBe(1);\n}\ncatch (e) {\n  // it's fine\n}",
    "return;",
    "expect(true).toBe(true); return expect(2).toBe(2);",
)

SOLID = (
    "f();",
    "expect(f()).toBe(f());",
    "expect(x).not.toBe(x);",
    "expect(x).toBe(y);",
    "expect(true).toBe(false);",
    "expect(0).toBeTruthy();",
    "expect(x).toBeTruthy();",
    "expect(f()).toMatchSnapshot()",
    "assert(x);",
    "assert.ok(0);",
    "assert.ok(x === 1);",
    "assert.notEqual(1, 1);",
    "assert.equal(f(), f());",
    "const x = f();\n  expect(true).toBe(true);",
    "expect(true).toBe(true)\n  f()",
    "try { expect(f()).toBe(1); } finally { g(); }",
    "try { f(); } catch (e) { throw e; }",
    "try { f(); } catch (e) { expect(e).toBe(1); }",
    "try { f(); } catch { } g();",
    "if (x) { expect(true).toBe(true); }",
    "expect('// no comment').toBe(y)",
    "expect(true).toBe(true) || f()",
)


@pytest.mark.parametrize("body", HOLLOW)
@pytest.mark.parametrize(
    "shape", ["() => {{\n{}\n}}", "async function () {{ {} \n}}", "{{ a: 1 }}, (t) => {{ {}\n }}"]
)
def test_a_test_that_cannot_fail_is_found(body: str, shape: str) -> None:
    text = f"describe('all', () => {{\n  it('adds', {shape.format(body)});\n}});\n"
    assert hollow_script_tests(text) == {"adds"}


@pytest.mark.parametrize("body", SOLID)
def test_a_test_that_can_fail_is_left_alone(body: str) -> None:
    assert hollow_script_tests(f"it('adds', async () => {{\n{body}\n}});\n") == frozenset()


def test_an_arrow_without_braces_is_a_body() -> None:
    text = "test('a', () => expect(1).toBe(1));\ntest('b', () => f(1, 2), 500);\ntest('c', f);\n"
    assert hollow_script_tests(text) == {"a"}
    assert checking_script_tests(text) == {"a"}


def test_the_tests_that_a_text_calls() -> None:
    text = (
        "// it('in a comment', f)\nconst s = \"it('in a string', f)\";\n`it('in a template', f)`;\n"
        "re = /it('in a regex', f)/;\nit('adds', f); test.only(`takes ${x}`, f);\n"
        "test.each([[1, 2]])('each %s', (a) => { expect(a).toBe(1) });\nxit('left out', f);\n"
        "suite.it('a method', f);\nit(name, f);\n"
    )
    assert [test.name for test in script_tests(text)] == ["adds", "takes ${x}", "each %s", "left out"]


@pytest.mark.parametrize(
    ("text", "skips"),
    [
        ("it('a', f)", 0),
        ("it.skip('a', f)", 1),
        ("describe.only('a', f); it.todo('b')", 2),
        ("xit('a', f); fdescribe('b', f)", 2),
        ("test.concurrent.skip('a', f)", 1),
        ("test('a', (t) => { t.skip(); })", 1),
        ("it('a', function () { this.skip(); })", 1),
        ("// it.skip('a')\nx = 'describe.skip('; y = `xit(`", 0),
        ("list.skip(1); xit = 3; a.xit(1)", 0),
    ],
)
def test_what_a_text_skips(text: str, skips: int) -> None:
    assert script_skips(text) == skips


@pytest.mark.parametrize(
    "text", ["it(", "it('a'", "it('a', () => {", "test.each(", "it('a', function", "try {"]
)
def test_a_text_that_is_cut_off_is_read_as_far_as_it_goes(text: str) -> None:
    assert script_skips(text) == 0
    hollow_script_tests(text)
    hollow_script_tests(f"it('a', () => {{ {text}")
