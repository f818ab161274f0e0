"""What streams to the client: Quotes, Runs, Todos, the meter; and every other method once."""

from __future__ import annotations

import asyncio
import json
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import quote

import msgspec
import pytest

from contextune.core.errors import BudgetReached
from contextune.core.model.budget import Limits
from contextune.core.planning.quote import Quote
from contextune.core.runs import events as ev
from contextune.core.runs.endings import RunCancelled
from contextune.protocol.convert import run_view
from contextune.protocol.days import start_of, today
from contextune.server import pace
from tests.core.past import created, entry, past, planned
from tests.protocol import samples as s
from tests.server.editor import Editor, RpcError
from tests.server.played import Played


def wire(view: Any) -> Any:
    return msgspec.json.decode(msgspec.json.encode(view))


async def test_a_quote_streams_under_the_id_that_was_given_first(
    editor: Editor, app: Played, folder: Path
) -> None:
    await editor.open(folder)
    created = await editor.ask("contextune/quote/create", {"all": True})
    quote_id = created["quoteId"]
    ready = await editor.hear("contextune/quote/changed", lambda q: q["state"] == "ready")
    assert (ready["quoteId"], ready["quote"]["id"], ready["folder"]) == (quote_id, quote_id, str(folder))
    assert ready["quote"]["price"]["text"] == "$0.0100 to $0.0400, likely $0.0200"
    stages = [(q["state"], q["stage"]) for q in editor.all("contextune/quote/changed")]
    assert stages == [("planning", "Taking the base"), ("ready", "Ready")]
    answered = editor.order.index(2)
    assert answered < editor.order.index("contextune/quote/changed"), "the id comes before news of it"

    edits = [{"id": "round-up", "include": False}, {"id": "add-kilos", "title": "kilos", "start": 2}]
    asked = {"quoteId": quote_id, "edits": edits, "budget": "1.50", "agents": 3}
    started = await editor.ask("contextune/run/start", asked)
    assert started == {"runId": "r_1"}
    [call] = [call for call in app.calls if call[0] == "start"]
    assert call[1] == "q_1"
    assert call[2] == [
        {"id": "round-up", "include": False, "title": None, "brief": None, "start": None},
        {"id": "add-kilos", "include": True, "title": "kilos", "brief": None, "start": 2},
    ]
    assert (str(call[3]), call[4]) == ("1.50", 3)


async def test_a_quote_that_fails_says_why(editor: Editor, app: Played, folder: Path) -> None:
    app.prepared = BudgetReached("Planning would exceed the budget of $0.01. Raise it.")
    await editor.open(folder)
    created = await editor.ask("contextune/quote/create", {"goal": "work on auth"})
    failed = await editor.hear("contextune/quote/changed", lambda q: q["state"] == "failed")
    assert failed == {
        "quoteId": created["quoteId"],
        "folder": str(folder),
        "state": "failed",
        "stage": "Planning would exceed the budget of $0.01. Raise it.",
        "quote": None,
    }


async def test_two_quotes_have_two_ids(editor: Editor, folder: Path) -> None:
    await editor.open(folder)
    ids = [(await editor.ask("contextune/quote/create", {"all": True}))["quoteId"] for _ in range(2)]
    assert len(set(ids)) == 2


async def test_a_run_streams_few_messages_and_always_its_last_state(
    editor: Editor, app: Played, folder: Path
) -> None:
    await editor.open(folder)
    await app.until("warm")
    app.happen(s.created(s.make_quote(str(folder))))
    for number in range(300):
        app.happen(ev.Noted(run_id="r_1", at=2_000 + number, text=f"note {number}"))
    last = app.happen(*s.started("round-up"))
    heard = await editor.hear("contextune/run/changed", lambda m: m["run"]["sequence"] == last.seq)
    assert heard == {"run": wire(run_view(last, "here")), "taskIds": None}
    sent = [m["run"]["sequence"] for m in editor.all("contextune/run/changed")]
    assert sent == sorted(sent)
    assert len(sent) == 2
    meter = await editor.hear("contextune/meter/changed", lambda m: m["level"] == "running")
    assert meter["runId"] == "r_1"


async def test_lenses_are_asked_for_anew_where_an_open_file_has_others(
    editor: Editor, app: Played, folder: Path
) -> None:
    await editor.open(folder)
    await app.until("warm")
    app.happen(s.created(s.make_quote(str(folder))))
    await editor.hear("contextune/run/changed")
    assert editor.all("workspace/codeLens/refresh") == []  # no file is open
    uri = (folder / "parcel/sizes.py").as_uri()
    document = {"uri": uri, "languageId": "python", "version": 1, "text": "# TODO: round up\n" * 40}
    editor.tell("textDocument/didOpen", {"textDocument": document})
    before = await editor.ask("textDocument/codeLens", {"textDocument": {"uri": uri}})
    run = app.happen(*s.started("round-up"))
    await editor.hear("workspace/codeLens/refresh")
    now = await editor.ask("textDocument/codeLens", {"textDocument": {"uri": uri}})
    assert (len(before), before != now) == (len(now), True)
    # What no lens shows has nobody ask.
    app.happen(ev.Noted(run_id="r_1", at=9_000, text="Nothing of a TODO."))
    app.happen(ev.RunAdjusted(run_id="r_1", at=9_100, budget=Decimal(3), agents=2))
    await editor.hear("contextune/run/changed", lambda m: m["run"]["sequence"] > run.seq)
    await asyncio.get_running_loop().run_in_executor(None, lambda: None)
    assert len(editor.all("workspace/codeLens/refresh")) == 1


async def test_a_run_that_stands_otherwise_is_told_before_one_that_only_moves_on(
    editor: Editor, app: Played, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in (("FOLLOWED", 0), ("PROGRESS_A_TASK", 3_600.0), ("LONGEST_PROGRESS", 3_600.0)):
        monkeypatch.setattr(pace, name, value)
    await editor.open(folder)
    await app.until("warm")
    app.happen(s.created(s.make_quote(str(folder))), *s.started("round-up"))
    app.happen(ev.Noted(run_id="r_1", at=9_000, text="Nothing that has to be known at once."))
    asks = ev.QuestionAsked(run_id="r_1", at=9_100, task_id="round-up", question="How?", choices=())
    run = app.happen(asks)
    told = await editor.hear("contextune/run/changed", lambda m: m["run"]["sequence"] >= run.seq)
    assert told["run"]["notes"] == ["Nothing that has to be known at once."]


async def test_a_run_says_which_process_drives_it(editor: Editor, app: Played, folder: Path) -> None:
    await editor.open(folder)
    await app.until("warm")
    app.lookout.drivers["r_1"] = "elsewhere"
    app.happen(s.created(s.make_quote(str(folder))))
    heard = await editor.hear("contextune/run/changed")
    assert heard["run"]["driver"] == "elsewhere"
    app.lookout.drivers["r_1"] = "nobody"
    assert app.lookout.changed is not None
    app.lookout.changed("r_1")
    app.lookout.changed("r_unknown")
    await editor.hear("contextune/run/changed", lambda m: m["run"]["driver"] == "nobody")


async def test_a_run_that_was_left_goes_on_by_itself(editor: Editor, app: Played, folder: Path) -> None:
    await editor.open(folder)
    await app.until("warm")
    run = app.happen(s.created(s.make_quote(str(folder))))
    assert app.lookout.left is not None
    app.by_itself = None
    assert not await app.lookout.left(run), "what cannot go on yet was taken for seen to"
    app.by_itself = True
    assert await app.lookout.left(run)
    await app.until("take_over", "r_1")


@pytest.mark.parametrize(("answer", "goes_on"), [("Go on", True), ("Later", False), (None, False)])
async def test_whoever_wants_to_be_asked_is(
    editor: Editor, app: Played, folder: Path, answer: str | None, goes_on: bool
) -> None:
    await editor.open(folder)
    await app.until("warm")
    run = app.happen(s.created(s.make_quote(str(folder))))
    app.by_itself = False
    editor.answers["window/showMessageRequest"] = lambda _: answer and {"title": answer}
    assert app.lookout.left is not None
    assert await app.lookout.left(run)
    asked = await editor.hear("window/showMessageRequest")
    assert f"“{run.title}” is unfinished" in asked["message"]
    # The answer is on its way before this request, so its consequence comes before the answer.
    await editor.ask("contextune/run/list", {})
    assert (("take_over", "r_1") in app.calls) is goes_on


async def test_the_meter_says_where_there_is_no_fence(editor: Editor, app: Played, folder: Path) -> None:
    app.lack = "Agents may run no commands in parcel: there is no Fence."
    await editor.open(folder)
    await editor.hear("contextune/meter/changed", lambda m: m["fenceLack"] == app.lack)
    app.lack = "Agents run commands in parcel without a Fence, as you allowed."
    await editor.ask("contextune/workspace/allowUnfenced", {"folder": str(folder), "name": "parcel"})
    assert ("allow_unfenced", folder, "parcel") in app.calls
    await editor.hear("contextune/meter/changed", lambda m: m["fenceLack"] == app.lack)


async def test_todos_stream_when_they_change(editor: Editor, app: Played, folder: Path) -> None:
    await editor.open(folder)
    await app.until("warm")
    for listener in app.todos.listeners:
        listener(folder, s.TODOS[:1])
        listener(folder.parent, s.TODOS)
    heard = await editor.hear("contextune/todo/changed")
    assert heard == {"folder": str(folder), "todos": wire(s.TODOS[:1])}
    assert len(editor.all("contextune/todo/changed")) == 1


async def test_every_other_method_reaches_the_application(editor: Editor, app: Played, folder: Path) -> None:
    await editor.open(folder)
    run = s.reviewed(s.make_quote(str(folder)))
    app.known["r_1"] = run
    (folder / "parcel").mkdir(exist_ok=True)
    lines = [*[""] * 11, "round up", "```[x](command:evil)"]
    (folder / "parcel" / "sizes.py").write_text("\n".join(lines))
    task = {"runId": "r_1", "taskId": "round-up"}
    todos = {"folder": str(folder), "todos": wire(s.TODOS)}
    worktree = {
        "path": "/worktrees/a",
        "branch": "contextune/r/a",
        "runId": "r_1",
        "taskId": "a",
        "dirty": False,
        "inUse": False,
        "sizeBytes": 1,
        "sizeText": "0 kB",
        "removable": True,
        "stays": False,
        "state": None,
        "title": None,
        "changedAt": 0,
        "findings": [],
    }
    lock = {
        "kind": "stale_lock",
        "place": "/l.lock",
        "text": "A lock was left.",
        "remedy": "It is removed.",
        "repair": "drop_lock",
    }
    ref = "refs/contextune/salvage/r_1/a"
    salvage = {"ref": ref, "runId": "r_1", "name": "a", "at": 1, "files": 1, "paths": ["a.txt"]}
    listed = {
        "worktrees": [worktree],
        "findings": [lock],
        "salvages": [salvage],
        "sizeBytes": 1,
        "diskText": "0 kB of 2.0 MB",
    }
    turn = {**task, "attempt": 2, "turn": 3}
    told = {
        "text": "# Task: r_1 round-up\n    Do.\n",
        "marks": [
            {
                "line": 0,
                "level": 1,
                "kind": "task",
                "title": "Task: r_1 round-up",
                "price": "",
                "explanation": "",
                "turn": None,
                "folded": False,
                "paths": [],
            }
        ],
        "attempt": 2,
        "first": 0,
        "next": 1,
        "more": False,
        "leftOutText": "",
    }
    for method, params, result in [
        ("todo/list", None, todos),
        ("todo/list", {"folder": folder.as_uri()}, todos),
        ("todo/preview", {"todoId": "t_gone"}, {"text": ""}),
        ("todo/preview", {"todoId": s.TODOS[0].id}, {"text": "````\nround up\n```[x](command:evil)\n````"}),
        ("run/list", {"folder": str(folder)}, {"runs": [wire(run_view(run, "here"))]}),
        ("run/get", {"runId": "r_1"}, {"run": wire(run_view(run, "here")), "taskIds": None}),
        ("run/pause", {"runId": "r_1"}, {}),
        ("run/resume", {"runId": "r_1", "budget": "3"}, {}),
        ("task/cancel", task, {}),
        ("task/retry", task, {}),
        ("run/rebase", {"runId": "r_1"}, {"run": wire(run_view(run, "here")), "taskIds": None}),
        ("task/rewind", {**task, "turn": 2, "text": "use kilos", "attempt": 1}, {}),
        ("task/tell", {**task, "text": "use kilos"}, {}),
        ("task/answer", {**task, "text": "yes"}, {}),
        ("task/transcript", {**task, "attempt": 2}, told),
        ("task/turnChanges", turn, {"diff": "diff of r_1 round-up 2 3"}),
        ("task/turnChanges", {**turn, "turn": 9}, {"diff": "Nothing is kept of what this turn changed."}),
        ("workspace/trust", {"folder": str(folder), "trusted": True}, {}),
        (
            "doctor/check",
            None,
            {"checks": [{"name": "git", "state": "ok", "detail": str(folder), "remedy": ""}]},
        ),
        ("worktree/list", {}, listed),
        (
            "worktree/clean",
            {"dryRun": False, "paths": ["/worktrees/a"]},
            {"worktrees": [worktree], "salvage": [ref]},
        ),
        (
            "worktree/restore",
            {"name": ref},
            {"path": "/worktrees/restored/a", "branch": "contextune/restored/a", "ref": ref},
        ),
        (
            "worktree/mend",
            {},
            {"mended": [{"finding": lock, "done": False, "text": "The lock file is removed."}]},
        ),
    ]:
        assert await editor.ask(f"contextune/{method}", params) == result, method
    offer = await editor.ask("contextune/task/rungs", {"runId": "r_1", "taskId": "round-up"})
    assert (offer["roomText"], offer["rungs"][0]["tried"]) == ("$1.25", True)
    waiting = await editor.ask("contextune/run/rungs", {"runId": "r_1", "taskIds": ["add-kilos"]})
    assert (waiting["roomText"], waiting["taskIds"]) == ("$1.25", ["add-kilos"])
    assert [(one["chosen"], one["lack"]) for one in waiting["rungs"]] == [(True, ""), (False, "Too dear.")]
    wish = {"runId": "r_1", "start": 1, "taskIds": ["add-kilos"]}
    assert (await editor.ask("contextune/run/adjust", wish))["run"]["id"] == "r_1"
    bounds = {"runId": "r_1", "taskBudget": "0.10", "maxRequests": 12}
    assert (await editor.ask("contextune/run/adjust", bounds))["run"]["id"] == "r_1"
    unchanged = {"budget": None, "agents": None, "limits": Limits(), "start": None, "task_ids": ()}
    other = {"runId": "r_1", "taskId": "add-kilos"}
    for method in ("pause", "resume"):
        assert (await editor.ask(f"contextune/task/{method}", other))["run"]["id"] == "r_1"
    for call in [
        ("pause_task", "r_1", "add-kilos"),
        ("resume_task", "r_1", "add-kilos"),
        ("waiting_rungs", "r_1", ("add-kilos",)),
        ("adjust", "r_1", {**unchanged, "start": 1, "task_ids": ("add-kilos",)}),
        ("adjust", "r_1", {**unchanged, "limits": Limits(task=Decimal("0.10"), requests=12)}),
        ("pause", "r_1"),
        ("cancel_task", "r_1", "round-up"),
        ("retry", "r_1", "round-up", None),
        ("rebase", "r_1"),
        ("rewind", "r_1", "round-up", 2, "use kilos", 1),
        ("tell", "r_1", "round-up", "use kilos"),
        ("answer", "r_1", "round-up", "yes"),
        ("trust", folder, True),
        ("clean", folder, False, ("/worktrees/a",)),
    ]:
        assert call in app.calls
    assert (await editor.ask("contextune/run/accept", {"runId": "r_1"}))["run"]["state"] == "accepted"
    assert (await editor.ask("contextune/run/undo", {"runId": "r_1"}))["run"]["state"] == "undone"
    assert (await editor.ask("contextune/run/discard", {"runId": "r_1"}))["run"]["state"] == "discarded"
    assert await editor.ask("contextune/run/cancel", {"runId": "r_1"}) == {}
    assert ("accept", "r_1", "merge") in app.calls


async def test_a_debug_bundle_is_told_before_it_is_written(
    editor: Editor, app: Played, folder: Path, tmp_path: Path
) -> None:
    await editor.open(folder)
    app.happen(s.created(s.make_quote(str(folder))))
    output = str(tmp_path / "bundle.zip")
    told = {"path": output, "members": [{"name": "README.txt", "about": "what is in it", "sizeBytes": 5}]}
    wanted = {"output": output, "runId": "r_1", "logs": "/logs", "editor": "VS Code 1.99"}
    assert await editor.ask("contextune/debug/bundle", {**wanted, "dryRun": True}) == told
    assert [call[0] for call in app.calls if call[0] in ("gather", "write")] == ["gather"]
    assert await editor.ask("contextune/debug/bundle", {**wanted, "withContent": True}) == told
    gathered, (_, path, members) = app.calls[-2:]
    chosen = {"logs": (Path("/logs"),), "editor": "VS Code 1.99", "with_content": True}
    assert gathered == ("gather", folder, "r_1", chosen)
    assert (path, [member.name for member in members]) == (tmp_path / "bundle.zip", ["README.txt"])


@pytest.mark.parametrize(
    ("path", "text", "binary"),
    [
        ("text.py", "\ufeffa = 1\n", False),
        ("latin.txt", None, True),
        ("nul.bin", None, True),
        ("gone.py", None, False),
    ],
)
async def test_review_shows_text_and_names_what_is_none(
    editor: Editor, folder: Path, path: str, text: str | None, binary: bool
) -> None:
    await editor.open(folder)
    asked = {"runId": "r_1", "path": path, "side": "after"}
    assert await editor.ask("contextune/review/content", asked) == {"text": text, "binary": binary}


async def test_cost_is_summed_and_a_bad_date_is_named(editor: Editor, app: Played, folder: Path) -> None:
    await editor.open(folder)
    at = start_of("2026-11-20")
    app.past = past([planned("r_1", "0.05", at=at), entry("r_1", at=at)], [created("r_1")])
    asked = {"folder": str(folder), "since": "2026-11-20", "until": "2026-11-21"}
    cost = await editor.ask("contextune/cost/summary", asked)
    assert (cost["total"]["text"], [run["runId"] for run in cost["runs"]]) == ("$0.0600", ["r_1"])
    assert [(day["key"], day["bill"]["dollars"]) for day in cost["days"]] == [("2026-11-20", "0.06")]
    assert ("costs", folder, at, start_of("2026-11-22")) in app.calls
    for day in ("yesterday", "0001-01-01"):
        with pytest.raises(RpcError, match="expected a form such as 2026-11-01"):
            await editor.ask("contextune/cost/summary", {"since": day})


async def test_today_is_what_the_ledger_says_planning_and_other_processes_included(
    editor: Editor, app: Played, folder: Path
) -> None:
    noon = start_of(today()) + 1
    app.past = past([planned("r_9", "0.05", at=noon), entry("shadow_r_9", at=noon), entry(at=noon - 2)])
    await editor.open(folder)
    first = await editor.hear("contextune/meter/changed", lambda m: m["today"]["dollars"] != "0")
    assert (first["today"]["dollars"], first["text"], first["runId"]) == ("0.06", "$0.0600", None)

    app.past = past([planned("r_9", "0.05", at=noon), planned("r_10", "0.02", at=noon)])
    await editor.ask("contextune/quote/create", {"all": True})
    quoted = await editor.hear("contextune/meter/changed", lambda m: m["today"]["dollars"] == "0.07")
    assert quoted["today"]["requests"] == 2

    app.past = past([planned("r_9", "0.05", at=noon), entry("r_1", dollars="0.0012", at=noon)])
    app.happen(s.created(s.make_quote(str(folder))), *s.started("round-up"))
    settled = await editor.hear("contextune/meter/changed", lambda m: m["today"]["dollars"] == "0.0512")
    assert settled["text"] == "$0.0062", "the Run that is being paid for, with its planning"


async def test_without_a_folder_a_sentence_says_so(editor: Editor) -> None:
    await editor.open()
    with pytest.raises(RpcError, match="No folder is open in the editor"):
        await editor.ask("contextune/todo/list", {})
    with pytest.raises(RpcError, match="expected an absolute path or a file URI"):
        await editor.ask("contextune/todo/list", {"folder": "untitled:x"})


# Settings, folders, text.


async def test_settings_come_from_the_start_the_editor_and_every_change(
    editor: Editor, app: Played, folder: Path
) -> None:
    def settings(params: Any) -> list[Any]:
        of_folder = {"maxTurns": 9, "gate": None}
        return [of_folder if item.get("scopeUri") else {"agents": 3} for item in params["items"]]

    editor.answers["workspace/configuration"] = settings
    options = {"client": "contextune-vscode", "contextune": {"gateTimeout": 30, "agents": 2}}
    await editor.open(folder, options=options, capabilities={"workspace": {"configuration": True}})
    await app.until("configure", None, {"gate_timeout": 30, "agents": 3})
    await app.until("configure", folder, {"max_turns": 9})
    editor.tell("workspace/didChangeConfiguration", {"settings": {"contextune": {"budget": "1"}}})
    await app.until("configure", None, {"budget": "1", "agents": 3})


@pytest.mark.parametrize("method", ["contextune/cost/summary", "contextune/cost/dashboard"])
async def test_what_could_be_cheaper_is_told_by_the_settings_that_were_just_changed(
    editor: Editor, app: Played, folder: Path, method: str
) -> None:
    editor.answers["workspace/configuration"] = lambda params: [{} for _ in params["items"]]
    await editor.open(folder, capabilities={"workspace": {"configuration": True}})
    await app.until("warm")
    editor.tell("workspace/didChangeConfiguration", {"settings": {"contextune": {"agents": 3}}})
    await editor.ask(method, {"period": "all"} if method.endswith("dashboard") else {})
    made = [call for call in app.calls if call[0] == "costs" or call == ("configure", None, {"agents": 3})]
    assert [call[0] for call in made[-2:]] == ["configure", "costs"]


async def test_a_bad_setting_is_shown_and_named(editor: Editor, app: Played, folder: Path) -> None:
    await editor.open(folder)
    await app.until("warm")
    editor.tell("workspace/didChangeConfiguration", {"settings": {"contextune": {"agents": "many"}}})
    shown = await editor.hear("window/showMessage")
    assert shown == {"type": 1, "message": "VS Code: setting 'agents': Expected `int`, got `str`."}
    editor.tell("workspace/didChangeConfiguration", {"settings": None})
    assert await editor.ask("contextune/run/list", {}) == {"runs": []}


async def test_folders_come_and_go(editor: Editor, app: Played, folder: Path) -> None:
    await editor.open(folder)
    await app.until("warm")
    second = folder.parent / "second"
    second.mkdir()
    change = {
        "added": [{"uri": second.as_uri(), "name": "s"}],
        "removed": [{"uri": folder.as_uri(), "name": "f"}],
    }
    editor.tell("workspace/didChangeWorkspaceFolders", {"event": change})
    asked = await editor.ask("contextune/todo/list", {})
    assert asked == {"folder": str(second), "todos": []}
    assert app.todos.opened == [folder, second]


async def test_a_root_without_workspace_folders_counts(editor: Editor, app: Played, folder: Path) -> None:
    params: dict[str, Any] = {"processId": None, "rootUri": folder.as_uri(), "capabilities": {}}
    await editor.ask("initialize", params)
    editor.tell("initialized", {})
    await app.until("warm")
    assert app.todos.opened == [folder]


async def test_unsaved_text_reaches_the_board_as_it_is_typed(
    editor: Editor, app: Played, folder: Path
) -> None:
    await editor.open(folder)
    await app.until("warm")
    file = folder / "parcel/sizes.py"
    uri = file.as_uri().replace("with%20space", "with space")
    opened = {"uri": uri, "languageId": "python", "version": 1, "text": "🦀🦀 = 1\n"}
    editor.tell("textDocument/didOpen", {"textDocument": opened})
    scratch = {"uri": "untitled:Untitled-1", "languageId": "python", "version": 1, "text": "# TODO: x"}
    editor.tell("textDocument/didOpen", {"textDocument": scratch})
    await asyncio.wait_for(app.todos.buffered.wait(), 20)
    where = {"start": {"line": 0, "character": 4}, "end": {"line": 0, "character": 7}}
    change = {
        "textDocument": {"uri": uri, "version": 2},
        "contentChanges": [{"range": where, "text": " == "}],
    }
    editor.tell("textDocument/didChange", change)
    editor.tell("textDocument/didSave", {"textDocument": {"uri": uri}})
    editor.tell("textDocument/didClose", {"textDocument": {"uri": uri}})
    assert await editor.ask("contextune/run/list", {}) == {"runs": []}
    assert app.todos.buffers == [
        (file, "🦀🦀 = 1\n".encode()),
        (file, "🦀🦀 == 1\n".encode()),
        (file, None),
    ]


async def test_features_answer_in_a_real_session(editor: Editor, app: Played, folder: Path) -> None:
    await editor.open(folder, options={"client": "contextune-vscode"})
    await app.until("warm")
    document = {"uri": (folder / "parcel/sizes.py").as_uri()}
    start = {"line": 11, "character": 0}
    asked = {
        "textDocument": document,
        "range": {"start": start, "end": start},
        "context": {"diagnostics": []},
    }
    actions = await editor.ask("textDocument/codeAction", asked)
    assert [(a["title"], a["kind"], a["command"]["command"]) for a in actions] == [
        ("Delegate this TODO", "refactor.contextune", "contextune.delegateTodo"),
        ("Parallelize the TODOs in this file", "refactor.contextune", "contextune.parallelizeFile"),
        ("Parallelize the TODOs in the workspace", "refactor.contextune", "contextune.parallelizeWorkspace"),
    ]
    lenses = await editor.ask("textDocument/codeLens", {"textDocument": document})
    assert [lens["command"]["title"] for lens in lenses] == ["Delegate", "Delegate"]
    hover = await editor.ask("textDocument/hover", {"textDocument": document, "position": start})
    target = [{"folder": str(folder), "todoIds": [s.TODOS[0].id]}]
    said = quote(json.dumps(target, separators=(",", ":")), safe="")
    links = f"[Delegate](command:contextune.delegateTodo?{said})"
    assert hover["contents"] == {"kind": "markdown", "value": f"**TODO** · not delegated\n\n{links}"}
    for other in ("untitled:Untitled-1", "file:///elsewhere/a.py"):
        elsewhere = {**asked, "textDocument": {"uri": other}}
        assert await editor.ask("textDocument/codeAction", elsewhere) in ([], None)
        assert await editor.ask("textDocument/codeLens", {"textDocument": {"uri": other}}) in ([], None)


async def test_overlaps_of_a_quote_are_told_until_it_starts(
    editor: Editor, app: Played, folder: Path
) -> None:
    await editor.open(folder)
    await app.until("warm")
    quote_id = (await editor.ask("contextune/quote/create", {"all": True}))["quoteId"]
    hints = await editor.hear("textDocument/publishDiagnostics")
    assert hints["uri"] == (folder / "parcel/sizes.py").as_uri()
    assert [(d["severity"], d["source"], d["range"]["start"]["line"]) for d in hints["diagnostics"]] == [
        (3, "contextune", 11),
        (3, "contextune", 29),
    ]
    (related,) = hints["diagnostics"][0]["relatedInformation"]
    assert (related["location"]["range"]["start"]["line"], related["message"]) == (29, "add kilos")
    await editor.ask("contextune/run/start", {"quoteId": quote_id})
    app.happen(RunCancelled(run_id="r_1", at=3_000))
    assert await editor.hear("textDocument/publishDiagnostics", lambda p: p["diagnostics"] == [])


async def test_what_two_tasks_share_is_settled_over_the_wire(
    editor: Editor, app: Played, folder: Path
) -> None:
    await editor.open(folder)
    await app.until("warm")
    quote_id = (await editor.ask("contextune/quote/create", {"all": True}))["quoteId"]
    told = await editor.hear("textDocument/publishDiagnostics")
    start = {"line": 11, "character": 0}
    asked = {
        "textDocument": {"uri": told["uri"]},
        "range": {"start": start, "end": start},
        "context": {"diagnostics": told["diagnostics"][:1], "only": ["quickfix"]},
    }
    serialise, merge = await editor.ask("textDocument/codeAction", asked)
    assert serialise["title"] == "Do it and “add kilos” one after the other"
    assert serialise["diagnostics"][0]["code"] == told["diagnostics"][0]["code"]
    command = serialise["command"]
    await editor.ask(
        "workspace/executeCommand", {"command": command["command"], "arguments": command["arguments"]}
    )
    said = (await editor.hear("window/showMessage"))["message"]
    assert "2 tasks in 2 waves" in said
    # The Quote comes anew under the id that the client knows, and the lines say what holds now.
    changed = await editor.hear(
        "contextune/quote/changed", lambda p: p["quote"] and p["quote"]["overlaps"][0]["inOrder"]
    )
    assert changed["quoteId"] == changed["quote"]["id"] == quote_id
    assert changed["quote"]["waves"] == [["round-up"], ["add-kilos"]]
    settled = "They go one after the other."
    assert await editor.hear(
        "textDocument/publishDiagnostics",
        lambda p: [one["message"].endswith(settled) for one in p["diagnostics"]] == [True, True],
    )
    pair = {"first": "round-up", "second": "add-kilos"}
    merged = await editor.ask(
        "contextune/quote/arrange", {"quoteId": quote_id, "choice": merge_choice(merge), **pair}
    )
    assert [task["title"] for task in merged["quote"]["tasks"]] == ["round up; add kilos"]
    assert await editor.hear("textDocument/publishDiagnostics", lambda p: p["diagnostics"] == [])
    parts = await editor.ask("contextune/quote/split", {"quoteId": quote_id, "taskId": "round-up"})
    assert [len(task["todoIds"]) for task in parts["quote"]["tasks"]] == [1, 1]
    assert parts["quote"]["waves"] == [["round-up"], ["add-kilos"]]
    assert await editor.ask("contextune/quote/restore", {"quoteId": quote_id}) == merged
    await editor.ask("contextune/quote/split", {"quoteId": quote_id, "taskId": "round-up"})
    two = {"quoteId": quote_id, "taskIds": ["add-kilos", "round-up"]}
    assert len((await editor.ask("contextune/quote/merge", two))["quote"]["tasks"]) == 1


async def test_a_quote_is_changed_term_by_term(editor: Editor, app: Played, folder: Path) -> None:
    await editor.open(folder)
    await app.until("warm")
    quote_id = (await editor.ask("contextune/quote/create", {"all": True}))["quoteId"]
    made = await editor.hear("contextune/quote/changed", lambda p: p["state"] == "ready")
    assert (made["quote"]["leftOut"], made["quote"]["canRestore"]) == ([], False)
    unticked = {"quoteId": quote_id, "taskId": "round-up", "include": False}
    less = (await editor.ask("contextune/quote/change", unticked))["quote"]
    assert (less["id"], less["leftOut"], less["canRestore"]) == (quote_id, ["round-up"], True)
    dear = (await editor.ask("contextune/quote/change", {"quoteId": quote_id, "budget": "3.50"}))["quote"]
    assert (dear["budgetText"], dear["leftOut"]) == ("$3.50", ["round-up"])
    with pytest.raises(RpcError, match="expected dollars above 0"):
        await editor.ask("contextune/quote/change", {"quoteId": quote_id, "budget": "0"})
    down = {"quoteId": quote_id, "taskId": "round-up", "step": "down"}
    assert (await editor.ask("contextune/quote/move", down))["quote"]["waves"] == [["add-kilos", "round-up"]]
    first = {"quoteId": quote_id, "taskId": "round-up", "wave": 1, "before": "add-kilos"}
    assert (await editor.ask("contextune/quote/move", first))["quote"]["waves"] == [["round-up", "add-kilos"]]
    with pytest.raises(RpcError, match="give a step, or a wave"):
        await editor.ask("contextune/quote/move", {"quoteId": quote_id, "taskId": "round-up"})


async def test_a_quote_that_the_user_leaves_tells_nothing_more(
    editor: Editor, app: Played, folder: Path
) -> None:
    await editor.open(folder)
    await app.until("warm")
    quote_id = (await editor.ask("contextune/quote/create", {"all": True}))["quoteId"]
    assert (await editor.hear("textDocument/publishDiagnostics"))["diagnostics"]
    await editor.ask("contextune/quote/leave", {"quoteId": "q_another"})
    await editor.ask("contextune/quote/leave", {"quoteId": quote_id})
    assert await editor.hear("textDocument/publishDiagnostics", lambda p: p["diagnostics"] == [])
    assert isinstance(app.prepared, Quote)
    assert ("leave", app.prepared.id) in app.calls


def merge_choice(action: dict[str, Any]) -> str:
    (argument,) = action["command"]["arguments"]
    return str(argument["choice"])
