"""Facts of Todos beyond their comments: an expected price, who wrote them, what speaks against them."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec

from contextune.core.base import Value
from contextune.core.errors import ContextuneError, GitProblem
from contextune.core.model.money import PriceRange
from contextune.core.planning.default_plan import Draft, finished
from contextune.core.ports import Overlays, Repository
from contextune.core.source.suite_layout import SuiteLayout
from contextune.core.todos.doubt import Doubt, doubt_of
from contextune.core.todos.todo import Todo
from contextune.core.todos.writing import Age, Writing, age_of
from contextune.engine.money.price_books import prices_under
from contextune.engine.money.pricing import Pricer
from contextune.engine.money.records import history
from contextune.engine.repositories.places import Places
from contextune.engine.surroundings.world import World

MOST_PRICED = 2_000
"""Todos that are priced and looked up; the ones beyond have no more than their words."""


class TodoFacts(Value, frozen=True, kw_only=True):
    """The facts of one Todo."""

    todo_id: str
    price: PriceRange | None
    """What a Task of its own would cost, without planning; None where nothing is to be told."""
    writing: Writing | None
    """None for a line that is not committed."""
    age: Age
    doubt: Doubt | None


class TodoFactDesk:
    """Gathers facts of Todos by code: no model is asked."""

    def __init__(self, world: World, places: Places, overlays: Callable[[Path], Overlays]) -> None:
        """`overlays` are the user's unsaved buffers below a folder: Todos are found in those."""
        self._overlays = overlays
        self._world = world
        self._places = places
        self._written: dict[tuple[Path, str, str], dict[int, Writing]] = {}
        """By repository, path and what git says of the file's content."""

    async def of(self, folder: Path, todos: Sequence[Todo]) -> list[TodoFacts]:
        """The facts of a folder's Todos, in their order. A folder without a repository has doubts alone."""
        try:
            repository = (await self._places.of(folder)).repository
        except ContextuneError:
            return [self._facts(todo, None, None) for todo in todos]
        first = [_from_root(todo, folder.resolve(), repository.root) for todo in todos[:MOST_PRICED]]
        prices = await self._prices(repository, first)
        unsaved = self._overlays(repository.root)
        writings = await asyncio.to_thread(self._writings, repository, first, unsaved)
        known = [
            self._facts(todo, price, writing)
            for todo, price, writing in zip(todos[:MOST_PRICED], prices, writings, strict=True)
        ]
        return [*known, *(self._facts(todo, None, None) for todo in todos[MOST_PRICED:])]

    def _facts(self, todo: Todo, price: PriceRange | None, writing: Writing | None) -> TodoFacts:
        now = self._world.clock.now()
        return TodoFacts(
            todo_id=todo.id, price=price, writing=writing, age=age_of(writing, now), doubt=doubt_of(todo)
        )

    async def _prices(self, repository: Repository, todos: Sequence[Todo]) -> list[PriceRange | None]:
        """What each would cost as a Task of its own, by what earlier Tasks of the repository cost."""
        settings = self._world.settings.load(repository.root, {})
        records = await history(self._world.journal, repository, offline=settings.offline)

        def price() -> list[PriceRange | None]:
            head = repository.resolve("HEAD")
            files = repository.list_files(head) if head else ()
            plan = finished([Draft(todos=(todo,)) for todo in todos], SuiteLayout(tuple(files)))
            prices = prices_under(settings, self._world.prices)
            pricer = Pricer(settings.ladder, prices, records, routing=settings.routing)
            return [quoted.price for quoted in pricer.quotes(plan.tasks, todos)]

        return await asyncio.to_thread(price)

    def _writings(
        self, repository: Repository, todos: Sequence[Todo], unsaved: Overlays
    ) -> list[Writing | None]:
        """Who wrote each; a file that is as it was at the last look is not looked up again. Blocking."""
        lines: dict[str, set[int]] = {}
        for todo in todos:
            lines.setdefault(todo.path, set()).add(todo.line)
        head = repository.resolve("HEAD") or ""
        known: dict[tuple[Path, str, str], dict[int, Writing]] = {}
        for path, wanted in lines.items():
            content = unsaved.get(path) or _content(repository.root / path)
            mark = hashlib.sha256(content).hexdigest()
            key = (repository.root, path, f"{head} {sorted(wanted)} {mark}")
            known[key] = self._written.get(key) or _written(repository, path, wanted, content)
        self._written = {
            **{key: found for key, found in self._written.items() if key[0] != repository.root},
            **known,
        }
        by_path = {key[1]: found for key, found in known.items()}
        return [by_path[todo.path].get(todo.line) for todo in todos]


def _content(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError:
        return b""


def _written(repository: Repository, path: str, lines: set[int], content: bytes) -> dict[int, Writing]:
    try:
        return repository.written(path, lines, content)
    except GitProblem:
        return {}  # prices and doubts are told all the same


def _from_root(todo: Todo, folder: Path, root: Path) -> Todo:
    """A Todo of a folder as its repository sees it."""
    if folder == root or not folder.is_relative_to(root):
        return todo
    return msgspec.structs.replace(todo, path=f"{folder.relative_to(root).as_posix()}/{todo.path}")
