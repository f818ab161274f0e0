"""What is known of Todos beyond their comments, gathered once for whoever asks."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path

from contextune.core.errors import PlaceProblem
from contextune.core.todos.todo import Todo
from contextune.engine.desk.todo_facts import TodoFacts
from contextune.server.known_todos import Known, KnownTodos
from tests.protocol import samples as s

ONE, TWO = s.TODOS
FOLDER = Path(s.REPOSITORY)


def facts(todo: Todo, *, priced: bool = True) -> TodoFacts:
    price = s.PRICE if priced else None
    return TodoFacts(todo_id=todo.id, price=price, writing=None, age="week", doubt="vague")


class Gatherer:
    """Gathers when it is let to, and remembers what it was asked for."""

    def __init__(self) -> None:
        self.asked: list[list[str]] = []
        self.may = asyncio.Event()
        self.problem: PlaceProblem | None = None
        self.changes = 0
        self.known = KnownTodos(self._gather, self._changed)

    async def _gather(self, _: Path, todos: Sequence[Todo]) -> list[TodoFacts]:
        self.asked.append([todo.id for todo in todos])
        await self.may.wait()
        if self.problem is not None:
            raise self.problem
        return [facts(todo) for todo in todos]

    def _changed(self) -> None:
        self.changes += 1


async def test_facts_are_gathered_once_however_many_ask() -> None:
    here = Gatherer()
    asking = [asyncio.create_task(here.known.look(FOLDER, s.TODOS)) for _ in range(3)]
    here.may.set()
    await asyncio.wait_for(asyncio.gather(*asking), 20)
    assert (here.asked, here.changes) == ([[ONE.id, TWO.id]], 1)
    assert here.known.of(ONE.id) == Known(
        "about $0.0200",
        "$0.0100 to $0.0400, likely $0.0200",
        "It says too little: an agent would have to guess.",
    )
    assert here.known.prices == {ONE.id: "about $0.0200", TWO.id: "about $0.0200"}


async def test_only_what_is_not_known_is_gathered_and_all_anew_once_tasks_have_ended() -> None:
    here = Gatherer()
    here.may.set()
    here.known.take([facts(ONE, priced=False)])
    assert (here.known.of(ONE.id) or Known("?", "?", "?")).price == ""
    assert here.known.lacks(s.TODOS)
    await here.known.look(FOLDER, s.TODOS)
    assert here.asked == [[TWO.id]]
    assert not here.known.lacks(s.TODOS)
    here.known.outdate()
    assert here.known.of(TWO.id) is not None, "what was known is told until more is"
    await here.known.look(FOLDER, s.TODOS)
    assert here.asked[1:] == [[ONE.id, TWO.id]]


async def test_what_cannot_be_gathered_is_no_trouble() -> None:
    here = Gatherer()
    here.may.set()
    here.problem = PlaceProblem("There is no repository here.")
    await here.known.look(FOLDER, s.TODOS)
    assert (here.known.of(ONE.id), here.changes) == (None, 0)
