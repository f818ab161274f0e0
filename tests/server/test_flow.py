"""A Run from the first click to Undo in an editor that knows only LSP."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import pytest

from contextune.core.errors import PlaceProblem
from contextune.core.runs import events as ev
from contextune.core.runs.endings import RunReady
from contextune.core.runs.file_change import FileChange
from contextune.core.runs.run import Run
from tests.protocol import samples as s
from tests.server.editor import Editor, RpcError
from tests.server.played import Played

QUOTED = (
    "“2 TODOs of sizes.py”: 2 tasks in 1 wave, $0.0100 to $0.0400, likely $0.0200. "
    "All-Sonnet would cost $0.3000. Planning cost $0.0050. Two Tasks touch parcel/sizes.py. "
    "They run at the same time. test_a fails on the base."
)
OUTCOME = (
    "“2 TODOs of sizes.py”: 2 of 2 tasks accepted for $0.0074, 74 % less than all-Sonnet. "
    "See it with: git diff c0 g-add-kilo"
)


def choose(title: str | None) -> Callable[[Any], Any]:
    return lambda _: {"title": title} if title else None


async def delegate(editor: Editor) -> None:
    asked = {"command": "contextune.lsp.delegateTodo", "arguments": [{"todoIds": [s.TODOS[0].id]}]}
    assert await editor.ask("workspace/executeCommand", asked) is None


async def command(editor: Editor, name: str, **argument: Any) -> Any:
    asked = {"command": f"contextune.lsp.{name}", "arguments": [argument] if argument else None}
    return await editor.ask("workspace/executeCommand", asked)


def to_review(app: Played, folder: Path, flag: str = "") -> Run:
    quote = s.make_quote(str(folder))
    for task in quote.plan.tasks:
        app.happen(*s.started(task.id), *s.finished(task.id))
    change = FileChange(path="parcel/sizes.py", before="b0", after="b1", insertions=3, deletions=1)
    change = msgspec.structs.replace(change, flag=flag)
    run = app.happen(RunReady(run_id="r_1", at=4_000, ghost="g-add-kilos", files=(change,)))
    app.end()
    return run


async def started(app: Played) -> None:
    await app.until("start", "q_1", [], None, None)


async def test_quote_run_accept_undo(editor: Editor, app: Played, folder: Path) -> None:
    asked: list[tuple[str, list[str]]] = []

    def answer(params: Any) -> Any:
        titles = [action["title"] for action in params["actions"]]
        asked.append((params["message"], titles))
        return {"title": titles[0]}

    editor.answers["window/showMessageRequest"] = answer
    await editor.open(folder)
    await delegate(editor)
    await started(app)
    to_review(app, folder)
    await app.until("accept", "r_1", "merge")
    assert asked == [(QUOTED, ["Start", "Cancel"]), (OUTCOME, ["Accept", "Later", "Discard"])]
    shown = await editor.hear("window/showMessage")
    assert shown["message"] == (
        "Accepted “2 TODOs of sizes.py” on main. "
        "Undo by the code lens at the top of a changed file, or with: contextune undo r_1"
    )

    document = {"textDocument": {"uri": (folder / "parcel/sizes.py").as_uri()}}
    [undo, *_] = await editor.ask("textDocument/codeLens", document)
    assert undo["command"]["title"] == "Undo “2 TODOs of sizes.py”"
    await editor.ask("workspace/executeCommand", undo["command"])
    await app.until("undo", "r_1")
    undone = "Undone: “2 TODOs of sizes.py”. main is back where it was, at h0, and so are files and index."
    assert await editor.hear("window/showMessage", lambda m: m["message"] == undone)


async def test_progress_begins_rises_and_ends(editor: Editor, app: Played, folder: Path) -> None:
    editor.answers["window/showMessageRequest"] = lambda p: {"title": p["actions"][0]["title"]}
    await editor.open(folder)
    await delegate(editor)
    await started(app)
    is_run = "Contextune: 2 TODOs of sizes.py"
    begun = await editor.hear("$/progress", lambda p: p["value"].get("title") == is_run)
    assert begun["value"] == {
        "kind": "begin",
        "title": is_run,
        "cancellable": True,
        "message": "0 of 2 tasks done · $0.0050",
        "percentage": 0,
    }
    to_review(app, folder)
    await app.until("accept", "r_1", "merge")
    of_run = [p["value"] for p in editor.all("$/progress") if p["token"] == begun["token"]]
    assert of_run[-1]["kind"] == "end"
    assert {value["kind"] for value in of_run} == {"begin", "report", "end"}
    tokens = [params["token"] for params in editor.all("window/workDoneProgress/create")]
    assert len(set(tokens)) == 2


@pytest.mark.parametrize("answer", ["Cancel", None])
async def test_a_refused_quote_starts_nothing(
    editor: Editor, app: Played, folder: Path, answer: str | None
) -> None:
    editor.answers["window/showMessageRequest"] = choose(answer)
    await editor.open(folder)
    await delegate(editor)
    await editor.hear("window/showMessageRequest")
    # The answer is on its way before these requests, so its consequences come before their answers.
    for _ in range(3):
        await editor.ask("contextune/run/list", {})
    assert [call[0] for call in app.calls if call[0] in {"quote", "start", "leave"}] == ["quote", "leave"]


async def test_a_failing_quote_is_told(editor: Editor, app: Played, folder: Path) -> None:
    app.prepared = PlaceProblem("There is no API key. Set ANTHROPIC_API_KEY.")
    await editor.open(folder)
    await delegate(editor)
    shown = await editor.hear("window/showMessage")
    assert shown == {"type": 1, "message": "There is no API key. Set ANTHROPIC_API_KEY."}


async def test_cancelling_the_first_bar_cancels_the_quote(editor: Editor, app: Played, folder: Path) -> None:
    app.hold = asyncio.Event()
    await editor.open(folder)
    await delegate(editor)
    begun = await editor.hear("$/progress", lambda p: p["value"]["kind"] == "report")
    editor.tell("window/workDoneProgress/cancel", {"token": begun["token"]})
    ended = await editor.hear("$/progress", lambda p: p["value"]["kind"] == "end")
    assert ended["value"]["message"] == "Cancelled"
    assert not editor.all("window/showMessageRequest")


async def test_cancelling_the_second_bar_cancels_the_run(editor: Editor, app: Played, folder: Path) -> None:
    editor.answers["window/showMessageRequest"] = choose("Start")
    await editor.open(folder)
    await delegate(editor)
    begun = await editor.hear("$/progress", lambda p: p["value"].get("title", "").endswith("sizes.py"))
    editor.tell("window/workDoneProgress/cancel", {"token": begun["token"]})
    await app.until("cancel", "r_1")
    shown = await editor.hear("window/showMessage")
    assert shown["type"] == 3
    assert shown["message"].startswith("“2 TODOs of sizes.py”: 0 of 2 tasks accepted for $0.0050")


async def test_a_question_is_asked_once_and_answered(editor: Editor, app: Played, folder: Path) -> None:
    def answer(params: Any) -> Any:
        titles = [action["title"] for action in params["actions"]]
        return {"title": "kilos" if "kilos" in titles else titles[0]}

    editor.answers["window/showMessageRequest"] = answer
    await editor.open(folder)
    await delegate(editor)
    await started(app)
    asks = ev.QuestionAsked(
        run_id="r_1", at=2_600, task_id="round-up", question="Which unit?", choices=("grams", "kilos")
    )
    app.happen(*s.started("round-up"), asks)
    app.happen(ev.Noted(run_id="r_1", at=2_700, text="more"))
    await app.until("answer", "r_1", "round-up", "kilos")
    questions = [p for p in editor.all("window/showMessageRequest") if " asks: " in p["message"]]
    assert [q["message"] for q in questions] == ["“round up” asks: Which unit?"]
    app.happen(
        ev.QuestionAsked(run_id="r_1", at=2_800, task_id="round-up", question="Which name?", choices=())
    )
    shown = await editor.hear("window/showMessage")
    assert shown["message"] == "“round up” asks: Which name? Answer with: contextune answer round-up TEXT"
    await command(editor, "answerQuestion", runId="r_1", taskId="round-up", text="kg")
    assert ("answer", "r_1", "round-up", "kg") in app.calls
    await command(editor, "pauseTask", runId="r_1", taskId="round-up")
    await command(editor, "resumeTask", runId="r_1", taskId="round-up")
    assert app.calls[-2:] == [("pause_task", "r_1", "round-up"), ("resume_task", "r_1", "round-up")]
    app.end()


async def test_a_reached_budget_can_be_doubled(editor: Editor, app: Played, folder: Path) -> None:
    editor.answers["window/showMessageRequest"] = lambda p: {"title": p["actions"][0]["title"]}
    await editor.open(folder)
    await delegate(editor)
    await started(app)
    app.happen(ev.RunPaused(run_id="r_1", at=3_000, state="parked", reason="The budget of $2.00 is reached."))
    await app.until("resume", "r_1", Decimal("4.00"))
    [asked] = [p for p in editor.all("window/showMessageRequest") if "budget" in p["message"]]
    assert asked["message"] == "“2 TODOs of sizes.py”: The budget of $2.00 is reached."
    assert [action["title"] for action in asked["actions"]] == ["Go on with $4.00", "Later"]
    app.end()


async def test_a_budget_around_the_runs_own_is_raised_in_the_settings_and_asked_about_each_time(
    editor: Editor, app: Played, folder: Path
) -> None:
    editor.answers["window/showMessageRequest"] = lambda p: {"title": p["actions"][0]["title"]}
    await editor.open(folder)
    await delegate(editor)
    await started(app)
    reached = "The budget of the day, $1.00, is reached."
    for at in (3_000, 4_000):
        app.calls.clear()
        app.happen(ev.RunPaused(run_id="r_1", at=at, state="parked", reason=reached, scope="day"))
        await app.until("resume", "r_1", None)
        app.happen(ev.RunResumed(run_id="r_1", at=at + 1, budget=Decimal("2.00")))
    asked = [p for p in editor.all("window/showMessageRequest") if "budget" in p["message"]]
    assert [one["message"] for one in asked] == [
        f"“2 TODOs of sizes.py”: {reached} Raise `day_budget` in the settings, then go on."
    ] * 2
    assert [action["title"] for action in asked[0]["actions"]] == ["Go on", "Later"]
    app.end()


async def test_a_discarded_result_says_where_it_is_kept(editor: Editor, app: Played, folder: Path) -> None:
    answers = iter(["Start", "Discard"])
    editor.answers["window/showMessageRequest"] = lambda _: {"title": next(answers)}
    await editor.open(folder)
    await delegate(editor)
    await started(app)
    to_review(app, folder)
    await app.until("discard", "r_1")
    shown = await editor.hear("window/showMessage")
    assert shown["message"] == "Discarded “2 TODOs of sizes.py”. It is kept in refs/contextune/salvage/r_1."


async def test_a_run_with_nothing_to_accept_says_why(editor: Editor, app: Played, folder: Path) -> None:
    editor.answers["window/showMessageRequest"] = choose("Start")
    await editor.open(folder)
    await delegate(editor)
    await started(app)
    for task in ("round-up", "add-kilos"):
        app.happen(
            ev.TaskEnded(run_id="r_1", at=3_000, task_id=task, state="failed", reason="The Gate stayed red.")
        )
    app.happen(RunReady(run_id="r_1", at=4_000, ghost=None, files=()))
    app.end()
    shown = await editor.hear("window/showMessage")
    assert shown == {
        "type": 2,
        "message": "“2 TODOs of sizes.py”: 0 of 2 tasks accepted for $0.0050. "
        "“round up” failed: The Gate stayed red. “add kilos” failed: The Gate stayed red.",
    }


def cannot(_: Any) -> Any:
    """What an editor says to a request that it does not know."""
    raise RpcError({"code": -32601, "message": "Method not found"})


async def answers(editor: Editor, folder: Path) -> dict[str, Any]:
    """The code actions that answer questions, on a line without a TODO."""
    where = {"line": 0, "character": 0}
    params = {
        "textDocument": {"uri": (folder / "parcel/sizes.py").as_uri()},
        "range": {"start": where, "end": where},
        "context": {"diagnostics": [], "triggerKind": 1},
    }
    actions = await editor.ask("textDocument/codeAction", params)
    return {a["title"]: a["command"] for a in actions if a["command"]["command"] == "contextune.lsp.choose"}


async def test_where_an_editor_cannot_ask_code_actions_answer(
    editor: Editor, app: Played, folder: Path
) -> None:
    editor.answers["window/showMessageRequest"] = cannot
    await editor.open(folder)
    assert await answers(editor, folder) == {}
    await delegate(editor)
    await editor.hear("window/showMessage", lambda m: m["message"].endswith(QUOTED))
    offered = await answers(editor, folder)
    begins = "“2 TODOs of sizes.py”: 2 tasks in 1 wave, $0.0100 to…"
    assert list(offered) == [f"Start: {begins}", f"Cancel: {begins}"]
    await editor.ask("workspace/executeCommand", offered[f"Start: {begins}"])
    await started(app)
    to_review(app, folder)
    await editor.hear("window/showMessage", lambda m: m["message"].endswith(OUTCOME))
    results = await answers(editor, folder)
    [accept, *others] = results
    assert accept.startswith("Accept: “2 TODOs of sizes.py”: 2 of 2 tasks")
    assert len(others) == 2
    with pytest.raises(RpcError, match="does not wait for an answer any more"):
        await editor.ask("workspace/executeCommand", offered[f"Start: {begins}"])
    wrong = {**results[accept], "arguments": [{**results[accept]["arguments"][0], "choice": "Perhaps"}]}
    with pytest.raises(RpcError, match="Expected one of Accept, Later, Discard, not 'Perhaps'"):
        await editor.ask("workspace/executeCommand", wrong)
    await editor.ask("workspace/executeCommand", results[accept])
    await app.until("accept", "r_1", "merge")
    assert await answers(editor, folder) == {}


async def test_an_editor_that_cannot_ask_or_show_progress_starts_nothing(
    editor: Editor, app: Played, folder: Path
) -> None:
    editor.answers["window/showMessageRequest"] = cannot
    await editor.open(folder, capabilities={})
    await delegate(editor)
    shown = await editor.hear("window/showMessage")
    assert shown["message"] == f"Answer by a code action of any line: {QUOTED}"
    assert not editor.all("$/progress")
    assert not [call for call in app.calls if call[0] == "start"]


async def test_commands_without_an_argument_take_the_newest_run_that_fits(
    editor: Editor, app: Played, folder: Path
) -> None:
    await editor.open(folder)
    with pytest.raises(RpcError, match="No Run of the open folders fits acceptRun"):
        await command(editor, "acceptRun")
    app.known["r_1"] = s.reviewed(s.make_quote(str(folder)))
    shown = await command(editor, "showRun")
    assert shown["run"]["id"] == "r_1"
    assert await command(editor, "acceptRun") is None
    await app.until("accept", "r_1", "merge")
    assert await command(editor, "undoRun", runId="r_1") is None
    await app.until("undo", "r_1")
    app.known["r_2"] = msgspec.structs.replace(s.make_run(quote=s.make_quote(str(folder))), id="r_2")
    await command(editor, "pauseRun")
    await command(editor, "resumeRun")
    await command(editor, "cancelRun")
    assert [call for call in app.calls if call[0] in {"pause", "resume", "cancel"}] == [
        ("pause", "r_2"),
        ("resume", "r_2", None),
        ("cancel", "r_2"),
    ]


async def test_closing_in_the_middle_of_a_run_leaves_nothing_behind(
    editor: Editor, app: Played, folder: Path
) -> None:
    editor.answers["window/showMessageRequest"] = choose("Start")
    await editor.open(folder)
    await delegate(editor)
    await started(app)
    await editor.ask("shutdown")
    editor.tell("exit", None)
    assert await editor.ended() == 0
    assert app.calls[-1] == ("close",)
    assert app.todos.listeners == []


@pytest.mark.parametrize("consents", [True, False])
async def test_a_file_that_can_do_more_than_code_is_named_before_it_is_accepted(
    editor: Editor, app: Played, folder: Path, consents: bool
) -> None:
    asked: list[str] = []
    named = asyncio.Event()

    def answer(params: Any) -> Any:
        asked.append(params["message"])
        titles = [action["title"] for action in params["actions"]]
        if "ask for a look" in asked[-1]:
            named.set()
        return {"title": "Later" if "ask for a look" in asked[-1] and not consents else titles[0]}

    editor.answers["window/showMessageRequest"] = answer
    await editor.open(folder)
    await delegate(editor)
    await started(app)
    to_review(app, folder, "runs in CI")
    if consents:
        await app.until("accept", "r_1", "merge", ("parcel/sizes.py",))
    else:
        await asyncio.wait_for(named.wait(), 30)
        await editor.hang_up()
        assert not [call for call in app.calls if call[0] == "accept"]
    assert asked[-1] == ("These files ask for a look: parcel/sizes.py (runs in CI). Accept them, too?")


async def test_a_run_makes_issues_where_its_user_says_so(editor: Editor, app: Played, folder: Path) -> None:
    app.forge.asked = True

    def answer(params: Any) -> Any:
        titles = [action["title"] for action in params["actions"]]
        return {"title": "Later" if "Later" in titles else titles[0]}

    editor.answers["window/showMessageRequest"] = answer
    await editor.open(folder)
    await delegate(editor)
    await started(app)
    assert app.forge.wanted is True
    to_review(app, folder)


async def test_the_editors_session_signs_in_to_github(editor: Editor, app: Played, folder: Path) -> None:
    await editor.open(folder)
    none = await editor.ask("contextune/forge/signIn", {"token": None})
    assert none == {"host": "github.com", "source": "none"}
    signed = await editor.ask("contextune/forge/signIn", {"token": "gho_editor"})
    assert signed == {"host": "github.com", "source": "editor"}
    assert app.forge.token == "gho_editor"
