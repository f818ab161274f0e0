"""Every agent of a Run sends the same bytes up to the shared breakpoint: only so do they share a cache entry.

Whatever its Task, attempt, worktree or process.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest

from contextune.adapters.files.workspace import WorktreeFiles
from contextune.adapters.git.repository import open_repository
from contextune.adapters.source.outline import LayoutOutliner
from contextune.core.runs.effects import ToolCalled
from contextune.engine.attempts.context_pack import ContextPacks
from contextune.offline.wire import MessagesRequest, decode_request
from tests.engine.conftest import MakeDesk
from tests.engine.world import (
    AREA,
    FILES,
    GATE,
    NAMES,
    RATES,
    Desk,
    edit,
    finish,
    plays,
    task,
    turn,
    waits_for,
    write,
)

EARLIER = "# Earlier attempt"
INSTRUCTIONS = "Write short functions.\n"


class Body(msgspec.Struct, frozen=True):
    """The parts of a request as they were sent."""

    model: str
    tools: msgspec.Raw
    system: msgspec.Raw
    messages: tuple[Turn, ...]
    max_tokens: int
    thinking: msgspec.Raw = msgspec.Raw(b"")
    output_config: msgspec.Raw = msgspec.Raw(b"")

    @property
    def prefix(self) -> bytes:
        """All bytes up to the shared breakpoint, and what else the cache depends on."""
        shared = bytes(self.messages[0].content[0])
        assert b'"cache_control"' in shared
        model = self.model.encode()
        return b"\n".join([model, self.tools, self.system, shared, self.thinking, self.output_config])


class Turn(msgspec.Struct, frozen=True):
    role: str
    content: tuple[msgspec.Raw, ...]


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[Body]:
    """Every message request that a server of this test gets, as it was on the wire."""
    bodies: list[Body] = []

    def recording(raw: bytes, kind: type[Any]) -> Any:
        if kind is MessagesRequest:
            bodies.append(msgspec.json.decode(raw, type=Body))
        return decode_request(raw, kind)

    monkeypatch.setattr("contextune.offline.messages.decode_request", recording)
    return bodies


ONE_MODEL_TWICE = f"""
gate = {GATE!r}
gate_retries = 0
ladder = [{{model = "claude-haiku-5-5", effort = "low"}}, {{model = "claude-haiku-5-5", effort = "low"}}]
"""


async def reopened(here: Desk, run_id: str) -> None:
    """The application ends and another one takes the Run up."""
    await here.app.close()
    here.app = here.open()
    await here.app.resume(run_id)


async def test_tasks_attempts_and_processes_share_their_prefix(
    desk: MakeDesk, sent: list[Body], tmp_path: Path
) -> None:
    broken = edit("calc/area.py", "return w * h", "return w + h + 10")
    here = await desk(
        plays(AREA, turn(broken, finish()), unless=[EARLIER]),
        plays(
            AREA, turn(edit("calc/area.py", "return w + h + 10", "return h * w"), finish()), user=[EARLIER]
        ),
        plays(NAMES, turn(edit("calc/names.py", '"hi "', '"Dear "')), turn(finish())),
        plays(
            RATES,
            turn(write("calc/more.py", "MORE = 1\n")),
            turn(waits_for(tmp_path / "never")),
            turn(finish()),
        ),
        files=FILES | {"AGENTS.md": INSTRUCTIONS},
        settings=ONE_MODEL_TWICE,
    )
    tasks = [task(AREA, "calc/area.py"), task(NAMES, "calc/names.py"), task(RATES, "calc/rates.py")]
    run = await here.start(*tasks)
    await here.until(lambda run: len(run.joined) == 2)
    await here.event(ToolCalled, task_id="round", name="bash")
    before = len(sent)
    await reopened(here, run.id)
    assert (await here.wait(run.id)).state == "review"
    assert len(sent) > before
    # Two attempts of one Task and one each of two, of which one goes on in another process: they differ in
    # worktree, port, id and time.
    own = [body.messages[0].content[1:] for body in sent if body.max_tokens]
    assert len({tuple(msgspec.json.decode(raw)["text"] for raw in blocks) for blocks in own}) == 4
    assert len({body.prefix for body in sent}) == 1
    assert INSTRUCTIONS.strip().encode() in sent[0].prefix
    places = [str(here.home), str(tmp_path / "home0"), "localhost", run.id]
    assert [place for place in places if place.encode() in sent[0].prefix] == []


BEST_OF_THREE = f"""
gate = {GATE!r}
ladder = [{{model = "claude-haiku-5-5", effort = "low", tries = 3}}]
"""


async def test_tries_side_by_side_share_their_prefix(desk: MakeDesk, sent: list[Body]) -> None:
    files = {f"docs/page_{n:03}_with_a_long_name.md": "x\n" for n in range(40)}
    here = await desk(
        plays(AREA, turn(edit("calc/area.py", "w * h", "h * w"), finish())),
        files=FILES | files,
        settings=BEST_OF_THREE,
    )
    run = await here.finish(task(AREA, "calc/area.py"))
    assert (run.state, len(run.tasks[0].attempts)) == ("review", 3)
    assert [body.max_tokens for body in sent] == [0, 8192, 8192, 8192]
    assert len({body.prefix for body in sent}) == 1
    usages = [entry.usage for entry in here.server.log if entry.usage is not None]
    written = usages[0].cache_creation_input_tokens
    assert written > 512
    assert [usage.cache_read_input_tokens for usage in usages[1:]] == [written] * 3


async def test_tries_at_one_task_in_several_worktrees_are_told_the_same(
    desk: MakeDesk, tmp_path: Path
) -> None:
    here = await desk(plays(AREA, turn(write("calc/more.py", "MORE = 1\n"), finish())))
    run = await here.finish(task(AREA, "calc/area.py"))
    repository = open_repository(here.place.root)
    packs = [ContextPacks(repository, LayoutOutliner(), run) for _ in range(2)]
    told = []
    for name in ("one", "two"):
        here.place.git("worktree", "add", "-q", "--detach", str(tmp_path / name), run.base.commit)
        files = WorktreeFiles(tmp_path / name)
        told += [pack.first_message(run.plan.tasks[0], files) for pack in packs]
    assert told == [told[0]] * 4
    assert told[0][0].cache
