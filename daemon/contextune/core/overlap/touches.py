"""What each Task of a Plan touches, as facts: symbols, lines, calls and tests, read off the sources."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import NamedTuple

from contextune.core.planning.plan import Plan, Task
from contextune.core.proof.suites import is_test_file
from contextune.core.source.mentions import Files, Named, is_of_interface, named_in
from contextune.core.source.source_file import Place, Source, Use, naming
from contextune.core.todos.todo import Todo

MOST_MEANINGS = 2
"""Symbols that a name may stand for; beyond that, it says too little."""
TELLING = 6
"""Letters of a method's name that is believed without a call: a property is read."""
ROOM = 4
"""Lines below a Todo without a symbol that it is taken to be about."""


class Spot(NamedTuple):
    """Lines that a Task is about, counted from 1 and inclusive."""

    path: str
    first: int
    last: int


class Call(NamedTuple):
    """A symbol that a Task's code names, and where."""

    to: Place
    within: str
    """The symbol of the Task's that does; empty at a file's own level."""


class TaskFacts(NamedTuple):
    """What is known of one Task."""

    task_id: str
    changes: tuple[Place, ...] = ()
    """Symbols that it changes: around or below its Todos, or those of its files that a Goal's Task names."""
    names: tuple[Place, ...] = ()
    """Symbols that exist and that its words name, beyond what it changes."""
    files: tuple[str, ...] = ()
    """Files that it may change."""
    named_files: tuple[str, ...] = ()
    """Files that its words name, beyond those."""
    spots: tuple[Spot, ...] = ()
    calls: tuple[Call, ...] = ()
    """What its changed code uses of what other Tasks change."""
    tests: tuple[Place, ...] = ()
    """Tests that run what it changes, as far as names tell."""
    interface: bool = False
    """Whether its words speak of a change that callers will notice."""


def both(one: TaskFacts, other: TaskFacts) -> TaskFacts:
    """The facts of two Tasks that became one, under the id of the first."""
    changes = tuple(dict.fromkeys((*one.changes, *other.changes)))
    files = tuple(dict.fromkeys((*one.files, *other.files)))
    return TaskFacts(
        task_id=one.task_id,
        changes=changes,
        names=tuple(place for place in dict.fromkeys((*one.names, *other.names)) if place not in changes),
        files=files,
        named_files=tuple(p for p in dict.fromkeys((*one.named_files, *other.named_files)) if p not in files),
        spots=(*one.spots, *other.spots),
        calls=tuple(call for call in (*one.calls, *other.calls) if call.to not in changes),
        tests=tuple(sorted({*one.tests, *other.tests})),
        interface=one.interface or other.interface,
    )


class Sources(NamedTuple):
    """What has been read of a repository."""

    files: Sequence[str]
    read: Mapping[str, Source]
    """Every file that a Task touches, tests that import several of those, and where named symbols are."""
    imports: Mapping[str, Collection[str]]
    """What files that were read import, re-exports followed."""


def facts_of(plan: Plan, todos: Sequence[Todo], sources: Sources) -> tuple[TaskFacts, ...]:
    """The facts of every Task, in the Plan's order."""
    by_id = {todo.id: todo for todo in todos}
    files = Files(sources.files)
    index = _Index(sources)
    found = []
    for task in plan.tasks:
        own = [by_id[todo_id] for todo_id in task.todo_ids if todo_id in by_id]
        found.append(_touched(task, own, named_in(words_of(task, own), files), index))
    every = {place for facts in found for place in facts.changes if place.symbol}
    uses = _Uses(sources, every)
    return tuple(
        facts._replace(calls=tuple(uses.calls(facts)), tests=tuple(uses.tests(facts))) for facts in found
    )


def words_of(task: Task, todos: Sequence[Todo]) -> str:
    """What people said of a Task; a Goal's Task has its title and brief alone."""
    return "\n".join(todo.text for todo in todos) if todos else f"{task.title}\n{task.brief}"


def _touched(task: Task, todos: Sequence[Todo], named: Named, index: _Index) -> TaskFacts:
    spots = [Spot(todo.path, todo.line, todo.end_line) for todo in todos]
    changed = [place for todo in todos if (place := index.place_of(todo))]
    paths = tuple(dict.fromkeys([*task.files, *(todo.path for todo in todos)]))
    meant = list(index.meanings(named.symbols, paths))
    if not todos:
        changed += [place for place in meant if place.path in task.files]
    places = dict.fromkeys(changed)
    return TaskFacts(
        task_id=task.id,
        changes=tuple(places),
        names=tuple(dict.fromkeys(place for place in meant if place not in places)),
        files=paths,
        named_files=tuple(path for path in named.files if path not in paths),
        spots=tuple(spots),
        interface=is_of_interface([todo.text for todo in todos] or [task.title, task.brief]),
    )


class _Index:
    """Where symbols are defined."""

    def __init__(self, sources: Sources) -> None:
        self._sources = sources
        self._by_name: dict[str, list[Place]] = {}
        for path, source in sources.read.items():
            if not is_test_file(path):
                for name in source.by_name:
                    place = Place(path, name)
                    self._by_name.setdefault(place.name, []).append(place)

    def place_of(self, todo: Todo) -> Place | None:
        """The symbol that a Todo is about: the one that follows its comment, or the one around it."""
        source = self._sources.read.get(todo.path)
        below = source.below(todo.end_line) if source else None
        around = todo.symbol or ""
        # A comment within a class is about the method below it; one above a nested function, about that.
        if below is not None and below.name.rpartition(".")[0] == around:
            return Place(todo.path, below.name)
        return Place(todo.path, around) if around else None

    def meanings(self, names: Sequence[str], near: Sequence[str]) -> Iterator[Place]:
        """The symbols that names stand for, those of the files at hand before others."""
        reach = {path for one in near for path in self._sources.imports.get(one, ())}
        for name in names:
            found = [
                place
                for place in self._by_name.get(name.rpartition(".")[2], ())
                if f".{place.symbol}".endswith(f".{name}") or _is_module_of(name, place)
            ]
            own = [place for place in found if place.path in near]
            nearby = [place for place in found if place.path in reach]
            best = own or nearby or found
            yield from best if len(best) <= MOST_MEANINGS else ()


def _is_module_of(name: str, place: Place) -> bool:
    """Whether a dotted name is a module's and its symbol's, such as `sizes.parse`."""
    module = place.path.rpartition("/")[2].rpartition(".")[0]
    return bool(module) and f"{module}.{place.symbol}" == name


class _Uses:
    """Where code names what Tasks change."""

    def __init__(self, sources: Sources, places: Collection[Place]) -> None:
        self._sources = sources
        self._by_name: dict[str, list[Place]] = {}
        for place in places:
            self._by_name.setdefault(place.name, []).append(place)
        self._pattern = naming(self._by_name)
        self._tests: dict[Place, set[Place]] | None = None

    def calls(self, facts: TaskFacts) -> Iterator[Call]:
        """What a Task's changed code names of what others change."""
        own = set(facts.changes)
        seen: set[Call] = set()
        for path, within, first, last in self._code_of(facts):
            for use in self._uses(path, first, last):
                for to in self._visible(path, use):
                    call = Call(to, within)
                    if to not in own and call not in seen:
                        seen.add(call)
                        yield call

    def tests(self, facts: TaskFacts) -> list[Place]:
        """The tests that name what a Task changes."""
        if self._tests is None:
            self._tests = self._tested()
        return sorted({test for place in facts.changes for test in self._tests.get(place, ())})

    def _tested(self) -> dict[Place, set[Place]]:
        found: dict[Place, set[Place]] = {}
        for path, source in self._sources.read.items():
            if not is_test_file(path):
                continue
            for use in self._uses(path, 1, None):
                test = source.around(use.line)
                # Imports stand at the file's own level, as all of a test does that is a callback.
                if test is not None or use.called:
                    for to in self._visible(path, use):
                        found.setdefault(to, set()).add(Place(path, test.name if test else ""))
        return found

    def _code_of(self, facts: TaskFacts) -> Iterator[tuple[str, str, int, int]]:
        """Path, symbol and lines of a Task's own code."""
        for place in facts.changes:
            source = self._sources.read.get(place.path)
            symbol = source.by_name.get(place.symbol) if source else None
            if symbol:
                yield place.path, place.symbol, symbol.line, symbol.end_line
        changed = {place.path for place in facts.changes}
        for spot in facts.spots:
            if spot.path not in changed:
                yield spot.path, "", spot.first, spot.last + ROOM

    def _uses(self, path: str, first: int, last: int | None) -> Iterator[Use]:
        source = self._sources.read.get(path)
        if source is not None and self._pattern is not None:
            yield from source.uses(self._pattern, first, last)

    def _visible(self, path: str, use: Use) -> Iterator[Place]:
        """The changed symbols that a name in a file can stand for."""
        reach = self._sources.imports.get(path, ())
        found = [place for place in self._by_name[use.name] if place.path == path or place.path in reach]
        for place in found:
            is_method = "." in place.symbol
            if place.path == path:
                # A method is reached through its object, a plain function by its name.
                fits = use.member if is_method else not use.member
                likely = use.called or use.name[:1].isupper() or use.own
            else:
                fits = use.member or not is_method
                likely = use.called or not is_method or (len(found) == 1 and len(use.name) >= TELLING)
            if fits and likely and (len(found) == 1 or not is_method or use.own):
                yield place
