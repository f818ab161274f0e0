"""`contextune/words/ask`: an editor over JSON-RPC, a real repository, the offline model over HTTP."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest

from contextune.core.runs.state_words import RUN_STATES, TASK_STATES
from contextune.core.states import RunState, TaskState
from contextune.engine.application import Application
from contextune.protocol.ask import editor_command
from tests.engine.conftest import MakeDesk, _alone, desk, one_certificate  # noqa: F401 fixtures
from tests.engine.test_asking import answers, ended, polite
from tests.engine.world import Desk
from tests.server.editor import Editor, RpcError


class Asked:
    """An editor whose daemon is a desk's own application."""

    def __init__(self, made: Desk) -> None:
        self.made = made

        async def compose() -> Application:
            return made.app

        self.editor = Editor(compose)

    async def ask(self, text: str, *arguments: str) -> dict[str, Any]:
        given = {"text": text, "folder": str(self.made.place.root), "arguments": list(arguments)}
        return dict(await self.editor.ask("contextune/words/ask", given))


@pytest.fixture
async def asked(desk: MakeDesk) -> AsyncIterator[Any]:  # noqa: F811
    opened: list[Asked] = []

    async def make(*conversations: dict[str, Any]) -> Asked:
        one = Asked(await desk(*conversations))
        await one.editor.open(one.made.place.root)
        opened.append(one)
        return one

    yield make
    for one in opened:
        await asyncio.wait_for(one.editor.hang_up(), 20)


async def test_a_skill_answers_and_its_commands_are_buttons(asked: Any) -> None:
    here = await asked()
    said = await here.ask("what should I parallelise?")
    assert "3 Todos make 3 Tasks" in said["markdown"]
    assert (said["by"], said["paidText"], said["choices"]) == ("rules", "", [])
    (action,) = said["actions"]
    assert (action["effect"], action["editorCommand"]) == ("spends", "contextune.parallelizeWorkspace")
    assert json.loads(action["argumentsJson"]) == [{"folder": str(here.made.place.root)}]
    assert here.made.server.log == []


async def test_new_work_is_a_button_that_ends_at_the_quote(asked: Any) -> None:
    here = await asked()
    said = await here.ask("work on Auth and Zones in parallel")
    (action,) = said["actions"]
    assert (action["editorCommand"], json.loads(action["argumentsJson"])) == (
        "contextune.runGoal",
        ["work on Auth and Zones in parallel"],
    )
    assert "priced first" in said["markdown"]
    assert await here.made.app.runs(None) == []


async def test_choices_go_back_as_arguments(asked: Any) -> None:
    here = await asked(answers("look after all this", intent="unsure", choices=["todos", "run-all"]))
    said = await here.ask("look after all this")
    assert (said["by"], said["command"]) == ("model", None)
    assert said["paidText"].startswith("$0.")
    choice = said["choices"][0]
    assert choice == {"title": "List the Todos", "command": "contextune todos", "arguments": ["todos"]}
    told = await here.ask("look after all this", *choice["arguments"])
    assert "3 Todos." in told["markdown"]
    assert "refuse negative sizes" in told["markdown"]
    with pytest.raises(RpcError, match="no command that plain words can stand for"):
        await here.ask("look after all this", "trust", "--unfenced")


async def test_what_only_reads_is_answered_for_every_kind(asked: Any) -> None:
    here = await asked(polite())
    run = await ended(here.made)
    for words, part in {
        "list runs": f"1. {run.title}",
        "show run 1": f"**{run.title}**",
        "why was today so expensive?": "was spent.",
        "which agents are there?": "parallel\\-task\\-executor, haiku",
        "doctor": "in order.",
        "list worktrees": "worktree",
        "what's wrong with my worktrees": "worktree",
        "how can I make it cheaper?": "The newest Run",
        "what can you do?": "Say it in plain words.",
        "todos": "Todos.",
    }.items():
        said = await here.ask(words)
        assert part in said["markdown"], (words, said["markdown"])
        assert said["command"] is not None
    accept = await here.ask("accept the run")
    assert [one["editorCommand"] for one in accept["actions"]] == ["contextune.acceptRun"]
    assert json.loads(accept["actions"][0]["argumentsJson"]) == [{"runId": run.id}]


async def test_what_a_todo_says_has_no_effect_on_the_page(desk: MakeDesk) -> None:  # noqa: F811
    made = await desk(files={"a.py": "# TODO: [click](command:evil) **now** <b>\nx = 1\n"})
    here = Asked(made)
    await here.editor.open(made.place.root)
    for words in ("todos", "what should I parallelise?"):
        said = (await here.ask(words))["markdown"]
        assert "\\[click\\]\\(command:evil\\) \\*\\*now\\*\\* \\<b\\>" in said
    await asyncio.wait_for(here.editor.hang_up(), 20)


def test_every_command_of_an_answer_is_one_of_the_editor() -> None:
    for arguments in (
        *(("run", "--all"), ("quote", "--all"), ("run", "--goal", "x"), ("run", "--todo", "t_1")),
        *(
            ("accept", "r_1"),
            ("cancel", "r_1/a"),
            ("retry", "r_1/a"),
            ("tell", "r_1/a", "x"),
            ("answer", "r_1/a", "x"),
        ),
        *(("worktrees", "clean"), ("worktrees", "mend"), ("cost", "--since", "2026-11-01"), ("doctor",)),
    ):
        found = editor_command(arguments, "/x")
        assert found is not None, arguments
        assert found[0].startswith("contextune.")
    assert editor_command(("tell", "r_1/a", "go on"), "/x") == ("contextune.tellAgent", ["r_1", "a", "go on"])
    assert editor_command(("agents",), "/x") is None


def test_every_state_has_its_words() -> None:
    assert set(RUN_STATES) == set(RunState.__args__)  # type: ignore[attr-defined]
    assert set(TASK_STATES) == set(TaskState.__args__)  # type: ignore[attr-defined]
