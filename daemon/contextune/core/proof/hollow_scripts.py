"""JavaScript and TypeScript tests: which there are, which are skipped, and which cannot fail."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from contextune.core.source.script_tokens import Token, tokens_of

TESTS = frozenset({"it", "test", "specify"})
SKIPPED_TESTS = frozenset({"xit", "xtest", "xspecify", "xdescribe", "xcontext"})
ONLY_TESTS = frozenset({"fit", "fdescribe", "ftest"})
"""To run these alone skips the others."""
GROUPS = frozenset({"describe", "suite", "context"})
SKIPS = frozenset({"skip", "todo", "only", "failing", "fails", "skipIf", "runIf"})
ASSERTS = frozenset({"t", "chai", "sinon"})
CHECKS = ("assert", "expect", "should", "check", "verify", "ensure", "must")
"""How the names of what can fail a test begin, those of a project's own functions as well."""
SAME_TWICE = frozenset(
    {"equal", "strictEqual", "deepEqual", "deepStrictEqual", "is", "isEqual", "same", "toBe", "toEqual"}
    | {"toStrictEqual", "eq", "equals", "eql"}
)
ALWAYS_TRUE = frozenset({"ok", "isTrue", "isOk", "assert", "truthy", "true", "toBeTruthy", "toBeDefined"})
OPEN, CLOSE = frozenset("([{"), frozenset(")]}")


class ScriptTest(NamedTuple):
    """A test as a file calls it."""

    name: str
    body: Sequence[Token] | None
    """What stands between the braces of its function; None if its function stands elsewhere."""


def script_tests(text: str) -> tuple[ScriptTest, ...]:
    """The tests that a text calls with a name of their own, skipped ones as well."""
    tokens = list(tokens_of(text))
    return tuple(_tests(tokens))


def script_skips(text: str) -> int:
    """How many tests and groups a text skips, by running only others as well."""
    tokens = list(tokens_of(text))
    return sum(_skips(tokens, at) for at in range(len(tokens)))


def hollow_script_tests(text: str) -> frozenset[str]:
    """The tests of a text that cannot fail, by name."""
    return frozenset(
        test.name for test in script_tests(text) if test.body is not None and _is_hollow(test.body)
    )


def checking_script_tests(text: str) -> frozenset[str]:
    """The tests of a text in which something is asserted or expected, by name."""
    return frozenset(test.name for test in script_tests(text) if test.body is not None and _checks(test.body))


def _checks(body: Sequence[Token]) -> bool:
    words = (token.text for token in body if token.kind == "word")
    return any(word in ASSERTS or word.lower().startswith(CHECKS) for word in words)


def _skips(tokens: Sequence[Token], at: int) -> bool:
    token = tokens[at]
    if token.kind != "word" or _is_member(tokens, at):
        return False
    if token.text in SKIPPED_TESTS | ONLY_TESTS:
        return _text(tokens, at + 1) == "("
    if token.text not in TESTS | GROUPS | {"t", "this"}:
        return False
    return any(tokens[one].text in SKIPS for one in _members(tokens, at))


def _is_member(tokens: Sequence[Token], at: int) -> bool:
    return at > 0 and tokens[at - 1].text in (".", "?.")


def _members(tokens: Sequence[Token], at: int) -> Iterator[int]:
    """Where the names stand that follow a name with a point between: `skip` in `test.skip`."""
    while _text(tokens, at + 1) == "." and at + 2 < len(tokens):
        at += 2
        yield at


def _text(tokens: Sequence[Token], at: int) -> str:
    return tokens[at].text if at < len(tokens) else ""


def _tests(tokens: Sequence[Token]) -> Iterator[ScriptTest]:
    for at, token in enumerate(tokens):
        if token.kind != "word" or _is_member(tokens, at):
            continue
        if token.text not in TESTS | SKIPPED_TESTS | ONLY_TESTS:
            continue
        opens = max([at, *_members(tokens, at)]) + 1
        if _text(tokens, opens) == "(" and tokens[opens - 1].text == "each":
            opens = _end(tokens, opens)  # `test.each(table)(name, …)`
        name = tokens[opens + 1] if opens + 1 < len(tokens) else None
        if _text(tokens, opens) == "(" and name is not None and name.kind in ("string", "template"):
            yield ScriptTest(name.text[1:-1], _body(tokens[opens + 2 : _end(tokens, opens) - 1]))


def _end(tokens: Sequence[Token], opens: int) -> int:
    """The place after the sign that closes the one at `opens`."""
    depth = 0
    for at in range(opens, len(tokens)):
        if tokens[at].kind == "sign":
            depth += (tokens[at].text in OPEN) - (tokens[at].text in CLOSE)
        if depth == 0:
            return at + 1
    return len(tokens)


def _body(arguments: Sequence[Token]) -> Sequence[Token] | None:
    """The body of the function among a test's arguments; None if there is none."""
    for at, token in enumerate(arguments):
        if token.text == "=>" and _text(arguments, at + 1) == "{":
            return arguments[at + 2 : _end(arguments, at + 1) - 1]
        if token.text == "=>":
            return arguments[at + 1 : _expression_end(arguments, at + 1)]
        if token.text == "function":
            opens = next((i for i in range(at, len(arguments)) if arguments[i].text == "("), len(arguments))
            brace = _end(arguments, opens)
            return (
                arguments[brace + 1 : _end(arguments, brace) - 1] if _text(arguments, brace) == "{" else None
            )
    return None


def _expression_end(tokens: Sequence[Token], at: int) -> int:
    while at < len(tokens) and tokens[at].text not in (",", ";"):
        at = _end(tokens, at) if tokens[at].text in OPEN else at + 1
    return at


def _is_hollow(body: Sequence[Token]) -> bool:
    return all(_cannot_fail(statement) for statement in _statements(body))


def _statements(body: Sequence[Token]) -> Iterator[Sequence[Token]]:
    """The statements of a body: they end at a semicolon, at a line's end, or with a block."""
    begin = at = 0
    while at < len(body):
        token = body[at]
        end = _end(body, at) if token.kind == "sign" and token.text in OPEN else at + 1
        closes_block = token.text == "{" and _text(body, end) not in ("catch", "finally", "else")
        if token.text == ";" or (closes_block and body[begin].text == "try") or _ends_line(body, end):
            yield body[begin:end]
            begin = end
        at = end
    if begin < at:
        yield body[begin:at]


def _ends_line(body: Sequence[Token], end: int) -> bool:
    """Whether a statement ends here without a semicolon."""
    if not 0 < end < len(body) or body[end].line == body[end - 1].line:
        return False
    follows = body[end]
    goes_on = follows.kind == "sign" and follows.text not in ("{", "!", "++", "--")
    before = body[end - 1]
    is_open = before.kind == "sign" and before.text not in (*CLOSE, "++", "--", ";")
    return not (goes_on or is_open or follows.text in ("catch", "finally", "else", "in", "of"))


def _cannot_fail(statement: Sequence[Token]) -> bool:
    tokens = [token for token in statement if token.text != ";"]
    while tokens and tokens[0].text in ("await", "return", "void"):
        tokens = tokens[1:]
    if not tokens or _is_literal(tokens):
        return True
    match tokens[0].text:
        case "try":
            return _swallows(tokens)
        case "expect":
            return _expects_nothing(tokens)
        case "assert" | "t" | "chai":
            return _asserts_nothing(tokens)
        case _:
            return False


def _swallows(tokens: Sequence[Token]) -> bool:
    """A `try` whose `catch` keeps every failed assert from being heard."""
    after = _end(tokens, 1)
    if _text(tokens, after) != "catch":
        return _is_hollow(tokens[2 : after - 1])
    brace = _end(tokens, after + 1) if _text(tokens, after + 1) == "(" else after + 1
    caught = tokens[brace + 1 : _end(tokens, brace) - 1]
    is_last = _end(tokens, brace) >= len(tokens)
    return is_last and (not caught or _is_hollow(tokens[2 : after - 1])) and _is_hollow(caught)


def _expects_nothing(tokens: Sequence[Token]) -> bool:
    """`expect(x).toBe(x)` and its kin, without `not`; a bare `expect(x)` as well."""
    if _text(tokens, 1) != "(":
        return False
    end = _end(tokens, 1)
    given, rest = tokens[2 : end - 1], tokens[end:]
    if not rest:
        return True
    opens = next((at for at, token in enumerate(rest) if token.text == "("), len(rest))
    names = {token.text for token in rest[:opens] if token.kind == "word"}
    if "not" in names or not names & (SAME_TWICE | ALWAYS_TRUE) or _end(rest, opens) != len(rest):
        return False
    wanted = rest[opens + 1 : -1]
    if names & ALWAYS_TRUE:
        return _is_true(given)
    return bool(given) and _same(given, wanted)


def _asserts_nothing(tokens: Sequence[Token]) -> bool:
    """`assert(true)`, `assert.ok(1)`, `assert.equal(x, x)`."""
    opens = next((at for at, token in enumerate(tokens) if token.text == "("), len(tokens))
    if _end(tokens, opens) != len(tokens):
        return False
    name = tokens[opens - 1].text
    arguments = list(_arguments(tokens[opens + 1 : -1]))
    if name in ALWAYS_TRUE:
        return bool(arguments) and _is_true(arguments[0])
    return name in SAME_TWICE and len(arguments) >= 2 and _same(arguments[0], arguments[1])


def _arguments(tokens: Sequence[Token]) -> Iterator[Sequence[Token]]:
    begin = at = 0
    while at < len(tokens):
        if tokens[at].text == ",":
            yield tokens[begin:at]
            begin = at + 1
        at = _end(tokens, at) if tokens[at].kind == "sign" and tokens[at].text in OPEN else at + 1
    if begin < at:
        yield tokens[begin:at]


def _same(one: Sequence[Token], other: Sequence[Token]) -> bool:
    """The same words, none of which calls anything: a call may answer differently the second time."""
    texts = [token.text for token in one]
    return texts == [token.text for token in other] and "(" not in texts


def _is_literal(tokens: Sequence[Token]) -> bool:
    return len(tokens) == 1 and (tokens[0].kind in ("number", "string") or tokens[0].text in ("true", "null"))


def _is_true(tokens: Sequence[Token]) -> bool:
    """A literal that counts as true."""
    if len(tokens) != 1:
        return False
    text = tokens[0].text
    if tokens[0].kind == "number":
        return text.strip("0.xXbBoOn_") != ""
    return text == "true" or (tokens[0].kind in ("string", "template") and len(text) > 2)
