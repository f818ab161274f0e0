"""The Plan that facts alone make: a Task for each Todo, one for all of a symbol, and no model asked."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from contextune.core.base import Value
from contextune.core.planning.plan import Complexity, Plan, Task
from contextune.core.proof.suites import is_test_file
from contextune.core.source.suite_layout import SuiteLayout
from contextune.core.todos.todo import Todo

TITLE_LIMIT = 72
SLUG_LIMIT = 40
TAIL_WORDS = 3
TELLING = 4
"""How many words of a Task's id its own test file is named for, and how many letters those have."""

SHORT = 12
"""Words of a Todo that a template would do, if they ask nothing."""
LONG = 60
"""Words of Todos that describe more than one change."""
DEEP = re.compile(
    r"\b(architecture|concurren\w*|deadlocks?|migrat\w+|race conditions?|re-?architect\w*|redesign\w*|"
    r"refactor\w*|re-?think\w*|rewrit\w+|thread-?safe\w*)\b",
    re.I,
)
"""Words of Todos that reach beyond the lines where they stand."""


class Draft(Value, frozen=True, kw_only=True):
    """A Task in the making: its Todos, and what has been decided about it. What is empty gets a default."""

    todos: tuple[Todo, ...] = ()
    title: str = ""
    brief: str = ""
    files: tuple[str, ...] = ()
    """Files beyond those of its Todos. A test file among them takes the place of the default one."""
    after: tuple[int, ...] = ()
    """The drafts, by their place in the list, that must be accepted before."""
    complexity: Complexity | None = None
    role: str = ""
    """Who is to do it; empty for the parallel-task-executor."""


def default_plan(todos: Sequence[Todo], layout: SuiteLayout) -> Plan:
    """The Plan for these Todos that nobody was asked about."""
    return finished([Draft(todos=group) for group in by_symbol(todos)], layout)


def by_symbol(todos: Sequence[Todo]) -> tuple[tuple[Todo, ...], ...]:
    """Todos that change the same function or class together, each of the others alone."""
    groups: dict[tuple[str, str], list[Todo]] = {}
    for todo in todos:
        key = (todo.path, todo.symbol) if todo.symbol else (todo.id, "")
        groups.setdefault(key, []).append(todo)
    return tuple(tuple(group) for group in groups.values())


def finished(drafts: Sequence[Draft], layout: SuiteLayout) -> Plan:
    """The Plan of these drafts, in their order, with every default filled in."""
    titles = [draft.title or title_of(draft.todos) for draft in drafts]
    ids = _unique([slug(title) for title in titles])
    tests = _test_files(drafts, ids, layout)
    return Plan(
        tasks=tuple(
            Task(
                id=ids[place],
                title=titles[place],
                brief=_brief(draft, tests[place], layout),
                todo_ids=tuple(todo.id for todo in draft.todos),
                files=_files(draft, tests[place]),
                depends_on=tuple(dict.fromkeys(ids[before] for before in draft.after if before != place)),
                complexity=draft.complexity or complexity_of(draft.todos),
                role=draft.role,
            )
            for place, draft in enumerate(drafts)
        )
    )


def complexity_of(todos: Sequence[Todo]) -> Complexity:
    """A guess from the words of Todos: a short wish is simple, words of depth or many words are hard."""
    words = " ".join(todo.text for todo in todos)
    count = len(words.split())
    if DEEP.search(words) or count > LONG:
        return "hard"
    return "simple" if todos and count <= SHORT and "?" not in words else "standard"


def slug(words: str) -> str:
    """A short id that is safe in branch names and paths."""
    return re.sub(r"[^a-z0-9]+", "-", words.lower()).strip("-")[:SLUG_LIMIT].rstrip("-") or "task"


def title_of(todos: Sequence[Todo]) -> str:
    """What a Task of these Todos is called; empty for none."""
    if not todos:
        return ""
    return joined_title(
        [" ".join(todo.text.split()) or f"the {todo.marker} at line {todo.line}" for todo in todos]
    )


def joined_title(said: Sequence[str]) -> str:
    """One title for what several say; where that is too long, the first and how many more there are."""
    together = "; ".join(said)
    if len(together) <= TITLE_LIMIT:
        return together
    more = f" and {len(said) - 1} more" if len(said) > 1 else ""
    room = TITLE_LIMIT - len(more)
    return (said[0] if len(said[0]) <= room else said[0][: room - 3].rstrip() + "...") + more


def _brief(draft: Draft, test: str | None, layout: SuiteLayout) -> str:
    """What to do: the words that were decided, or where the Todos stand; then where tests belong."""
    said = [draft.brief] if draft.brief else [where_of(draft.todos)] if draft.todos else []
    if said and draft.todos and test:
        beside = f"Test it in {test}, or in a new file beside it."
        said.append(beside if layout.has(test) else f"Test it in a new file, {test}.")
    return " ".join(said)


def where_of(todos: Sequence[Todo]) -> str:
    """What to do about these Todos, at least one, and where they stand."""
    first = todos[0]
    lines = ", ".join(str(todo.line) for todo in todos)
    where = f"{first.path}, line{'s' * (len(todos) > 1)} {lines}"
    where += f", in {first.symbol}" if first.symbol else ""
    what = "this Todo" if len(todos) == 1 else f"these {len(todos)} Todos"
    leaves = "it leaves" if len(todos) == 1 else "they leave"
    return f"Do {what} of {where}. Decide what {leaves} open in the way that the authors most likely meant."


def _files(draft: Draft, test: str | None) -> tuple[str, ...]:
    own = [todo.path for todo in draft.todos]
    return tuple(dict.fromkeys([*own, *draft.files, *([test] if test else [])]))


def _test_files(drafts: Sequence[Draft], ids: Sequence[str], layout: SuiteLayout) -> list[str | None]:
    """A test file for each draft, its own where that has a name: Tasks that add to one file collide."""
    sources = [_untested_source(draft) for draft in drafts]
    named = [layout.named(source) if source else None for source in sources]
    sole = [
        layout.sole_importer(source) if source and not name else None
        for source, name in zip(sources, named, strict=True)
    ]
    found: list[str | None] = []
    for place, source in enumerate(sources):
        if source is None:
            found.append(None)
            continue
        known = named[place] or sole[place]
        users = named.count(known) + (0 if named[place] else sole.count(known))
        plain = layout.fresh(source) if sources.count(source) == 1 else None
        longer = (layout.fresh(source, tail) for tail in (_tail(ids[place]), ids[place].replace("-", "_")))
        wanted = [known] if known and users == 1 else [plain, *longer]
        found.append(next((path for path in wanted if path and path not in found), known))
    return found


def _untested_source(draft: Draft) -> str | None:
    """The file that a draft needs a default test file for; None if it has one, or changes tests itself."""
    named = [*(todo.path for todo in draft.todos), *draft.files]
    return None if not draft.todos or any(map(is_test_file, named)) else named[0]


def _tail(task_id: str) -> str:
    words = task_id.split("-")
    telling = [word for word in words if len(word) >= TELLING]
    return "_".join((telling or words)[:TAIL_WORDS])


def named_apart(titles: Sequence[str], taken: Iterable[str]) -> list[str]:
    """An id for each title, none of them taken."""
    return _unique([slug(title) for title in titles], taken)


def _unique(ids: Sequence[str], given: Iterable[str] = ()) -> list[str]:
    taken = set(given)
    found = []
    for one in ids:
        name, number = one, 1
        while name in taken:
            number += 1
            name = f"{one[: SLUG_LIMIT - len(str(number)) - 1].rstrip('-')}-{number}"
        taken.add(name)
        found.append(name)
    return found
