"""Whatever a Run meets, no key is kept in the state folder: in a Todo, a title, words, output, errors."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from contextune.core.runs import events as ev
from tests.engine.conftest import MakeDesk
from tests.engine.world import FILES, GATE, ask, bash, finish, plays, task, turn, write

KEYS = {
    "anthropic": "sk-ant-api03-" + "Ab3_" * 20,
    "openai": "sk-proj-" + "Cd4_" * 12,
    "github": "github_pat_" + "11EF5GH_" * 6,
    "aws": "AKIA" + "IJ6KLMN7OPQR8STU",
    "google": "AIza" + "Vw7_-" * 7,
    "slack": "xoxb-123456789012-" + "Xy8z" * 5,
    "stripe": "sk_live_" + "Za9b" * 6,
    "npm": "npm_" + "Bc1d" * 9,
    "pypi": "pypi-AgEIcHlwaS5vcmc" + "De2_" * 20,
    "jwt": "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0." + "Fg3h" * 6,
    "url": "postgres://app:Hi4jKl5mNo@db/app",
}
PEM = "-----BEGIN PRIVATE KEY-----\n" + ("Pq5r" * 16 + "\n") * 3 + "-----END PRIVATE KEY-----"
SECRETS = (
    *("Ab3_Ab3_", "Cd4_Cd4_", "EF5GH_11", "IJ6KLMN7", "Vw7_-Vw7", "Xy8zXy8z", "Za9bZa9b", "Bc1dBc1d"),
    *("De2_De2_", "Fg3hFg3h", "Hi4jKl5m", "Pq5rPq5r"),
)
"""The parts of them that must be nowhere."""


def kept(home: Path) -> bytes:
    """All that the state folder holds, but for worktrees: those hold the user's own files."""
    files = [file for file in home.rglob("*") if file.is_file() and "worktrees" not in file.parts]
    return b"\n".join(bytes(file.name, "utf-8") + b"\n" + file.read_bytes() for file in files)


@pytest.mark.parametrize("place", ["todo", "brief", "text", "call", "output", "question", "summary", "gate"])
async def test_no_key_is_kept(desk: MakeDesk, place: str) -> None:
    keys = " ".join([*KEYS.values(), PEM])
    line = keys.replace("\n", " ")

    def at(name: str) -> str:
        return keys if name == place else ""

    files = dict(FILES)
    if place == "todo":
        files["calc/area.py"] = f"def area(w, h):\n    # TODO: use {line}\n    return w * h\n"
    gate = f"cat keys.txt; {GATE}" if place == "gate" else GATE
    here = await desk(
        plays(
            "first file",
            turn(write("calc/first.py", f"FIRST = '''{at('call')}'''\n"), text=f"I begin. {at('text')}"),
            turn(bash("cat keys.txt" if place == "output" else "true")),
            turn(ask(f"Which? {at('question')}", "this")),
            turn(finish(f"Done. {at('summary')}")),
        ),
        files=files | ({"keys.txt": keys} if place in ("output", "gate") else {}),
        settings=f"gate = {gate!r}\n",
    )
    todos = await here.app.scan(here.place.root)
    (todo,) = [one for one in todos if one.path == "calc/area.py"]
    wanted = msgspec.structs.replace(task("first file", todo_ids=(todo.id,)), brief=f"Do it. {at('brief')}")
    run = await here.start(wanted)
    await here.event(ev.QuestionAsked)
    await here.app.answer(run.id, run.tasks[0].id, f"this {line if place == 'question' else ''}")
    assert (await here.wait(run.id)).state == "review"
    await here.app.close()
    found = kept(here.home)
    assert b"run_created" in found
    assert b"[masked]" in found, "nothing was planted"
    assert [secret for secret in SECRETS if secret.encode() in found] == []
