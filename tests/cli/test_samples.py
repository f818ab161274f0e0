"""Shadow samples on the command line: the result first, then they."""

from __future__ import annotations

import signal
import sqlite3
from pathlib import Path

from tests.cli.place import Machine

BEING_MADE = "Shadow samples of this Run are being made"


def sampled(machine: Machine) -> list[str]:
    """The models of the samples that were journalled."""
    journal = next(machine.home.rglob("journal.db"))
    with sqlite3.connect(journal) as connection:
        rows = connection.execute(
            "SELECT json(CAST(body AS TEXT)) ->> '$.rung.model' FROM events WHERE kind = 'shadow_finished'"
        )
        return [model for (model,) in rows]


def test_the_result_is_told_before_they_are_made(machine: Machine, parcel: Path) -> None:
    machine.home.mkdir(exist_ok=True)
    (machine.home / "settings.toml").write_text("shadow = 1\n")
    todo = machine.todo(parcel, "round half")
    going = machine.start("run", parcel, "--todo", todo, "--offline", "--yes", "--json")
    finished = going.until_kind("run_finished")
    assert finished["state"] == "review"
    going.until_said(BEING_MADE)
    done = going.end()
    assert done.status == 0
    assert done.last == finished
    assert sampled(machine) == ["claude-sonnet-5-5", "claude-opus-5-5"]


def test_whoever_does_not_want_to_wait_stops_them(machine: Machine, parcel: Path) -> None:
    machine.home.mkdir(exist_ok=True)
    # A sample's own worktree is never ready.
    held = "case $PWD in *.shadow) sleep 300;; esac"
    (machine.home / "settings.toml").write_text(f"shadow = 1\nsetup = '{held}'\n")
    todo = machine.todo(parcel, "round half")
    going = machine.start("run", parcel, "--todo", todo, "--offline", "--yes", "--json")
    assert going.until_kind("run_finished")["state"] == "review"
    going.until_said(BEING_MADE)
    going.signal(signal.SIGINT)
    assert going.end().status == 0
    assert sampled(machine) == []
