"""`contextune agents`: who works here, files that are checked, and agents that are run by hand."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from contextune.cli.main import main
from tests.adapters.git_place import Place, isolate
from tests.engine.world import FILES, GATE, new_repository

NINE = {
    *("parallel-task-executor", "worktree-manager", "issue-orchestrator", "test-runner"),
    *("performance-analyzer", "dependency-analyzer", "merge-coordinator", "conflict-resolver"),
    "orchestrator",
}


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    isolate(monkeypatch, tmp_path)
    monkeypatch.delenv("ANTHROPIC_API_KEY", raising=False)
    monkeypatch.setenv("CONTEXTUNE_HOME", str(tmp_path / "state"))
    (tmp_path / "state").mkdir()
    monkeypatch.chdir(tmp_path)
    return tmp_path / "state"


@pytest.fixture
def shop(home: Path, tmp_path: Path) -> Place:
    return new_repository(tmp_path / "shop", FILES)


def lines(out: str) -> list[dict[str, object]]:
    return [json.loads(line) for line in out.splitlines()]


def write(folder: Path, name: str, *front: str) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / f"{name}.md"
    file.write_text(
        "\n".join(["---", f"name: {name}", "description: It helps.", *front, "---", "You help.", ""])
    )
    return file


def test_every_agent_has_a_row(home: Path, capfd: pytest.CaptureFixture[str]) -> None:
    write(home / "agents", "helper", "model: sonnet", "tools: Read, Edit")
    assert main(["agents", "--json"]) == 0
    rows = {str(row["name"]): row for row in lines(capfd.readouterr().out)}
    assert set(rows) >= {*NINE, "helper"}
    helper = rows["helper"]
    assert (helper["tier"], helper["tools"], helper["owner"]) == (
        "sonnet",
        ["read", "edit", "finish", "ask"],
        "user",
    )
    assert all({"tier", "tools", "calls", "dollars", "success"} <= set(row) for row in rows.values())
    assert main(["agents"]) == 0
    assert "stands in for ours" not in capfd.readouterr().out


def test_a_wrong_file_is_told_with_its_line(home: Path, capfd: pytest.CaptureFixture[str]) -> None:
    file = write(home / "agents", "helper", "tools: Fly")
    assert main(["agents", "check"]) == 2
    assert f"{file}:4: tools: there is no tool 'Fly'; expected some of bash, read" in capfd.readouterr().out
    assert main(["agents"]) == 0
    assert f"Left out: {file}:4:" in capfd.readouterr().err
    write(home / "agents", "helper", "tools: Read")
    assert main(["agents", "check", str(home / "agents"), "--json"]) == 0
    assert lines(capfd.readouterr().out) == [{"file": str(file), "name": "helper", "problem": None}]


def test_the_test_runner_is_code(shop: Place, capfd: pytest.CaptureFixture[str]) -> None:
    run = ["agents", "run", "test-runner", "--path", str(shop.root), "--gate", GATE, "--json"]
    assert main(run) == 0
    (found,) = lines(capfd.readouterr().out)
    assert (found["kind"], found["exitCode"], found["failures"]) == ("tests", 0, [])
    shop.write("calc/area.py", "def area(w, h):\n    return 0\n")
    assert main(run) == 1
    (found,) = lines(capfd.readouterr().out)
    assert "test_area" in str(found["failures"])


def test_nothing_is_measured_where_nothing_ran(shop: Place, capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["agents", "run", "performance-analyzer", "--path", str(shop.root)]) == 0
    assert "There are no Runs of this repository yet" in capfd.readouterr().err


@pytest.mark.parametrize(
    ("given", "status", "said"),
    [
        (["run"], 2, "NAME: say which agent"),
        (["run", "nobody", "x"], 2, "No role is called 'nobody'"),
        (["run", "issue-orchestrator"], 2, "TEXT: say what issue-orchestrator is to answer"),
        (["run", "parallel-task-executor"], 2, "TEXT: say what parallel-task-executor is to do"),
        (["run", "issue-orchestrator", "x"], 2, r"costs at most \$0.00"),
        (["run", "parallel-task-executor", "x"], 2, "Nobody is there to approve the quote. Add --yes"),
        (["run", "test-runner", "--path", "gone"], 2, "--path: gone does not exist"),
        (["run", "issue-orchestrator", "x", "--yes"], 4, "API key"),
    ],
)
def test_nothing_is_spent_without_consent(
    shop: Place, capfd: pytest.CaptureFixture[str], given: list[str], status: int, said: str
) -> None:
    more = [] if "--path" in given else ["--path", str(shop.root)]
    assert main(["agents", *given, *more]) == status
    assert said.replace("\\", "") in capfd.readouterr().err
