"""What a source file defines, imports and uses, as far as two changes can break it. Pure data."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, NamedTuple


class Parameter(NamedTuple):
    """One that a call may give by its place, or by its name."""

    name: str
    optional: bool


class Signature(NamedTuple):
    """What a call may give."""

    positional: tuple[Parameter, ...] = ()
    named: tuple[Parameter, ...] = ()
    """Those that are given by name alone."""
    rest: bool = False
    """Whether it takes any number by place."""
    any_name: bool = False
    """Whether it takes any name."""
    is_async: bool = False

    def __str__(self) -> str:
        parts = [one.name + ("?" if one.optional else "") for one in self.positional]
        parts += ["…"] * self.rest
        parts += [one.name + ("=?" if one.optional else "=") for one in self.named]
        return f"({', '.join(parts)})"


class Call(NamedTuple):
    """What a call gives."""

    positional: int
    names: frozenset[str] = frozenset()
    open: bool = False
    """Whether it spreads values of which nobody knows how many they are."""


class Definition(NamedTuple):
    """A function, class or method. `name` is with its class, such as `Table.add`."""

    name: str
    kind: Literal["function", "class", "method"]
    line: int
    end_line: int
    signature: Signature | None
    """Of a class, that of making one; None if that is not told."""
    text: str
    """Its code, to tell equal ones."""


class Use(NamedTuple):
    """A name in the code, with the lines that it, or the call of it, takes."""

    name: str
    owner: str
    """What stands before its dot; empty if nothing does, `?` if that is no name."""
    line: int
    end_line: int
    call: Call | None


class Imported(NamedTuple):
    """A name that a file imports."""

    local: str
    module: str
    """As the file says it."""
    name: str
    """What it is called there; empty if it stands for the module itself, `*` for all that is there."""
    line: int


class CodeFacts(NamedTuple):
    """All of that, of one file."""

    definitions: Mapping[str, Definition]
    uses: tuple[Use, ...]
    imports: tuple[Imported, ...]
    types: Mapping[str, str]
    """Variables of which a class is known, by name."""


NOTHING = CodeFacts({}, (), (), {})


def shifted(facts: CodeFacts, by: int) -> CodeFacts:
    """The same with so many lines more before it."""
    return CodeFacts(
        {
            name: one._replace(line=one.line + by, end_line=one.end_line + by)
            for name, one in facts.definitions.items()
        },
        tuple(
            Use(name, owner, line + by, end_line + by, call)
            for name, owner, line, end_line, call in facts.uses
        ),
        tuple(Imported(local, module, name, line + by) for local, module, name, line in facts.imports),
        facts.types,
    )


def accepts(signature: Signature, call: Call) -> bool:
    """Whether a call gives what a signature asks for; True where that cannot be told."""
    if call.open:
        return True
    places = signature.positional
    if call.positional > len(places) and not signature.rest:
        return False
    left = places[call.positional :]
    known = {one.name for one in (*places, *signature.named)}
    if not signature.any_name and not call.names <= known:
        return False
    return all(one.optional or one.name in call.names for one in (*left, *signature.named))


def reorders(before: Signature, after: Signature, call: Call) -> bool:
    """Whether a value that a call gives by its place would get to another parameter."""
    old = [one.name for one in before.positional]
    new = [one.name for one in after.positional]
    given = range(min(call.positional, len(old), len(new)))
    return any(old[i] != new[i] and (old[i] in new or new[i] in old) for i in given)
