"""The turn behind a line of a real Run's result."""

from __future__ import annotations

from tests.engine.conftest import MakeDesk
from tests.engine.world import edit, finish, plays, task, turn, write


async def test_a_line_of_the_result_leads_to_its_turn(desk: MakeDesk) -> None:
    here = await desk(
        plays(
            "more code",
            turn(write("calc/more.py", "ONE = 1\nTWO = 2\n")),
            turn(edit("calc/more.py", "TWO = 2\n", "TWO = 2\nTHREE = 3\n")),
            turn(edit("calc/rates.py", "RATE = 2", "RATE = 1 + 1"), finish()),
        ),
        plays("other code", turn(edit("calc/rates.py", "    # TODO: round up\n", ""), finish())),
    )
    run = await here.finish(task("more code"), task("other code", after=["more"]))
    assert run.state == "review", [(t.state, t.reason) for t in run.tasks]

    async def of(task_id: str, path: str, line: int) -> tuple[str, int | None, int | None]:
        found = await here.app.origins.of(run.id, task_id, path, line)
        return found.source, found.attempt, found.turn

    assert await of("more", "calc/more.py", 1) == ("agent", 1, 1)
    assert await of("more", "calc/more.py", 3) == ("agent", 1, 2)
    assert await of("more", "calc/rates.py", 1) == ("agent", 1, 3)
    assert await of("more", "calc/rates.py", 4) == ("before", None, None)
    # What the other Task wrote before is not this one's.
    assert await of("other", "calc/rates.py", 1) == ("before", None, None)
    assert await of("more", "calc/more.py", 99) == ("unknown", None, None)
    assert await of("more", "calc/none.py", 1) == ("unknown", None, None)
