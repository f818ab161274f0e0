"""Plain words, a real repository and the offline model: what they are read as, and at what price."""

from __future__ import annotations

import json
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import pytest

from contextune.core.errors import UsageProblem
from contextune.core.language.intent import Intent
from contextune.core.runs.run import Run
from contextune.core.spending.agents import agent_rows
from tests.engine.conftest import MakeDesk
from tests.engine.world import GATE, NAMES, Desk, edit, finish, plays, task, turn

POLITE = edit("calc/names.py", f'    # TODO: {NAMES}\n    return "hi "', '    return "hello "')


def answers(words: str, **answer: Any) -> dict[str, Any]:
    """A conversation in which intent-recognition says this of these words."""
    return {
        "name": words,
        "when": {"system": "You are intent-recognition", "user": words},
        "turn": [{"text": json.dumps(answer)}],
    }


async def understood(made: Desk, words: str, **overrides: Any) -> Any:
    return await made.app.asking.understand(made.place.root, words, overrides=overrides)


async def ended(made: Desk) -> Run:
    return await made.finish(task("greet politely", "calc/names.py"))


def polite() -> dict[str, Any]:
    return plays("greet politely", turn(POLITE, finish()))


async def test_what_rules_read_asks_no_model(desk: MakeDesk) -> None:
    made = await desk()
    read = await understood(made, "work on Auth and zones in parallel")
    assert (read.by, read.asked, read.intent.effect) == ("rules", False, "spends")
    assert read.intent.arguments == ("run", "--goal", "work on Auth and zones in parallel")
    assert made.server.log == []


async def test_what_rules_cannot_read_is_one_question_on_the_books(desk: MakeDesk) -> None:
    words = "take the greetings and the sizes off my hands"
    made = await desk(answers(words, intent="run-goal", text="drop all tests"))
    read = await understood(made, words)
    assert (read.by, read.asked) == ("model", True)
    assert read.intent == Intent(arguments=("run", "--goal", words))
    assert 0 < read.paid < Decimal("0.01")
    row = agent_rows(await made.app.costs(None))["intent-recognition"]
    assert (row.calls, row.dollars) == (1, read.paid)
    assert len(made.server.log) == 1


async def test_choices_come_back_and_one_of_them_is_followed(desk: MakeDesk) -> None:
    made = await desk(answers("look after all this", intent="unsure", choices=["run-all", "todos"]))
    read = await understood(made, "look after all this")
    assert read.intent is None
    assert [one.intent.arguments for one in read.options] == [("run", "--all"), ("todos",)]
    chosen = await made.app.asking.chosen(made.place.root, read.words, ("todos",))
    assert chosen.intent == Intent(arguments=("todos",))
    for wrong in ((), ("trust",), ("skills", "x")):
        with pytest.raises(UsageProblem, match="no command that plain words can stand for"):
            await made.app.asking.chosen(made.place.root, "", wrong)


@pytest.mark.parametrize(
    ("answer", "because"),
    [
        ({"intent": "accept", "run": "r_1a2b3c4d"}, "a Run that nobody named"),
        ({"intent": "tell", "task": "greet-politely", "text": "push"}, "words that nobody said"),
        ({"intent": "none"}, "nothing of ours"),
    ],
)
async def test_an_answer_that_says_more_than_the_words_is_declined(
    desk: MakeDesk, answer: Mapping[str, Any], because: str
) -> None:
    made = await desk(answers("merge the thing somehow", **answer))
    read = await understood(made, "merge the thing somehow")
    assert read.intent is None, because
    assert (read.by, read.asked) == ("nobody", True)
    assert read.options


async def test_what_words_forbid_is_never_followed(desk: MakeDesk) -> None:
    made = await desk(answers("whatever you do, don't do all todos", intent="run-all"))
    read = await understood(made, "whatever you do, don't do all todos")
    assert read.intent is None
    assert [one.intent.arguments for one in read.options] == [("run", "--all")]


@pytest.mark.parametrize("budget", ["0", "0.0001"])
async def test_nothing_is_asked_beyond_its_budget(desk: MakeDesk, budget: str) -> None:
    made = await desk(settings=f"gate = {GATE!r}\nask_budget = {budget!r}\n")
    read = await understood(made, "the worktrees, somehow")
    assert (read.intent, read.asked) == (None, False)
    assert "The rules do not understand that." in read.text
    assert ("ask_budget" in read.text) == (budget == "0")
    assert any("worktree" in one.title for one in read.options)
    assert made.server.log == []


async def test_without_a_key_the_nearest_choices_are_shown(desk: MakeDesk) -> None:
    made = await desk()
    made.app.set_key(None)
    read = await understood(made, "something about costs perhaps")
    assert "No model could tell" in read.text
    assert read.options[0].intent.arguments[0] == "cost"
    assert made.server.log == []


async def test_a_run_is_the_one_that_words_mean(desk: MakeDesk) -> None:
    made = await desk(polite())
    for words in ("show run 1", "what's blocking the last run?", "show yesterday's run"):
        read = await understood(made, words)
        assert (read.intent, read.text) == (None, "This repository has no Runs yet.")
    run = await ended(made)
    for words in (
        *(
            "show run 1",
            "show the last run",
            "show today's run",
            "how is the run going?",
            "show the first run",
        ),
        f"show {run.id}",
        f"show {run.id[:6]}",
    ):
        read = await understood(made, words)
        assert read.intent == Intent(arguments=("show", run.id)), words
    assert (await understood(made, "accept the run")).intent == Intent(arguments=("accept", run.id))
    third = await understood(made, "show run 3")
    assert third.text == "There is no run 3: `contextune runs` lists 1."
    assert [one.intent.arguments for one in third.options] == [("show", run.id)]
    paused = await understood(made, "pause the run")
    assert (paused.text, paused.options) == ("There is no Run that `pause` can be used on.", ())
    yesterday = await understood(made, "accept yesterday's run")
    assert (yesterday.intent, yesterday.options) == (None, ())


async def test_what_several_runs_may_mean_is_asked(desk: MakeDesk) -> None:
    made = await desk(polite())
    first = await ended(made)
    await made.app.undo(first.id) if first.state == "accepted" else await made.app.discard(first.id)
    quote = await made.quote(task("greet politely", "calc/names.py"))
    second = await made.app.start(quote.id)
    await made.app.cancel(second.id)
    await made.app.wait(second.id)
    read = await understood(made, "show today's run")
    assert read.intent is None
    assert read.text == "Which Run is meant?"
    assert [one.intent.arguments for one in read.options] == [("show", second.id), ("show", first.id)]
    again = await understood(made, f"retry task {second.tasks[0].id}")
    assert again.intent == Intent(arguments=("retry", f"{second.id}/{second.tasks[0].id}"))
    assert (await understood(made, "retry task nothing")).text == (
        "No Run here has a Task that is called nothing."
    )


async def test_words_are_checked(desk: MakeDesk) -> None:
    made = await desk()
    with pytest.raises(UsageProblem, match="TEXT: say what"):
        await understood(made, "  ")
    read = await understood(made, "x" * 3_000)
    assert (read.asked, read.intent) == (False, None)
    assert "too long for a command" in read.text
    assert made.server.log == []
