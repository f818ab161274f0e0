"""Where two changes that git merges do not fit together: one takes away, or changes, what the other calls."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from contextune.core.overlap.radar import LineRange
from contextune.core.source.code_facts import CodeFacts, Definition, Use, accepts, reorders
from contextune.core.source.module_names import is_script, names_module, same_module

COMMON = frozenset(
    {"get", "set", "add", "append", "items", "keys", "values", "pop", "update", "remove", "join", "split"}
    | {"format", "read", "write", "close", "open", "copy", "sort", "index", "count", "clear", "push", "map"}
    | {"filter", "forEach", "then", "catch", "has", "delete", "find", "slice", "toString", "replace", "run"}
)
"""Methods that so many classes have that a name alone says nothing of whose it is."""
OWN = frozenset({"self", "cls", "this", "super()"})
MOST = 20
"""Symbols that are told of one pair: beyond it, more of them help nobody."""


class Rift(NamedTuple):
    """A symbol that one side changed, and that the other relies on as it was."""

    path: str
    """Where it is defined."""
    symbol: str
    lines: tuple[LineRange, ...]
    """Of its file before both changes."""
    reason: str


class Change(NamedTuple):
    """A symbol that a change took away, or of which it changed what a call has to give."""

    path: str
    before: Definition
    after: Definition | None
    renamed: str
    """What it is called now; empty if that is not known."""

    @property
    def name(self) -> str:
        """What it was called, with its class."""
        return self.before.name


class ChangedFile(NamedTuple):
    """A source file that one side changed. `added` are the numbers of its new lines."""

    path: str
    before: CodeFacts
    after: CodeFacts
    added: frozenset[int]
    changes: tuple[Change, ...]


def changed_file(path: str, before: CodeFacts, after: CodeFacts, added: frozenset[int]) -> ChangedFile:
    """A changed file, with the symbols that others may no longer rely on."""
    return ChangedFile(path, before, after, added, tuple(_changes(path, before, after)))


def rifts(mine: Sequence[ChangedFile], theirs: Sequence[ChangedFile]) -> tuple[Rift, ...]:
    """What does not fit, in both directions; each symbol once."""
    found: dict[tuple[str, str], Rift] = {}
    for one, other in ((mine, theirs), (theirs, mine)):
        for file in one:
            for change in file.changes:
                rift = next(_breaks(change, other), None)
                if rift is not None:
                    found.setdefault((rift.path, rift.symbol), rift)
    for rift in _twice(mine, theirs):
        found.setdefault((rift.path, rift.symbol), rift)
    return tuple(found.values())[:MOST]


def _changes(path: str, facts_before: CodeFacts, facts_after: CodeFacts) -> Iterator[Change]:
    before, after = facts_before.definitions, facts_after.definitions
    new = [one for name, one in after.items() if name not in before]
    for name, was in before.items():
        now = after.get(name)
        owner = name.rpartition(".")[0]
        if now is None:
            if not owner or owner in after:
                yield Change(path, was, None, _new_name(was, new))
        elif now.signature != was.signature and now.signature is not None and was.signature is not None:
            yield Change(path, was, now, "")


def _new_name(was: Definition, new: Sequence[Definition]) -> str:
    owner = was.name.rpartition(".")[0]
    same = [
        one.name
        for one in new
        if one.kind == was.kind and one.signature == was.signature and one.name.rpartition(".")[0] == owner
    ]
    return same[0].rpartition(".")[2] if len(same) == 1 else ""


def _breaks(change: Change, files: Sequence[ChangedFile]) -> Iterator[Rift]:
    """Where new code of the other side relies on what was changed."""
    for file in files:
        if is_script(file.path) != is_script(change.path):
            continue
        if change.after is None and _still_imports(change, file):
            yield _rift(change, file.path, "imports")
        for use in file.after.uses:
            is_new = any(line in file.added for line in range(use.line, use.end_line + 1))
            if is_new and _is_broken(change, use) and _refers(change, use, file):
                yield _rift(change, file.path, "calls" if use.call else "uses")


def _is_broken(change: Change, use: Use) -> bool:
    if use.name != change.name.rpartition(".")[2] and change.before.kind == "method":
        return False
    if change.after is None:
        return True
    old, new = change.before.signature, change.after.signature
    if use.call is None or old is None or new is None or not accepts(old, use.call):
        return False
    return old.is_async != new.is_async or not accepts(new, use.call) or reorders(old, new, use.call)


def _still_imports(change: Change, file: ChangedFile) -> bool:
    return any(
        one.line in file.added and one.name == change.name and same_module(one.module, file.path, change.path)
        for one in file.after.imports
    )


def _refers(change: Change, use: Use, file: ChangedFile) -> bool:
    """Whether a use is one of the changed symbol, as far as names and imports tell."""
    owner, _, name = change.name.rpartition(".")
    if owner:
        return use.name == name and _refers_to_method(owner, name, use, file, change.path)
    return _refers_to(change.name, use, file, change.path)


def _refers_to(name: str, use: Use, file: ChangedFile, path: str) -> bool:
    if not use.owner:
        if use.name in {one.local for one in file.after.imports}:
            return any(
                one.local == use.name
                and one.name in (name, "default")
                and same_module(one.module, file.path, path)
                for one in file.after.imports
            )
        if file.path == path:
            return use.name == name
        everything = any(
            one.name == "*" and same_module(one.module, file.path, path) for one in file.after.imports
        )
        return use.name == name and everything and name not in file.after.definitions
    if use.name != name:
        return False
    return any(use.owner == one.local and names_module(one, file.path, path) for one in file.after.imports)


def _refers_to_method(owner: str, name: str, use: Use, file: ChangedFile, path: str) -> bool:
    if not use.owner:
        return False
    if use.owner in OWN:
        around = _class_around(file.after, use.line)
        return file.path == path and around == owner
    known = file.after.types.get(use.owner) or (use.owner[:-2] if use.owner.endswith("()") else "")
    if known or use.owner == owner:
        return (known or use.owner) == owner and (file.path == path or _sees(file, path))
    others = [one for one in file.after.definitions if one.endswith(f".{name}") and one != f"{owner}.{name}"]
    return name not in COMMON and not others and (file.path == path or _sees(file, path))


def _sees(file: ChangedFile, path: str) -> bool:
    """Whether a file imports another one, or something of it."""
    return any(
        same_module(one.module, file.path, path) or names_module(one, file.path, path)
        for one in file.after.imports
    )


def _class_around(facts: CodeFacts, line: int) -> str:
    around = [
        one for one in facts.definitions.values() if one.kind == "class" and one.line <= line <= one.end_line
    ]
    return max(around, key=lambda one: one.line).name if around else ""


def _twice(mine: Sequence[ChangedFile], theirs: Sequence[ChangedFile]) -> Iterator[Rift]:
    """Definitions that both sides add under one name, and not alike."""
    others = {file.path: file for file in theirs}
    for file in mine:
        other = others.get(file.path)
        if other is None:
            continue
        for name, definition in file.after.definitions.items():
            also = other.after.definitions.get(name)
            known = name in file.before.definitions or name in other.before.definitions
            if also is not None and not known and also.text != definition.text:
                yield Rift(file.path, name, (), f"Both add `{name}` to {file.path}.")


def _rift(change: Change, path: str, does: str) -> Rift:
    name = change.name
    where = f"new code of {path}"
    if change.after is not None:
        old, new = change.before.signature, change.after.signature
        said = f"take {new} instead of {old}"
        if old is not None and new is not None and old.is_async != new.is_async:
            said = "be async" if new.is_async else "be async no more"
        reason = f"One changes `{name}` to {said}; {where} calls it the old way."
    elif change.renamed:
        reason = f"One renames `{name}` to `{change.renamed}`; {where} {does} it by its old name."
    else:
        reason = f"One removes `{name}`; {where} {does} it."
    line = change.before.line
    return Rift(change.path, name, (LineRange(first=line, last=line),), reason)
