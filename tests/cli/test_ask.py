"""`contextune ask` and `skills`: what only reads is done, all else is shown; nothing starts by itself."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from contextune.cli.main import main
from tests.adapters.git_place import Place, isolate
from tests.cli.conftest import Merged
from tests.cli.place import Machine
from tests.engine.world import FILES, new_repository


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Place:
    isolate(monkeypatch, tmp_path)
    monkeypatch.delenv("ANTHROPIC_API_KEY", raising=False)
    monkeypatch.setenv("CONTEXTUNE_HOME", str(tmp_path / "state"))
    (tmp_path / "state").mkdir()
    place = new_repository(tmp_path / "shop", FILES)
    monkeypatch.chdir(place.root)
    return place


@pytest.mark.parametrize(
    ("words", "command"),
    [
        (
            "work on Auth, dashboard and analytics in parallel",
            ["run", "--goal", "work on Auth, dashboard and analytics in parallel"],
        ),
        ("do all todos", ["run", "--all"]),
        ("what would all todos cost?", ["quote", "--all"]),
        ("clean up the finished worktrees", ["worktrees", "clean"]),
    ],
)
def test_what_changes_or_spends_is_only_shown(
    shop: Place, capfd: pytest.CaptureFixture[str], words: str, command: list[str]
) -> None:
    assert main(["ask", words]) == 0
    assert "Nothing was started." in capfd.readouterr().out
    assert main(["ask", "--json", words]) == 0
    (said,) = [json.loads(line) for line in capfd.readouterr().out.splitlines()]
    assert (said["command"], said["by"], said["choices"]) == (["contextune", *command], "rules", [])
    assert main(["runs", "--json"]) == 0
    assert capfd.readouterr().out == ""


def test_what_only_reads_is_done(shop: Place, capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["ask", "--json", "which", "todos", "are", "there?"]) == 0
    assert len(capfd.readouterr().out.splitlines()) == 3


@pytest.mark.parametrize("more", [[], ["--rules-only"]])
def test_what_is_not_clear_gives_choices_and_starts_nothing(
    shop: Place, capfd: pytest.CaptureFixture[str], more: list[str]
) -> None:
    assert main(["ask", *more, "--json", "the worktrees, somehow"]) == 2
    (said,) = [json.loads(line) for line in capfd.readouterr().out.splitlines()]
    assert (said["command"], said["asked"], said["dollars"]) == (None, False, None)
    assert ["contextune", "worktrees", "list"] in [one["command"] for one in said["choices"]]
    assert main(["ask", *more, "the worktrees, somehow"]) == 2
    out = capfd.readouterr().out
    assert "The rules do not understand that." in out
    assert "1  " in out


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (["ask", "  "], "TEXT: say what"),
        (["ask"], "text"),
        (["ask", "--path", "gone", "list todos"], "--path: gone does not exist"),
        (["skills", "nothing"], "'nothing' is no skill"),
    ],
)
def test_bad_input_is_named(
    shop: Place, capfd: pytest.CaptureFixture[str], given: list[str], said: str
) -> None:
    assert main(given) == 2
    assert said in capfd.readouterr().err


def test_a_skill_answers_with_the_repositorys_own_numbers(
    shop: Place, capfd: pytest.CaptureFixture[str]
) -> None:
    assert main(["ask", "what should I parallelise?"]) == 0
    assert "3 Todos make 3 Tasks: all can go side by side." in capfd.readouterr().out
    assert main(["skills", "parallel-development-expert", "--json"]) == 0
    (said,) = [json.loads(line) for line in capfd.readouterr().out.splitlines()]
    assert said["advice"]["steps"][0]["arguments"] == ["run", "--all"]
    assert main(["skills", "--json"]) == 0
    rows = [json.loads(line) for line in capfd.readouterr().out.splitlines()]
    assert [row["advice"] for row in rows] == [None] * 4


def test_outside_of_a_repository_a_skill_shows_its_guidance(
    shop: Place, tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "bare").mkdir()
    monkeypatch.chdir(tmp_path / "bare")
    assert main(["skills", "git-worktree-master", "--json"]) == 0
    assert json.loads(capfd.readouterr().out)["advice"] is None


def test_runs_are_named_as_people_do(merged: Merged) -> None:
    machine, root = merged.machine, merged.root
    (run,) = machine.do("runs", root, "--json").lines
    for words in ("show run 1", "what's blocking the last run?", "show today's run", "show the accepted run"):
        done = machine.do("ask", "--json", "--path", root, words)
        assert (done.status, done.lines[0]["id"]) == (0, run["id"]), words
    undo = machine.do("ask", "--json", "--path", root, "undo the last run").last
    assert undo["command"] == ["contextune", "undo", run["id"]]
    none = machine.do("ask", "--json", "--path", root, "show run 7")
    assert (none.status, none.last["text"]) == (2, "There is no run 7: `contextune runs` lists 1.")


def test_the_offline_model_gives_choices_and_a_goal(machine: Machine, parcel: Path) -> None:
    before = machine.state(parcel)
    asked = machine.do(
        "ask", "--offline", "--json", "--path", parcel, "could somebody look after the parcels"
    )
    assert asked.status == 2
    assert asked.last["asked"]
    assert [one["command"][1:] for one in asked.last["choices"]] == [
        ["run", "--all"],
        ["quote", "--all"],
        ["todos"],
    ]
    words = "take the receipts and the zones off my hands"
    goal = machine.do("ask", "--offline", "--json", "--path", parcel, words).last
    assert (goal["by"], goal["effect"], goal["command"][1:]) == ("model", "spends", ["run", "--goal", words])
    assert machine.state(parcel) == before
