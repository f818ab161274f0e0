"""What a JavaScript or TypeScript file defines, imports and uses, read from its tokens."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from contextune.core.source.code_facts import Call, CodeFacts, Definition, Imported, Parameter, Signature, Use
from contextune.core.source.script_tokens import Token, tokens_of

_OPEN, _CLOSE = {"(": ")", "[": "]", "{": "}"}, frozenset(")]}")
_MODIFIERS = frozenset(
    {"public", "private", "protected", "readonly", "static", "async", "get", "set", "override", "abstract"}
)
_NO_CALLS = frozenset(
    {"if", "for", "while", "switch", "catch", "return", "function", "typeof", "await", "super", "import"}
)


def script_facts(text: str) -> CodeFacts:
    """The facts of a file."""
    tokens = list(tokens_of(text))
    closes = _pairs(tokens)
    definitions = {one.name: one for one in _definitions(tokens, closes)}
    return CodeFacts(
        definitions,
        tuple(_uses(tokens, closes)),
        (*_imports(tokens, closes), *_required(tokens, closes)),
        dict(_types(tokens)),
    )


def _pairs(tokens: Sequence[Token]) -> dict[int, int]:
    """Where each bracket is closed, by the place of its token."""
    stack: list[int] = []
    pairs: dict[int, int] = {}
    for place, token in enumerate(tokens):
        if token.kind != "sign":
            continue
        if token.text in _OPEN:
            stack.append(place)
        elif token.text in _CLOSE and stack:
            pairs[stack.pop()] = place
    return pairs


def _definitions(tokens: Sequence[Token], closes: dict[int, int]) -> Iterator[Definition]:
    place = 0
    while place < len(tokens):
        token = tokens[place]
        if token.text == "class" and _word(tokens, place + 1):
            body = _next(tokens, place, "{")
            end = closes.get(body, len(tokens) - 1)
            yield from _class(tokens, closes, place + 1, body, end)
            place = end
        elif token.text == "function" and (found := _named(tokens, place)) is not None:
            paren = found + 1
            body = _next(tokens, closes.get(paren, paren), "{")
            end = closes.get(body, paren)
            is_async = place > 0 and tokens[place - 1].text == "async"
            signature = _signature(tokens, closes, paren, is_async=is_async)
            yield _made(tokens, found, "function", "", signature, end)
            place = end
        elif token.text in ("const", "let", "var") and _word(tokens, place + 1):
            found_arrow = _assigned(tokens, closes, place + 1)
            if found_arrow is not None:
                signature, end = found_arrow
                yield _made(tokens, place + 1, "function", "", signature, end)
                place = end
        elif token.text == "{" and token.kind == "sign":
            place = closes.get(place, place)
        place += 1


def _class(
    tokens: Sequence[Token], closes: dict[int, int], name: int, body: int, end: int
) -> Iterator[Definition]:
    inside, making = tokens[name].text, None
    place = body + 1
    while place < end:
        paren = place + 1
        if _word(tokens, place) and tokens[paren].text == "(" and tokens[place].text not in _NO_CALLS:
            after = _next(tokens, closes.get(paren, paren), "{", stop=";")
            last = closes.get(after, closes.get(paren, paren))
            is_async = tokens[place - 1].text == "async"
            signature = _signature(tokens, closes, paren, is_async=is_async)
            if tokens[place].text == "constructor":
                making = signature
            else:
                yield _made(tokens, place, "method", f"{inside}.", signature, last)
            place = last
        elif place in closes:
            place = closes[place]
        place += 1
    yield _made(tokens, name, "class", "", making, end)


def _made(
    tokens: Sequence[Token],
    name: int,
    kind: str,
    inside: str,
    signature: Signature | None,
    end: int,
) -> Definition:
    first, last = tokens[name], tokens[min(end, len(tokens) - 1)]
    code = " ".join(token.text for token in tokens[name : end + 1])
    full = f"{inside}{first.text}"
    match kind:
        case "class":
            return Definition(full, "class", first.line, last.line, signature, code)
        case "method":
            return Definition(full, "method", first.line, last.line, signature, code)
        case _:
            return Definition(full, "function", first.line, last.line, signature, code)


def _named(tokens: Sequence[Token], place: int) -> int | None:
    """The name of a function declaration; None of one that has none."""
    place += 1 + (place + 1 < len(tokens) and tokens[place + 1].text == "*")
    return place if _word(tokens, place) and tokens[place + 1].text == "(" else None


def _assigned(tokens: Sequence[Token], closes: dict[int, int], name: int) -> tuple[Signature, int] | None:
    """The signature and the end of a function that a variable is made with."""
    place = _next(tokens, name, "=", stop=";")
    if place >= len(tokens) or place - name > 40:
        return None
    place += 1
    is_async = place < len(tokens) and tokens[place].text == "async"
    place += is_async
    if place < len(tokens) and tokens[place].text == "function":
        place = _next(tokens, place, "(")
    elif _word(tokens, place) and place + 1 < len(tokens) and tokens[place + 1].text == "=>":
        single = Signature((Parameter(tokens[place].text, optional=False),), is_async=is_async)
        return single, _body_end(tokens, closes, place + 2)
    if place >= len(tokens) or tokens[place].text != "(":
        return None
    end = closes.get(place, place)
    arrow = end + 1
    if arrow < len(tokens) and tokens[arrow].text == ":":
        arrow = _next(tokens, arrow, "=>", stop=";")
    if arrow >= len(tokens) or tokens[arrow].text not in ("=>", "{"):
        return None
    body = arrow + (tokens[arrow].text == "=>")
    return _signature(tokens, closes, place, is_async=is_async), _body_end(tokens, closes, body)


def _body_end(tokens: Sequence[Token], closes: dict[int, int], place: int) -> int:
    if place < len(tokens) and tokens[place].text in _OPEN:
        return closes.get(place, place)
    return min(_next(tokens, place, ";"), len(tokens) - 1)


def _signature(tokens: Sequence[Token], closes: dict[int, int], paren: int, *, is_async: bool) -> Signature:
    positional: list[Parameter] = []
    rest = False
    for part in _parts(tokens, closes, paren):
        words = [token for token in part if token.text not in _MODIFIERS]
        if words and words[0].text == "...":
            rest = True
        elif words and words[0].text != "this":
            # Within brackets, as of a type or a default, `=` says nothing of this parameter.
            flat = _flat(words)
            name = words[0].text if words[0].kind == "word" else "{}"
            positional.append(Parameter(name, "=" in flat or "?" in flat[:2]))
    return Signature(tuple(positional), rest=rest, is_async=is_async)


def _flat(tokens: Sequence[Token]) -> list[str]:
    depth, flat = 0, []
    for token in tokens:
        depth -= token.text in _CLOSE
        if depth == 0:
            flat.append(token.text)
        depth += token.text in _OPEN
    return flat


def _parts(tokens: Sequence[Token], closes: dict[int, int], paren: int) -> list[list[Token]]:
    """What stands between the commas within brackets."""
    parts: list[list[Token]] = [[]]
    end = closes.get(paren, paren)
    place = paren + 1
    while place < end:
        if place in closes:
            parts[-1] += tokens[place : closes[place] + 1]
            place = closes[place]
        elif tokens[place].text == ",":
            parts.append([])
        else:
            parts[-1].append(tokens[place])
        place += 1
    return [part for part in parts if part]


def _uses(tokens: Sequence[Token], closes: dict[int, int]) -> Iterator[Use]:
    for place, token in enumerate(tokens):
        if token.kind != "word" or (place and tokens[place - 1].text in ("function", "class")):
            continue
        after = tokens[place + 1].text if place + 1 < len(tokens) else ""
        dotted = place > 0 and tokens[place - 1].text in (".", "?.")
        owner = ""
        if dotted:
            owner = tokens[place - 2].text if place > 1 and tokens[place - 2].kind == "word" else "?"
        if after == "(" and token.text not in _NO_CALLS:
            end = closes.get(place + 1, place + 1)
            opened = end + 1 < len(tokens) and tokens[end + 1].text in ("{", "=>") and not dotted
            if opened:
                continue  # a method or an arrow function, no call
            parts = _parts(tokens, closes, place + 1)
            spreads = any(part[0].text == "..." for part in parts)
            call = Call(len(parts), open=spreads)
            yield Use(token.text, owner, token.line, tokens[end].line, call)
        elif after != ":":
            yield Use(token.text, owner, token.line, token.line, None)


def _imports(tokens: Sequence[Token], closes: dict[int, int]) -> Iterator[Imported]:
    for place, token in enumerate(tokens):
        if token.text not in ("import", "export") or token.kind != "word":
            continue
        source = _next(tokens, place, "from", stop=";")
        if source + 1 >= len(tokens) or tokens[source + 1].kind != "string" or source - place > 400:
            continue
        module = tokens[source + 1].text[1:-1]
        for local, name, line in _names(tokens, closes, place + 1, source):
            yield Imported(local, module, name, line)


def _names(
    tokens: Sequence[Token], closes: dict[int, int], place: int, end: int
) -> Iterator[tuple[str, str, int]]:
    while place < end:
        token = tokens[place]
        if token.text == "{":
            for part in _parts(tokens, closes, place):
                words = [one.text for one in part if one.text not in ("type", "as", ":")]
                if words:
                    yield words[-1], words[0], part[0].line
            place = closes.get(place, place)
        elif token.text == "*":
            yield (tokens[place + 2].text if tokens[place + 1].text == "as" else "*"), "", token.line
            place += 2
        elif token.kind == "word" and token.text not in ("type", "default"):
            yield token.text, "default", token.line
        place += 1


def _required(tokens: Sequence[Token], closes: dict[int, int]) -> Iterator[Imported]:
    """`const { f } = require("./m")` and `const m = require("./m")`."""
    for place, token in enumerate(tokens):
        if token.text != "require" or place + 2 >= len(tokens) or tokens[place + 2].kind != "string":
            continue
        module = tokens[place + 2].text[1:-1]
        if place < 2 or tokens[place - 1].text != "=":
            continue
        if tokens[place - 2].text == "}":
            start = next((one for one, end in closes.items() if end == place - 2), place)
            for local, name, line in _names(tokens, closes, start, place - 1):
                yield Imported(local, module, name, line)
        else:
            yield Imported(tokens[place - 2].text, module, "", token.line)


def _types(tokens: Sequence[Token]) -> Iterator[tuple[str, str]]:
    for place in range(len(tokens) - 3):
        name, sign, word, kind = tokens[place : place + 4]
        if name.kind == "word" and sign.text == "=" and word.text == "new":
            yield name.text, kind.text
        elif name.kind == "word" and sign.text == ":" and word.kind == "word":
            yield name.text, word.text


def _next(tokens: Sequence[Token], place: int, text: str, stop: str = "") -> int:
    while place < len(tokens) and tokens[place].text != text:
        if stop and tokens[place].text == stop:
            return len(tokens)
        place += 1
    return place


def _word(tokens: Sequence[Token], place: int) -> bool:
    return place < len(tokens) and tokens[place].kind == "word"
