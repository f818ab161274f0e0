"""Where there is no Fence: nothing runs, nothing is spent, until the user allows it by name."""

from __future__ import annotations

import pytest

from contextune.core.errors import PlaceProblem, UsageProblem
from contextune.engine.surroundings.world import FenceFacts
from tests.engine.conftest import MakeDesk
from tests.engine.world import finish, plays, task, turn, write

NONE = FenceFacts(
    "none", "bubblewrap (bwrap) is not installed.", "Install bubblewrap: sudo apt-get install bubblewrap"
)


async def test_no_run_before_it_is_allowed_by_name(desk: MakeDesk) -> None:
    here = await desk(plays("first file", turn(write("calc/first.py", "FIRST = 1\n"), finish())))
    here.fence = NONE
    root = here.place.root
    with pytest.raises(PlaceProblem) as closed:
        await here.start(task("first file"))
    assert closed.value.exit_status == 4
    for words in ("no Fence here", "sudo apt-get install bubblewrap", f"trust {root} --unfenced {root.name}"):
        assert words in str(closed.value)
    assert await here.app.fence_lack(root) == f"Agents may run no commands in {root.name}: there is no Fence."
    with pytest.raises(UsageProblem, match=f"is called '{root.name}', not 'other'"):
        await here.app.allow_unfenced(root, "other")
    with pytest.raises(PlaceProblem):
        await here.start(task("first file"))
    assert here.server.log == []
    assert await here.app.allow_unfenced(root, root.name) == root
    assert (await here.finish(task("first file"))).state == "review"
    assert "as you allowed" in await here.app.fence_lack(root)
    await here.app.allow_unfenced(root, root.name, allowed=False)
    with pytest.raises(PlaceProblem):
        await here.quote(task("first file"))


async def test_with_a_fence_nothing_is_said(desk: MakeDesk) -> None:
    here = await desk()
    assert await here.app.fence_lack(here.place.root) == ""


async def test_doctor_says_what_is_missing(desk: MakeDesk) -> None:
    here = await desk()
    here.fence = NONE
    found = {check.name: check for check in await here.app.doctor(here.place.root)}["Fence"]
    assert (found.state, found.remedy) == ("problem", NONE.advice)
    assert "agents may run no commands" in found.detail
    await here.app.allow_unfenced(here.place.root, here.place.root.name)
    found = {check.name: check for check in await here.app.doctor(here.place.root)}["Fence"]
    assert found.state == "warning"
    assert "allowed here by you" in found.detail
