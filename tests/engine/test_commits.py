"""What Accept puts on the branch: a commit a Task, told who did what for which Todo; and the Todos after."""

from __future__ import annotations

import pytest

from contextune.core.settings import AcceptMode
from tests.engine.conftest import MakeDesk
from tests.engine.test_accept import GUARD
from tests.engine.world import AREA, NAMES, Desk, edit, finish, plays, task, turn

GREET = edit("calc/names.py", '    return "hi "', '    return "dear "')


async def two_todos(here: Desk, mode: AcceptMode) -> str:
    """A Run for two Todos, accepted; its id."""
    todos = {todo.text: todo for todo in await here.app.scan(here.place.root)}
    run = await here.finish(
        task(AREA, "calc/area.py", todo_ids=(todos[AREA].id,)),
        task(NAMES, "calc/names.py", todo_ids=(todos[NAMES].id,), after=["refuse"]),
    )
    await here.app.accept(run.id, mode)
    return run.id


@pytest.mark.parametrize("moved", [False, True])
async def test_each_commit_says_what_it_is_for(desk: MakeDesk, *, moved: bool) -> None:
    partial = plays(NAMES, turn(GREET, finish("Dear.", remaining="Titles.")))
    here = await desk(plays(AREA, turn(GUARD, finish("Guarded."))), partial)
    todos = {todo.text: todo for todo in await here.app.scan(here.place.root)}
    run = await here.finish(
        task(AREA, "calc/area.py", todo_ids=(todos[AREA].id,)),
        task(NAMES, "calc/names.py", todo_ids=(todos[NAMES].id,), after=["refuse"]),
    )
    if moved:
        here.place.write("notes.txt", "mine\n")
        here.place.commit("meanwhile")
    done = await here.app.accept(run.id, "merge")
    for task_id, commit, title, summary, line in (
        ("refuse", "main~1", AREA, "Guarded.", "calc/area.py:2"),
        ("greet", "main", NAMES, "Dear.", "calc/names.py:2"),
    ):
        message = here.place.said("log", "-1", "--format=%B", commit)
        assert message.startswith(f"{title}\n\n{summary}\n")
        trailers = here.place.said("log", "-1", "--format=%(trailers:only,unfold)", commit).splitlines()
        attempt = done.task(task_id).attempt
        assert attempt is not None
        assert trailers == [
            f"Contextune-Todo: {line} {title}",
            f"Contextune-Run: {run.id}",
            f"Contextune-Model: {attempt.rung}",
            f"Contextune-Cost: ${done.task(task_id).bill.dollars:.6f}",
        ]
    assert "Left undone: Titles." in here.place.said("log", "-1", "--format=%B", "main")
    # The Todo of what is done is gone; that of partial work stays.
    assert AREA not in here.place.read("calc/area.py")
    assert f"TODO: {NAMES}" in here.place.read("calc/names.py")
    assert not any("TODO at" in note for note in done.notes)


async def test_a_todo_that_does_not_fit_what_is_said_is_told(desk: MakeDesk) -> None:
    kept = edit("calc/area.py", "    return w * h", "    return abs(w * h)")
    gone = edit("calc/names.py", f"    # TODO: {NAMES}\n", "")
    here = await desk(
        plays(AREA, turn(kept, finish("Done."))),
        plays(NAMES, turn(gone, finish("Half.", remaining="Titles."))),
    )
    run_id = await two_todos(here, "squash")
    notes = (await here.app.run(run_id)).notes
    assert "Task refuse says that it is done, and its TODO at calc/area.py:2 is still there." in notes
    assert "Task greet left something undone, and its TODO at calc/names.py:2 is gone: Titles." in notes
