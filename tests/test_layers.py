"""The layers of the design, read off every import: one direction only, and the world behind adapters."""

from __future__ import annotations

import ast
import graphlib
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).parents[1] / "daemon" / "contextune"
SAMPLE = ROOT / "offline" / "sample"
"""A project for the demo to work on, no code of the product."""

MAY_IMPORT: dict[str, frozenset[str]] = {
    "core": frozenset(),
    "protocol": frozenset({"core"}),
    "agents": frozenset({"core"}),
    "engine": frozenset({"agents", "core"}),
    "adapters": frozenset({"core"}),
    "offline": frozenset(),
    "delegation": frozenset({"core", "agents", "engine", "protocol"}),
    "server": frozenset({"core", "delegation", "engine", "protocol", "compose", "glance"}),
    "mcp": frozenset({"core", "compose", "delegation", "server"}),
    "bench": frozenset({"core", "agents", "engine", "compose", "offline"}),
    "cli": frozenset(
        {"core", "agents", "bench", "engine", "protocol", "compose", "server", "offline", "mcp"}
    ),
    "compose": frozenset({"core", "engine", "adapters"}),
    "glance": frozenset({"core", "adapters"}),
    "__main__": frozenset({"cli"}),
}
"""Part of the package: the other parts that it may import. `cli` starts the language server, the server for
other agents and the offline model, which are programs of their own, and lists roles; only `compose`, and
`glance` for one file before that is imported, know adapters. The offline model stands in for somebody else's
server, and knows nothing of the product."""

ROOTS = ("compose", "glance")

EXCEPTIONS = frozenset({("adapters.models.choice", "offline")})
"""`adapters.models.choice` starts the model's server where the user chose it, as it would any server."""

ONLY_ADAPTERS = frozenset(
    {"git", "github", "sqlite3", "anthropic", "watchfiles", "platformdirs", "fcntl", "pty"}
)
ONLY_SERVER = frozenset({"pygls", "lsprotocol", "cattrs"})
ONLY_MCP = frozenset({"mcp", "mcp_types"})
NOT_IN_CORE = frozenset(
    {
        *("json", "yaml", "msgspec.json", "msgspec.yaml", "msgspec.toml", "tomllib"),
        *("os", "io", "subprocess", "shutil", "socket", "sqlite3", "tempfile", "urllib", "http", "aiohttp"),
        *("asyncio", "threading", "time", "datetime", "random", "secrets", "logging"),
    }
)
"""What does I/O, knows a format of the wire, or has a clock or a chance of its own."""
NOT_IN_AGENTS_OR_ENGINE = frozenset({"subprocess", "sqlite3", "aiohttp", "httpx", "urllib", "http", "time"})


class Import(NamedTuple):
    """One import: the module that has it, its line, the module that it names."""

    by: str
    line: int
    of: str

    @property
    def part(self) -> str:
        return part_of(self.by)


ONE_LOCK = Import("contextune.core.source.python_source", 9, "threading.Lock")
"""The one lock in the core: `ast.parse` is not safe in several threads, and who calls it cannot know."""


MAY_PARSE = frozenset({"contextune.core.source.python_source", "contextune.adapters.commands.watched_python"})
"""Where `ast.parse` is called: behind that lock, and in a process that runs nothing but a test's command."""


def part_of(module: str) -> str:
    """`contextune.engine.drive.run` is in `engine`."""
    parts = module.split(".")
    return parts[1] if len(parts) > 1 else ""


def name_of(file: Path) -> str:
    parts = ("contextune", *file.relative_to(ROOT).with_suffix("").parts)
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imports_in(name: str, source: str, *, package: bool = False) -> Iterator[Import]:
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield Import(name, node.lineno, alias.name)
        elif isinstance(node, ast.ImportFrom):
            parts = name.split(".")
            above = parts[: len(parts) + package - node.level] if node.level else []
            base = ".".join([*above, node.module] if node.module else above)
            # What is named may itself be a module: `from contextune.core.runs import events`.
            for alias in node.names:
                yield Import(name, node.lineno, f"{base}.{alias.name}")


FILES = sorted(file for file in ROOT.rglob("*.py") if SAMPLE not in file.parents)
SOURCES = {name_of(file): file.read_text(encoding="utf-8") for file in FILES}
PACKAGES = {name_of(file) for file in FILES if file.name == "__init__.py"}
IMPORTS = [
    one for name, source in SOURCES.items() for one in imports_in(name, source, package=name in PACKAGES)
]


def ours(of: str) -> bool:
    return of == "contextune" or of.startswith("contextune.")


def names(of: str, packages: frozenset[str]) -> bool:
    """Whether an import is of one of these packages or of something within."""
    return any(of == package or of.startswith(package + ".") for package in packages)


def folder_of(module: str, layer: str) -> str | None:
    """`contextune.engine.drive.run` is in `drive`; a module in no folder stands for itself."""
    prefix = f"contextune.{layer}."
    return module.removeprefix(prefix).split(".")[0] if module.startswith(prefix) else None


def told(found: list[Import]) -> list[str]:
    return [f"{one.by}, line {one.line}: {one.of}" for one in found]


def test_there_is_something_to_read() -> None:
    assert len(SOURCES) > 80
    assert len([one for one in IMPORTS if ours(one.of)]) > 300
    assert {part_of(name) for name in SOURCES} - {""} == set(MAY_IMPORT)


@pytest.mark.parametrize("part", sorted(MAY_IMPORT))
def test_each_part_imports_only_what_lies_below(part: str) -> None:
    allowed = MAY_IMPORT[part] | {part, ""}
    wrong = [
        one
        for one in IMPORTS
        if one.part == part
        and ours(one.of)
        and part_of(one.of) not in allowed
        and (one.by.removeprefix("contextune."), part_of(one.of)) not in EXCEPTIONS
        and one.of != "contextune.__version__"
    ]
    assert told(wrong) == []


def test_nothing_more_is_allowed_than_is_used() -> None:
    used = {(one.part, part_of(one.of)) for one in IMPORTS if ours(one.of)}
    allowed = {(part, other) for part, others in MAY_IMPORT.items() for other in others}
    assert sorted(allowed - used) == []


def test_every_exception_is_still_needed() -> None:
    used = {(one.by.removeprefix("contextune."), part_of(one.of)) for one in IMPORTS if ours(one.of)}
    assert used >= EXCEPTIONS


def test_the_parts_form_no_circle() -> None:
    """No part can be reached from itself, so that data goes forward and never back."""

    def below(part: str, seen: frozenset[str] = frozenset()) -> frozenset[str]:
        for other in MAY_IMPORT[part] - seen:
            seen = below(other, seen | {other})
        return seen

    assert [part for part in MAY_IMPORT if part in below(part)] == []


def test_the_core_is_pure() -> None:
    wrong = [one for one in IMPORTS if one.part == "core" and names(one.of, NOT_IN_CORE)]
    assert told(wrong) == told([ONE_LOCK])
    calls = [
        f"{name}, line {node.lineno}: {ast.unparse(node.func)}"
        for name, source in SOURCES.items()
        if part_of(name) == "core"
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Call) and ast.unparse(node.func) in {"open", "print", "input", "eval", "exec"}
    ]
    assert calls == []
    codecs = [
        name for name, source in SOURCES.items() if part_of(name) == "core" and "msgspec.json" in source
    ]
    assert codecs == []


def test_python_is_parsed_behind_the_one_lock() -> None:
    parsing = {
        name
        for name, source in SOURCES.items()
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "ast.parse"
    }
    assert parsing == MAY_PARSE


@pytest.mark.parametrize("layer", ["adapters", "agents", "core", "engine"])
def test_the_folders_of_a_layer_import_each_other_in_one_direction(layer: str) -> None:
    below: dict[str, set[str]] = {}
    for one in IMPORTS:
        by, of = folder_of(one.by, layer), folder_of(one.of, layer)
        if by is not None and of is not None and by != of:
            below.setdefault(by, set()).add(of)
    list(graphlib.TopologicalSorter(below).static_order())


def test_agents_and_engine_reach_the_world_through_ports_alone() -> None:
    wrong = [
        one for one in IMPORTS if one.part in ("agents", "engine") and names(one.of, NOT_IN_AGENTS_OR_ENGINE)
    ]
    assert told(wrong) == []


def test_only_adapters_know_git_the_journal_and_the_models_server() -> None:
    wrong = [one for one in IMPORTS if one.part != "adapters" and names(one.of, ONLY_ADAPTERS)]
    assert told(wrong) == []


def test_only_the_server_knows_the_language_server_protocol() -> None:
    wrong = [one for one in IMPORTS if one.part != "server" and names(one.of, ONLY_SERVER)]
    assert told(wrong) == []


def test_only_its_door_knows_the_model_context_protocol() -> None:
    wrong = [one for one in IMPORTS if one.part != "mcp" and names(one.of, ONLY_MCP)]
    assert told(wrong) == []


def test_only_the_composition_root_makes_adapters() -> None:
    wrong = [
        one
        for one in IMPORTS
        if part_of(one.of) == "adapters" and ours(one.of) and one.part not in ("adapters", *ROOTS)
    ]
    assert told(wrong) == []


def test_requests_reach_a_model_through_the_gateway_alone() -> None:
    """`Model.send` is called in one place; every other `send` is the gateway's, or a letter's."""
    callers = {
        name
        for name, source in SOURCES.items()
        if part_of(name) in ("agents", "bench", "engine", "server", "cli")
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Call) and ast.unparse(node.func).endswith("_model.send")
    }
    assert callers == {"contextune.engine.money.gateway"}
    makers = {one.by for one in IMPORTS if one.of == "contextune.core.ports.Model"}
    assert {part_of(name) for name in makers} <= {"adapters", "bench", "compose", "engine"}


def test_the_users_checkout_moves_in_accept_and_undo_alone() -> None:
    callers = {
        name
        for name, source in SOURCES.items()
        if part_of(name) not in ("adapters", "bench", "core")
        for word in ("move_checkout", "restore_checkout", "make_branch", "remove_branch")
        if word in source
    }
    assert callers == {"contextune.engine.integration.accept"}


def test_github_is_written_and_a_branch_pushed_in_two_places() -> None:
    """Where the intent is journalled before, and the outcome after."""
    words = ("create_issue", "edit_issue", "create_pull", "edit_pull", "create_label", "mark_ready")
    callers = {
        name
        for name, source in SOURCES.items()
        if part_of(name) not in ("adapters", "core")
        for word in (*words, "request_reviewers", "forge.reply", "publishing.push")
        if f".{word}" in source
    }
    assert callers == {"contextune.engine.forge.writing", "contextune.engine.forge.by_hand"}


@pytest.mark.parametrize(
    ("source", "of"),
    [
        ("import contextune.core.errors", "contextune.core.errors"),
        ("from contextune.core import errors", "contextune.core.errors"),
        ("def f():\n    from contextune.core.errors import NotFound", "contextune.core.errors.NotFound"),
        ("from . import ladder", "contextune.core.runs.ladder"),
        ("from ..model import money", "contextune.core.model.money"),
        ("import os.path", "os.path"),
    ],
)
def test_every_way_to_write_an_import_is_seen(source: str, of: str) -> None:
    (found,) = imports_in("contextune.core.runs.run", source)
    assert found.of == of


def test_a_package_counts_dots_from_itself() -> None:
    (found,) = imports_in("contextune.core", "from . import errors", package=True)
    assert found.of == "contextune.core.errors"
