"""Facts of Todos: prices without a model, who wrote them, what speaks against them."""

from __future__ import annotations

import asyncio
from pathlib import Path

from contextune.core.todos.todo import Todo
from contextune.core.todos.writing import Writing, age_of
from contextune.engine.desk.todo_facts import TodoFacts
from tests.engine.conftest import MakeDesk
from tests.engine.world import Desk

DAY = 86_400_000


async def facts(here: Desk, folder: Path | None = None) -> dict[str, tuple[Todo, TodoFacts]]:
    root = folder or here.place.root
    todos = await here.app.todos.list(root)
    found = await here.app.facts.of(root, todos)
    return {todo.text: (todo, fact) for todo, fact in zip(todos, found, strict=True)}


async def test_each_todo_is_priced_by_code_alone(desk: MakeDesk) -> None:
    here = await desk()
    known = await facts(here)
    for _, fact in known.values():
        assert fact.price is not None
        assert fact.price.low is not None
        assert fact.price.likely is not None
        assert fact.price.high is not None
        assert 0 < fact.price.low < fact.price.likely < fact.price.high
    assert here.server.log == []


async def test_the_price_is_that_of_a_quote_of_one(desk: MakeDesk) -> None:
    here = await desk()
    todo, fact = (await facts(here))["round up"]
    from contextune.engine.quotes.quote import QuoteRequest

    quote = await here.app.quote(QuoteRequest(folder=here.place.root, todo_ids=(todo.id,)))
    assert quote.tasks[0].price.likely == fact.price.likely if fact.price else False


async def test_who_wrote_a_line_and_when(desk: MakeDesk) -> None:
    here = await desk()
    here.place.write("calc/new.py", "# TODO: add taxes to it\n")
    here.place.write(
        "calc/names.py", "# TODO: a new first line\n" + (here.place.root / "calc/names.py").read_text()
    )
    known = await facts(here)
    now = here.world.clock.now()
    _, old = known["round up"]
    assert old.writing is not None
    assert old.writing.author == here.place.said("log", "-1", "--format=%an")
    assert abs(old.writing.at - now) < DAY
    assert old.age == "week"
    for text in ("add taxes to it", "a new first line"):
        assert (known[text][1].writing, known[text][1].age) == (None, "uncommitted")
    # A line that moved is still its author's.
    assert known["greet politely"][1].writing == old.writing
    assert await facts(here) == known


async def test_a_folder_within_a_repository_has_the_same_facts(desk: MakeDesk) -> None:
    here = await desk()
    whole, part = await facts(here), await facts(here, here.place.root / "calc")
    assert part["round up"][1].price == whole["round up"][1].price
    assert part["round up"][1].writing == whole["round up"][1].writing


async def test_a_folder_without_a_repository_has_doubts_alone(desk: MakeDesk, tmp_path: Path) -> None:
    here = await desk()
    (tmp_path / "loose").mkdir()
    (tmp_path / "loose" / "a.py").write_text("# TODO: fix\n")
    ((_, fact),) = (await facts(here, tmp_path / "loose")).values()
    assert (fact.price, fact.writing, fact.doubt) == (None, None, "vague")


def test_ages_have_bounds() -> None:
    now = 1_000 * DAY
    written = {
        days: age_of(Writing(author="a", at=now - days * DAY), now) for days in (0, 7, 8, 30, 31, 365, 366)
    }
    assert list(written.values()) == ["week", "week", "month", "month", "year", "year", "older"]
    assert age_of(None, now) == "uncommitted"


async def test_unsaved_lines_are_blamed_as_they_stand_in_the_editor(desk: MakeDesk) -> None:
    here = await desk()
    await here.app.todos.list(here.place.root)
    file = here.place.root / "calc/names.py"
    seen = asyncio.Event()

    def heard(_: Path, todos: tuple[Todo, ...]) -> None:
        if any(todo.text == "below the end" for todo in todos):
            seen.set()

    unsubscribe = here.app.todos.subscribe(heard)
    odd = b"# TODO: \x0c" + b"a" * 40 + b" 1 odd\n"
    here.app.todos.set_buffer(file, odd + file.read_bytes() + b"\n" * 30 + b"# TODO: below the end\n")
    await asyncio.wait_for(seen.wait(), 20)
    unsubscribe()
    known = await facts(here)
    assert known["below the end"][1].age == "uncommitted"
    assert known["greet politely"][1].writing is not None
    assert known["round up"][1].writing == known["greet politely"][1].writing
