"""`contextune worktrees`: what a person sees and does, in a process of its own."""

from __future__ import annotations

import shutil
from pathlib import Path

from tests.cli.conftest import Server
from tests.cli.place import Machine


def _cancelled(machine: Machine, server: Server) -> tuple[Path, str, Path]:
    """A cancelled Run whose agent has left a file: the repository, the Run, its worktree."""
    root = machine.small()
    todo = machine.todo(root, "take your time")
    going = machine.start("run", root, "--todo", todo, "--yes", "--json", env=server.keyed)
    lease = going.until_kind("lease_taken")
    going.until(lambda event: event["kind"] == "message_added" and event["message"]["role"] == "assistant")
    worktree = Path(lease["path"])
    (worktree / "half done.txt").write_text("half\n")
    cancelled = machine.do("cancel", lease["runId"])
    assert "is cancelled" in cancelled.out, cancelled
    going.end()
    return root, lease["runId"], worktree


def test_listed_opened_cleaned_and_restored(machine: Machine, server: Server) -> None:
    root, run_id, worktree = _cancelled(machine, server)
    before = machine.state(root)
    assert machine.do("worktrees", "open", "take-your-time").out == f"{worktree}\n"
    listed = machine.do("worktrees").out
    assert f"{run_id}/take-your-time" in listed
    assert "cancelled, unfinished work" in listed
    tried = machine.do("worktrees", "clean")
    assert "1 worktree" in tried.out
    assert "can be removed; --yes does it." in tried.out
    assert worktree.is_dir()
    cleaned = machine.do("worktrees", "clean", "--yes")
    assert f"Kept: refs/contextune/salvage/{run_id}/take-your-time" in cleaned.out
    assert not worktree.exists()
    (kept,) = [line for line in machine.do("worktrees", "--json").lines if line["kind"] == "salvage"]
    assert (kept["runId"], kept["paths"]) == (run_id, ["half done.txt"])
    refused = machine.do("worktrees", "restore", "take-your-time", "--into", root / "inside")
    assert (refused.status, "lies in your checkout" in refused.err) == (1, True)
    into = machine.folder / "again"
    restored = machine.do("worktrees", "restore", "take-your-time", "--into", into)
    assert restored.status == 0, restored.err
    assert (into / "half done.txt").read_text() == "half\n"
    assert machine.git(into, "status", "--porcelain").strip() == '?? "half done.txt"'
    assert machine.state(root) == before


def test_diagnosed_and_mended(machine: Machine, server: Server) -> None:
    root, run_id, worktree = _cancelled(machine, server)
    shutil.rmtree(worktree)
    told = machine.do("worktrees", "diagnose")
    assert "Its folder is gone." in told.out
    assert "`contextune worktrees mend` tells what it would do about 1 finding." in told.out
    assert "1 finding can be mended; --yes does it." in machine.do("worktrees", "mend").out
    mended = machine.do("worktrees", "mend", "--yes")
    assert (mended.status, "1 finding mended." in mended.out) == (0, True), mended.err
    assert machine.do("worktrees", "diagnose").out == "Nothing is wrong with any worktree.\n"
    asked = machine.do("worktrees", "diagnose", "--ask")
    assert "Code has a name for everything, so there is nothing to ask." in asked.out
    assert run_id not in machine.git(root, "worktree", "list")


def test_bad_words(machine: Machine) -> None:
    machine.small()
    for given, said in [
        (["open"], "`worktrees open` takes one"),
        (["open", "nothing"], "No worktree is called 'nothing'"),
        (["clean", "nothing"], "No worktree is called 'nothing'"),
        (["restore", "nothing"], "No Salvage is called 'nothing'"),
        (["clean", "--older", "soon"], "'soon' is no age"),
    ]:
        done = machine.do("worktrees", *given)
        assert (done.status, said in done.err) == (2, True), (given, done)
    assert machine.do("worktrees", "clean", "--older", "30d").out.startswith("0 Salvages")
