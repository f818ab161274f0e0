"""A debug bundle: what is in it, and that no secret and none of the user's words are."""

from __future__ import annotations

import json
import sqlite3
import zipfile
from contextlib import closing
from pathlib import Path

import msgspec
import pytest

from contextune.core.errors import PlaceProblem
from contextune.engine.desk.debug_bundle import RUNS
from tests.engine.conftest import MakeDesk
from tests.engine.world import GATE, Desk, bash, finish, plays, task, turn, write

SHAPED = "sk-ant-api03-" + "Zq7_" * 20
"""A key of a known shape."""
SHAPELESS = 'correct "horse" battery/staple'
"""A password of the environment that looks like words, and is spelt otherwise in JSON and URLs."""
NAMED = "hunter2hunter2"
"""A password that only its name tells."""
WORDS = "the secret recipe of the house"


def packed(path: Path) -> dict[str, str]:
    with zipfile.ZipFile(path) as file:
        return {name: file.read(name).decode() for name in file.namelist()}


async def with_run(desk: MakeDesk, monkeypatch: pytest.MonkeyPatch) -> Desk:
    """A Run whose agent says, writes and prints what nobody else shall read."""
    monkeypatch.setenv("DATABASE_PASSWORD", SHAPELESS)
    here = await desk(
        plays(
            "first file",
            turn(
                write(f"calc/{SHAPED}.py", f"# {WORDS}\n"), bash(f"echo '{WORDS}' '{SHAPELESS}'"), text=WORDS
            ),
            turn(finish(WORDS)),
        ),
        settings=f"gate = {f'DB_PASSWORD={NAMED} {GATE}'!r}\n",
    )
    await here.finish(task("first file"))
    return here


def plant(here: Desk, text: str) -> None:
    """Put a text into the journal's file behind the Journal's back, as a version that masked less had it."""
    with closing(sqlite3.connect(here.home / "journal.db")) as connection:
        connection.execute(
            "UPDATE events SET body = CAST(json_set(CAST(body AS TEXT), '$.reason', ?) AS BLOB)"
            " WHERE kind = 'attempt_started'",
            (text,),
        )
        connection.commit()


@pytest.mark.parametrize("with_content", [False, True])
async def test_no_secret_is_in_any_member_or_name(
    desk: MakeDesk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, with_content: bool
) -> None:
    here = await with_run(desk, monkeypatch)
    plant(here, f"{SHAPED} {SHAPELESS} password={NAMED}")
    (tmp_path / "logs" / "window").mkdir(parents=True)
    log = f'{SHAPED}\n{{"a": {json.dumps(SHAPELESS)}}}\nhttps://u:{NAMED}@host/?p=correct%20%22horse%22%20battery%2Fstaple\n'
    (tmp_path / "logs" / "window" / f"{SHAPED}.log").write_text(log)
    (here.home / "daemon.log").write_text(f"api_key: {NAMED}\n{Path.home()}/shop\n")
    members = await here.app.bundles.gather(
        here.place.root, logs=[tmp_path / "logs"], editor=f"VS Code {SHAPED}", with_content=with_content
    )
    path = tmp_path / "bundle.zip"
    await here.app.bundles.write(path, members)
    found = packed(path)
    assert len(found) == len(members) >= 7
    logs = "".join(text for name, text in found.items() if name.startswith("logs/"))
    assert "api_key: [masked]\n~/shop" in logs
    assert logs.count("[masked]") == 5
    everything = "\n".join([*found, *found.values()])
    for secret in (SHAPED[13:], "horse", "battery", NAMED):
        assert secret not in everything, secret
    assert str(Path.home()) + "/" not in everything
    assert (WORDS in everything) is with_content
    assert path.stat().st_mode & 0o777 == 0o600


async def test_it_tells_what_a_bug_report_needs(
    desk: MakeDesk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = await with_run(desk, monkeypatch)
    (run_id,) = await here.journal.runs()
    members = await here.app.bundles.gather(here.place.root, run_id, editor="VS Code 1.99, extension 0.1.0")
    told = {member.name: member.content.decode() for member in members}
    assert list(told) == [
        "README.txt",
        "versions.json",
        "doctor.json",
        "settings.json",
        f"journal/{run_id}.jsonl",
    ]
    versions = json.loads(told["versions.json"])
    assert versions.keys() >= {"contextune", "python", "system", "sqlite", "git", "editor"}
    assert versions["editor"] == "VS Code 1.99, extension 0.1.0"
    assert {check["name"] for check in json.loads(told["doctor.json"])} >= {"git", "Fence", "Repository"}
    settings = json.loads(told["settings.json"])
    assert settings["in force"]["gate"] == f"DB_PASSWORD=[masked] {GATE}"
    assert [source["values"] for source in settings["sources"]] == [{"gate": settings["in force"]["gate"]}]
    assert all(name in told["README.txt"] for name in list(told)[1:])
    lines = [json.loads(line) for line in told[f"journal/{run_id}.jsonl"].splitlines()]
    events = await here.journal.read(run_id)
    assert [line["kind"] for line in lines] == [msgspec.to_builtins(event)["kind"] for event in events]
    # What happened can be followed without a word of what was said.
    (said,) = [
        line
        for line in lines
        if (line["kind"], line.get("turn"), line.get("message", {}).get("role"))
        == ("message_added", 1, "assistant")
    ]
    text, *calls = said["message"]["blocks"]
    assert text["text"].startswith(f"[{len(WORDS)} characters, sha256 ")
    assert [call["name"] for call in calls] == ["write", "bash"]
    assert calls[0]["input"].keys().isdisjoint({"files"})
    (gate,) = [line for line in lines if line["kind"] == "gate_finished" and line["taskId"]]
    assert (gate["evidence"]["verdict"], gate["evidence"]["exitCode"]) == ("green", 0)


async def test_the_newest_runs_where_none_is_named(desk: MakeDesk) -> None:
    here = await desk()
    for _ in range(RUNS + 1):
        quote = await here.quote(task("first file"))
        run = await here.app.start(quote.id, budget=msgspec.convert("0", type(quote.budget)))
        await here.until(lambda now: now.state == "parked", run.id)
    members = await here.app.bundles.gather(here.place.root)
    told = [member.name for member in members if member.name.startswith("journal/")]
    assert told == [f"journal/{run_id}.jsonl" for run_id in (await here.journal.runs())[:RUNS]]


async def test_a_file_that_is_there_is_not_overwritten(desk: MakeDesk, tmp_path: Path) -> None:
    here = await desk()
    members = await here.app.bundles.gather(None)
    (tmp_path / "mine.zip").write_text("mine")
    with pytest.raises(PlaceProblem, match="is there already"):
        await here.app.bundles.write(tmp_path / "mine.zip", members)
    assert (tmp_path / "mine.zip").read_text() == "mine"
    with pytest.raises(PlaceProblem, match="can't be written"):
        await here.app.bundles.write(tmp_path / "no" / "mine.zip", members)


async def test_settings_that_cannot_be_read_are_told(desk: MakeDesk) -> None:
    here = await desk()
    here.set_up(f"api_key = '{NAMED}'\n")
    members = {member.name: member.content.decode() for member in await here.app.bundles.gather(None)}
    assert "unknown setting 'api_key'" in members["settings.json"]
    assert all(NAMED not in text for text in members.values())
