"""The tools' inputs: one definition each, from which the model's schema and our check both derive."""

from __future__ import annotations

from functools import cache
from typing import Annotated, Any, ClassVar

import msgspec
from msgspec import Meta

from contextune.core.model.conversation import Tool


class ToolInput(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The base of every tool's input."""

    name: ClassVar[str]
    description: ClassVar[str]


class FileRange(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A file, or some of its lines, counted from 1 and inclusive."""

    path: str
    first: Annotated[int, Meta(ge=1)] | None = msgspec.field(default=None, name="from")
    last: Annotated[int, Meta(ge=1)] | None = msgspec.field(default=None, name="to")


class NewFile(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A file's whole content."""

    path: str
    content: str


class Replacement(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A piece of text to replace; it must occur exactly once, unless `all`."""

    path: str
    old: str
    new: str
    every: bool = msgspec.field(default=False, name="all")


class Bash(ToolInput, frozen=True, kw_only=True):
    """`bash`."""

    name = "bash"
    description = "Run a shell command in the worktree. No network, no terminal, no background processes."
    command: str
    timeout_s: Annotated[int, Meta(ge=1, le=3600)] | None = None


class Read(ToolInput, frozen=True, kw_only=True):
    """`read`."""

    name = "read"
    description = "Read files, whole or from line `from` to line `to`. Lines come back numbered."
    files: Annotated[tuple[FileRange, ...], Meta(min_length=1)]


class Write(ToolInput, frozen=True, kw_only=True):
    """`write`."""

    name = "write"
    description = "Create files or replace their whole content."
    files: Annotated[tuple[NewFile, ...], Meta(min_length=1)]


class Edit(ToolInput, frozen=True, kw_only=True):
    """`edit`."""

    name = "edit"
    description = "Replace text in files. `old` must occur exactly once, unless `all` is true."
    edits: Annotated[tuple[Replacement, ...], Meta(min_length=1)]


class Grep(ToolInput, frozen=True, kw_only=True):
    """`grep`."""

    name = "grep"
    description = "Search file contents with a regular expression."
    pattern: str
    path: str = "."
    glob: str | None = None
    context: Annotated[int, Meta(ge=0, le=20)] = 0


class Glob(ToolInput, frozen=True, kw_only=True):
    """`glob`."""

    name = "glob"
    description = "List files that match patterns such as `src/**/*.py`."
    patterns: Annotated[tuple[str, ...], Meta(min_length=1)]


class Finish(ToolInput, frozen=True, kw_only=True):
    """`finish`."""

    name = "finish"
    description = "The Task is done: the Gate runs. `remaining` says what was left undone, if anything."
    summary: str
    remaining: str = ""


class Ask(ToolInput, frozen=True, kw_only=True):
    """`ask`."""

    name = "ask"
    description = "Ask the user a question and wait for the answer."
    question: str
    choices: tuple[str, ...] = ()


INPUTS: dict[str, type[ToolInput]] = {
    kind.name: kind for kind in (Bash, Read, Write, Edit, Grep, Glob, Finish, Ask)
}


@cache
def as_tool(kind: type[ToolInput]) -> Tool:
    """The tool as the model sees it: a short schema, the same bytes every time."""
    return Tool(name=kind.name, description=kind.description, schema=_short(specification(kind).schema))


def warm_tools() -> None:
    """Make every tool once. Blocking for some 30 ms."""
    for kind in INPUTS.values():
        as_tool(kind)


_UNSAID = frozenset({"default", "additionalProperties", "minItems", "minimum", "maximum"})
"""What a tool's schema need not say: every agent pays for these words with each turn, and our own check of
what the model wrote finds every breach and names it."""


def _short(schema: Any) -> Any:
    """A schema reduced to names, types and what is required."""
    if isinstance(schema, list):
        return [_short(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    if "anyOf" in schema:
        # Only ever a type or null: a field that may be absent.
        return _short(schema["anyOf"][0])
    short = {key: value for key, value in schema.items() if key not in _UNSAID}
    if "properties" in short:
        return short | {"properties": {name: _short(field) for name, field in short["properties"].items()}}
    return {key: _short(value) for key, value in short.items()}


def specification(kind: type[ToolInput]) -> Tool:
    """The whole schema of an input: closed, without references, the same bytes every time."""
    (root,), definitions = msgspec.json.schema_components([kind], ref_template="{name}")
    schema = _inlined(root, definitions)
    return Tool(name=kind.name, description=kind.description, schema=schema)


def _inlined(schema: Any, definitions: dict[str, Any]) -> Any:
    if isinstance(schema, list):
        return [_inlined(item, definitions) for item in schema]
    if not isinstance(schema, dict):
        return schema
    if "$ref" in schema:
        return _inlined(definitions[schema["$ref"]], definitions)
    return {
        key: _inlined(value, definitions)
        for key, value in schema.items()
        if key not in ("title", "description") or isinstance(value, dict)
    }
