"""What the orchestrator is told: facts that code found, in few words. Its tokens are the dearest of a Run."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

import msgspec

from contextune.agents.briefing import Lines
from contextune.agents.framing import framed, row
from contextune.agents.roles import Role
from contextune.core.planning.default_plan import by_symbol, complexity_of
from contextune.core.proof.suites import is_test_file
from contextune.core.source.imports import ImportGraph
from contextune.core.source.suite_layout import SuiteLayout
from contextune.core.todos.todo import Todo

TEXT_LIMIT = 500
"""Characters of one Todo's words."""
CODE_LIMIT = 400
CODE_IN_ALL = 3_200
"""Characters of code with one Todo, and with all of them together."""
LEAST_CODE = 60
"""Characters below which a share of the code would say nothing."""
LINE_LIMIT = 100
BELOW = 4
ABOVE = 2
"""Lines below and above a Todo that are shown, with the head of its symbol."""
MAP_LIMIT = 1_200
GOAL_MAP_LIMIT = 6_000
"""Characters of the map of files: near the Todos, and for a Goal."""
INSTRUCTIONS_LIMIT = 2_000
"""Characters of the repository's own instructions that the planner of a Goal reads; its agents read more."""
TESTS_READ = 60
"""Test files that are read for their imports, where no name tells which one tests a file."""

DESCRIPTION_LIMIT = 300
"""Characters of what an agent that joined says of itself."""
AGENTS = (
    "These agents joined. A task that one of them is made for names it in `agent`; all others leave that out."
)


class PlanInput(msgspec.Struct, frozen=True, kw_only=True):
    """What a Plan is made from."""

    todos: tuple[Todo, ...]
    goal: str | None
    files: tuple[str, ...]
    gate: str | None
    instructions: str | None
    lines: Lines


def layout_of(given: PlanInput) -> SuiteLayout:
    """Where the tests of the Todos' files are. Reads files: blocking."""
    by_name = SuiteLayout(given.files)
    sources = dict.fromkeys(todo.path for todo in given.todos if todo.path.endswith(".py"))
    unknown = [path for path in sources if not is_test_file(path) and not by_name.named(path)]
    tests = [path for path in given.files if path.endswith(".py") and is_test_file(path)]
    if not unknown or len(tests) > TESTS_READ:
        return by_name
    graph = _graph(given, tests)
    users = {path: [test for test in tests if path in graph.imports_of(test)] for path in unknown}
    return SuiteLayout(given.files, users)


def request_text(given: PlanInput, agents: Sequence[Role] = ()) -> str:
    """The Todos or the Goal, numbered, with the facts about them. Reads files: blocking.

    `agents` are those that joined, whom a Task may be given to.
    """
    parts = []
    if given.goal:
        parts.append(f"# Goal\n{given.goal.strip()}")
        if given.gate:
            parts.append(f"Tests run by: {given.gate}")
        if given.instructions:
            parts.append(framed("instructions", given.instructions[:INSTRUCTIONS_LIMIT]))
    if given.todos:
        parts.append(framed("todos", "\n".join(_numbered(given))))
        parts.append(_shared_symbols(given.todos))
    if agents:
        listed = "\n".join(row(f"{one.name}: {one.description}")[:DESCRIPTION_LIMIT] for one in agents)
        parts.append(f"{AGENTS}\n{framed('agents', listed)}")
    facts = [_imports(given) if given.todos else "", _map(given)]
    parts.append(framed("repository", "\n".join(filter(None, facts))))
    return "\n\n".join(filter(None, parts))


def code_of(todo: Todo, content: Sequence[str], limit: int) -> list[str]:
    """The few lines that a Todo is about: the head of its symbol, the code below it, a little above it."""
    shown: dict[int, str] = {}
    room = limit
    for number in _by_worth(todo, content):
        line = content[number - 1].rstrip()[:LINE_LIMIT]
        if len(line.strip()) > room:
            break
        room -= len(line.strip())
        shown[number] = line
    margin = min((_indent(line) for line in shown.values()), default=0)
    return [shown[number][margin:] for number in sorted(shown)]


def _by_worth(todo: Todo, content: Sequence[str]) -> Iterable[int]:
    """Numbers of lines that are not blank, the most telling first, each once."""
    if not content:
        return []
    first, last = min(todo.line, len(content)), min(todo.end_line, len(content))
    head = _head(todo, content)
    found = [head] if head else []
    # A comment at the end of a line of code is about that line; one of its own is known from its words.
    found += [first] if re.search(r"\w", content[first - 1][: todo.column - 1]) else []
    below: list[int] = []
    for number in range(last + 1, len(content) + 1):
        line = content[number - 1]
        if len(below) == BELOW or (head and line.strip() and _indent(line) <= _indent(content[head - 1])):
            break
        below += [number] if line.strip() else []
    above = [n for n in range(first - 1, max(head or 0, first - 1 - ABOVE), -1) if content[n - 1].strip()]
    return dict.fromkeys([*found, *below, *above])


def _head(todo: Todo, content: Sequence[str]) -> int | None:
    """The line above a Todo that names its symbol and is less indented."""
    name = re.compile(rf"\b{re.escape((todo.symbol or '').rpartition('.')[2])}\b")
    first = min(todo.line, len(content))
    for number in range(first - 1, 0, -1) if todo.symbol else ():
        line = content[number - 1]
        if _indent(line) < _indent(content[first - 1]) and name.search(line):
            return number
    return None


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip())


def _numbered(given: PlanInput) -> Iterable[str]:
    share = min(CODE_LIMIT, CODE_IN_ALL // len(given.todos))
    for number, todo in enumerate(given.todos, start=1):
        words = " ".join(todo.text.split())[:TEXT_LIMIT]
        place = row(f"{todo.path}:{todo.line}" + (f" in {todo.symbol}" if todo.symbol else ""))
        owner = f", of {todo.owner}" if todo.owner else ""
        yield f"{number}. {place} ({todo.marker}{owner}, {complexity_of([todo])}): {words}"
        if share >= LEAST_CODE:
            code = code_of(todo, given.lines(todo.path) or (), share)
            yield from (f"  | {line}" for line in code)


def _shared_symbols(todos: Sequence[Todo]) -> str:
    numbers = {todo.id: str(number) for number, todo in enumerate(todos, start=1)}
    together = [group for group in by_symbol(todos) if len(group) > 1]
    said = "; ".join(" and ".join(numbers[todo.id] for todo in group) for group in together)
    return f"One Task each already, as they share a symbol: {said}." if said else ""


def _imports(given: PlanInput) -> str:
    paths = list(dict.fromkeys(todo.path for todo in given.todos))
    graph = _graph(given, [path for path in paths if path.endswith(".py")])
    used = {path: [other for other in paths if other in graph.imports_of(path)] for path in paths}
    lines = [row(f"{path} imports {', '.join(others)}") for path, others in used.items() if others]
    return "\n".join(lines)


def _graph(given: PlanInput, read: Iterable[str]) -> ImportGraph:
    """The imports of some files; the others are in it by their names alone."""
    texts = {path: "" for path in given.files if path.endswith(".py")}
    texts |= {path: "\n".join(given.lines(path) or ()) for path in read}
    return ImportGraph(texts)


def _map(given: PlanInput) -> str:
    """Files by folder: those near the Todos, or all for a Goal; counts where names would be too many."""
    folders: dict[str, list[str]] = {}
    for path in sorted(given.files):
        folder, _, name = path.rpartition("/")
        folders.setdefault(f"{folder}/" if folder else "./", []).append(name)
    limit = GOAL_MAP_LIMIT
    if not given.goal:
        near = {todo.path.rpartition("/")[0] + "/" if "/" in todo.path else "./" for todo in given.todos}
        folders = {folder: names for folder, names in folders.items() if folder in near}
        limit = MAP_LIMIT
    named = {folder: " ".join(names) for folder, names in folders.items()}
    counted = {folder: f"{len(names)} files" for folder, names in folders.items()}
    size = sum(len(folder) + len(names) + 3 for folder, names in named.items())
    # The largest folders give up their names first.
    for folder in sorted(named, key=lambda folder: len(named[folder]), reverse=True):
        if size <= limit:
            break
        size += len(counted[folder]) - len(named[folder])
        named[folder] = counted[folder]
    lines = [row(f"{folder}: {what}") for folder, what in named.items()]
    text = "\n".join(lines)
    if len(text) <= limit:
        return text
    kept = text[:limit].rpartition("\n")[0]
    return f"{kept}\nand {len(lines) - kept.count(chr(10)) - 1} more folders"
