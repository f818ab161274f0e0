"""The scripts that ship: every conversation is played on real files, and what it leaves behind is tested.

boltons comes from its source distribution: $CONTEXTUNE_BOLTONS, the cache, or a download with pip.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tarfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from contextune.agents.briefing import earlier_attempt, task_text
from contextune.agents.roles import role
from contextune.core.model.conversation import Rung
from contextune.core.planning.default_plan import default_plan
from contextune.core.planning.plan import Task
from contextune.core.source.suite_layout import SuiteLayout
from contextune.core.todos.todo import Todo
from contextune.offline.errors import ApiError
from tests.offline.replay import FIRST_RUNG_TURNS, HIGH, LOW, OFFLINE, Played, Project, Ran, evidence, play

BOLTONS_TASKS = {
    "add-a-count-argument-to-chunked-iter": ["boltons/iterutils.py:329"],
    "add-recollect-and-refilter": ["boltons/iterutils.py:1445", "boltons/iterutils.py:1446"],
    "make-basepriorityqueue-abstract": ["boltons/queueutils.py:87"],
    "truncate-table-text-from-any-side": ["boltons/tableutils.py:94"],
    "check-the-range-of-the-moments": ["boltons/statsutils.py:452"],
    "add-discard-many-and-remove-many-to-inde": ["boltons/setutils.py:62"],
    "merge-dead-intervals-that-touch-in-index": ["boltons/setutils.py:186"],
    "keep-a-syntaxerror-s-fields-in-exception": ["boltons/tbutils.py:384"],
    "format-syntaxerrors-in-exceptioninfo": ["boltons/tbutils.py:435"],
    "let-recv-until-take-a-pattern": ["boltons/socketutils.py:763"],
    "give-the-caches-their-own-fromkeys": ["boltons/cacheutils.py:133"],
}
PARCEL_TASKS = {
    "round-half-a-cent-up": ["parcel/money.py:6"],
    "bill-the-volumetric-weight": ["parcel/sizes.py:30"],
    "read-sizes-as-people-write-them": ["parcel/sizes.py:48"],
    "accept-country-codes-in-any-case": ["parcel/zones.py:16"],
    "insure-a-declared-value": ["parcel/quote.py:27"],
    "show-the-insurance-on-the-receipt": ["parcel/text.py:21"],
}
SHARED_FILES = {"boltons": ["boltons/iterutils.py", "boltons/setutils.py"], "parcel": ["parcel/sizes.py"]}
"""Files that two Tasks without an order between them change."""


@dataclass
class Session:
    """A project with a branch `task/KEY` for every Task of its Plan."""

    project: Project
    planned: dict[str, Played]
    """First rung and, for the one that climbs, the second; each in the order of the Plan."""
    climbed: Played
    variants: dict[str, Played]
    """What remains of the script: Todos selected alone, and other first rungs."""

    @property
    def keys(self) -> list[str]:
        return [task.id for task in self.project.plan.tasks]


def play_all(project: Project, variants: dict[str, Rung]) -> Session:
    """Play the whole Plan, then each Todo of `variants` (`path:line`) selected alone."""
    planned, climbed = {}, Played()
    for task in project.plan.tasks:
        project.checkout(f"task/{task.depends_on[0]}" if task.depends_on else "main", f"task/{task.id}")
        planned[task.id] = play(project, task, LOW, todos=project.todos)
        if not planned[task.id].green:
            project.git("add", "-N", ".")
            last = evidence(project, Ran(1, planned[task.id].reds[-1]))
            handed = earlier_attempt(project.git("diff"), last, "").text
            climbed = play(project, task, HIGH, todos=project.todos, earlier=handed)
        project.git("add", "-A")
        project.git("commit", "-q", "-m", task.title)
    alone = {}
    for place, rung in variants.items():
        project.checkout("main", "alone")
        todo = next(t for t in project.todos if f"{t.path}:{t.line}" == place)
        alone[place] = play(project, alone_task(project, todo), rung, todos=project.todos)
    project.git("checkout", "-q", "-f", "main")
    project.git("clean", "-qfd")
    return Session(project, planned, climbed, alone)


@pytest.fixture(scope="module")
def boltons_archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The source distribution of boltons 26.2.0."""
    named = os.environ.get("CONTEXTUNE_BOLTONS")
    cached = Path("~/.cache/contextune/boltons-26.2.0.tar.gz").expanduser()
    for archive in [Path(named)] if named else [cached]:
        if archive.is_file():
            return archive
    folder = tmp_path_factory.mktemp("download")
    options = ["--no-deps", "--no-binary", ":all:", "--quiet", "--dest", str(folder)]
    subprocess.run(
        [sys.executable, "-m", "pip", "download", *options, "boltons==26.2.0"], check=True, timeout=90
    )
    cached.parent.mkdir(parents=True, exist_ok=True)
    return Path(shutil.copy(folder / "boltons-26.2.0.tar.gz", cached))


@pytest.fixture(scope="module")
def boltons(boltons_archive: Path, tmp_path_factory: pytest.TempPathFactory) -> Session:
    folder = tmp_path_factory.mktemp("boltons")
    with tarfile.open(boltons_archive) as archive:
        archive.extractall(folder, filter="data")
    root = folder / "boltons-26.2.0"
    project = Project(
        "boltons",
        root,
        BOLTONS_TASKS,
        "python -m pytest -q tests",
        climbs="check-the-range-of-the-moments",
    )
    alone = ["boltons/iterutils.py:1445", "boltons/iterutils.py:1446", "boltons/tbutils.py:435"]
    return play_all(project, {**dict.fromkeys(alone, LOW), "boltons/statsutils.py:452": HIGH})


@pytest.fixture(scope="module")
def parcel(tmp_path_factory: pytest.TempPathFactory) -> Session:
    root = tmp_path_factory.mktemp("parcel") / "parcel"
    shutil.copytree(OFFLINE / "sample" / "parcel", root, ignore=shutil.ignore_patterns("__pycache__"))
    project = Project("parcel", root, PARCEL_TASKS, "python -m unittest -q", climbs="round-half-a-cent-up")
    return play_all(project, {"parcel/text.py:21": LOW, "parcel/money.py:6": HIGH})


@pytest.fixture(params=["boltons", "parcel"])
def session(request: pytest.FixtureRequest) -> Session:
    found: Session = request.getfixturevalue(request.param)
    return found


def test_plan_has_the_expected_tasks(session: Session) -> None:
    places = {t.id: f"{t.path}:{t.line}" for t in session.project.todos}
    plan = {task.id: [places[i] for i in task.todo_ids] for task in session.project.plan.tasks}
    assert plan == session.project.tasks


def test_every_todo_of_the_sample_is_in_the_plan(parcel: Session) -> None:
    planned = {todo_id for task in parcel.project.plan.tasks for todo_id in task.todo_ids}
    assert {t.id for t in parcel.project.scan()} == planned
    assert [t.owner for t in parcel.project.todos if t.owner] == ["mira"]


def test_each_task_ends_green(session: Session) -> None:
    ends = {key: played.green for key, played in session.planned.items()}
    assert ends == {key: key != session.project.climbs for key in session.keys}
    assert session.climbed.green
    assert not session.climbed.reds


def test_the_first_rung_of_one_task_fails_twice(session: Session) -> None:
    reds = {key: len(played.reds) for key, played in session.planned.items() if played.reds}
    assert reds == {session.project.climbs: FIRST_RUNG_TURNS}


def test_boltons_own_tests_catch_the_mistake(boltons: Session) -> None:
    first, second = boltons.planned["check-the-range-of-the-moments"].reds
    assert "2 failed" in first
    assert "tests/test_statsutils.py::test_pearson_type_zero_denominator" in first
    assert "1 failed" in second
    assert "tests/test_statsutils_pearson.py::test_lopsided_sample" in second


def test_todos_selected_alone_end_green(session: Session) -> None:
    assert session.variants
    assert [place for place, played in session.variants.items() if not played.green or played.reds] == []


def test_each_todo_alone_finds_its_conversation(session: Session) -> None:
    project = session.project
    project.git("checkout", "-q", "-f", "main")
    for todo in project.todos:
        text = task_text(alone_task(project, todo), [todo]).text
        speech = project.ask(LOW, role("parallel-task-executor").prompt, [{"role": "user", "content": text}])
        assert todo.path in {file["path"] for file in touched(speech.calls)}


@pytest.mark.parametrize("left_out", ["boltons/tbutils.py:384", "boltons/iterutils.py:1445"])
def test_a_selection_without_its_neighbour(boltons: Session, left_out: str) -> None:
    rest = [t for t in boltons.project.todos if f"{t.path}:{t.line}" != left_out]
    plan = boltons.project.make_plan(rest)
    assert all(not task.depends_on for task in plan.tasks) == ("tbutils" in left_out)
    assert ("add-refilter" in [task.id for task in plan.tasks]) == ("iterutils" in left_out)


def test_two_independent_tasks_share_a_file(session: Session) -> None:
    plan = session.project.plan
    shared = [o.path for o in plan.overlaps(session.project.todos)]
    assert shared == SHARED_FILES[session.project.name]


def test_the_dependent_task_needs_the_other(session: Session) -> None:
    project = session.project
    dependent = [task for task in project.plan.tasks if task.depends_on]
    assert len(dependent) == 1
    project.checkout("main", "without")
    with pytest.raises((AssertionError, ApiError)):  # its grep for the other's work, or the script's expect
        play(project, dependent[0], LOW, todos=project.todos)
    project.git("checkout", "-q", "-f", "main")
    project.git("clean", "-qfd")


def test_all_tasks_merge_in_any_order_and_stay_green(session: Session) -> None:
    project, keys = session.project, session.keys
    orders = [keys, keys[::-1], keys[1::2] + keys[::2]]
    trees = {merge(project, order) for order in orders}
    assert len(trees) == 1
    project.git("checkout", "-q", "-f", "--detach", "main")
    project.git("read-tree", "-u", "--reset", trees.pop())
    gate = project.run(project.gate)
    assert gate.code == 0, gate.output
    assert remaining(project) == []
    if project.name == "boltons":
        modules = sorted({path for task in project.plan.tasks for path in task.files if "/test_" not in path})
        doctests = project.run(f"python -m pytest -q --doctest-modules {' '.join(modules)}")
        assert doctests.code == 0, doctests.output


def test_every_turn_of_the_script_was_played(session: Session) -> None:
    assert session.project.player.unused() == []


def alone_task(project: Project, todo: Todo) -> Task:
    """The Task of a Todo that was selected alone."""
    return default_plan([todo], SuiteLayout(project.git("ls-files").splitlines())).tasks[0]


def touched(calls: Iterable[tuple[str, dict[str, Any]]]) -> list[dict[str, Any]]:
    """What the calls of one turn read, write and edit."""
    return [one for _, given in calls for one in (*given.get("files", ()), *given.get("edits", ()))]


def merge(project: Project, order: Sequence[str]) -> str:
    """The tree of all Tasks merged one by one, without a checkout, as the daemon does it."""
    commit = project.git("rev-parse", "main")
    for key in order:
        tree = project.git("merge-tree", "--write-tree", commit, f"task/{key}").splitlines()[0]
        commit = project.git("commit-tree", tree, "-p", commit, "-p", f"task/{key}", "-m", key)
    return project.git("rev-parse", f"{commit}^{{tree}}")


def remaining(project: Project) -> list[str]:
    """Todos of the Plan that are still there, and others that are gone or new."""
    done = {t.id for t in project.todos}
    now = {t.id: t.text for t in project.scan()}
    project.git("read-tree", "-u", "--reset", "main")
    before = {t.id: t.text for t in project.scan()}
    expected = {i: text for i, text in before.items() if i not in done}
    return [text for i, text in (now.items() ^ expected.items()) if i]
