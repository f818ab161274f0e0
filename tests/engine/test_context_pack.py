"""The context pack: a Task's files, the tests that belong to them, what fails on the Base, in a bound."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import msgspec
import pytest

from contextune.adapters.files.workspace import WorktreeFiles
from contextune.adapters.git.repository import open_repository
from contextune.adapters.source.outline import LayoutOutliner
from contextune.adapters.source.scan import RipgrepScanner
from contextune.agents.seen_files import SeenFiles
from contextune.core.planning.plan import Task
from contextune.core.proof.evidence import Baseline
from contextune.core.runs.run import advance
from contextune.engine.attempts.context_pack import PACK_LIMIT, ContextPacks
from tests.adapters.git_place import Place
from tests.engine.conftest import MakeDesk
from tests.engine.world import AREA, FILES, bash, finish, new_repository, plays, task, turn, write
from tests.protocol.samples import created, make_quote

BODY = "".join(f"    total += {n}\n" for n in range(12))
TODO = "    # TODO: count twice\n"
LONG = "import os\n\n\n" + "".join(
    f"def step_{n}(total):\n{TODO if n == 40 else ''}{BODY}    return total\n\n\n" for n in range(90)
)
"""A module of 90 functions, one with a Todo."""

Told = Callable[..., str]


@pytest.fixture
def told(tmp_path: Path) -> Callable[..., str]:
    """What the agent of a Task is told of it on a repository with these files."""

    def tell(
        files: Mapping[str, str],
        wanted: Task,
        *,
        baseline: Baseline | None = None,
        change: Mapping[str, str] | None = None,
    ) -> str:
        place: Place = new_repository(tmp_path / "shop", files)
        commit = place.said("rev-parse", "HEAD")
        todos = tuple(RipgrepScanner().scan(place.root, markers=("TODO",), exclude=(), overlays={}))
        plain = advance(None, created(make_quote()))
        base = msgspec.structs.replace(plain.base, commit=commit)
        run = msgspec.structs.replace(plain, base=base, todos=todos, baseline=baseline)
        given = msgspec.structs.replace(wanted, todo_ids=tuple(t.id for t in todos))
        for path, content in (change or {}).items():
            place.write(path, content)
        packs = ContextPacks(open_repository(place.root), LayoutOutliner(), run)
        shared, own = packs.first_message(given, SeenFiles(WorktreeFiles(place.root)))
        assert shared.cache
        assert not own.cache
        return own.text

    return tell


def test_small_files_and_their_tests_are_told_whole(told: Told) -> None:
    files = {path: FILES[path] for path in FILES if path not in ("calc/names.py", "calc/rates.py")}
    text = told(files, task(AREA, "calc/area.py", "calc/new.py"))
    assert f"# Task: {AREA}\n\nDo: {AREA}.\n\nFiles: calc/area.py, calc/new.py\n\n<todo id=" in text
    assert f"\n{AREA}\n</todo>" in text
    assert '<file path="calc/area.py" lines="3">\n1\tdef area(w, h):\n2\t    # TODO' in text
    # The tests import the module; nothing else names it.
    assert '<file path="tests/test_calc.py" lines="' in text
    assert text.endswith("Not there yet, or no text: calc/new.py")
    assert "Read what else" not in text


def test_of_a_large_module_the_todos_function_and_an_outline(told: Told) -> None:
    tests = "from calc.long import step_40\n\n\ndef test_step_40():\n    assert step_40(0) == 66\n"
    other = "import calc.long\n\n\ndef test_all():\n    assert calc.long\n"
    apart = "def test_apart():\n    assert True\n"
    text = told(
        {
            "calc/__init__.py": "",
            "calc/long.py": LONG,
            "tests/test_long.py": tests,
            "tests/test_a.py": other,
            "tests/test_apart.py": apart,
        },
        task("count", "calc/long.py"),
    )
    assert "def step_40(total):" in text
    assert "# TODO: count twice" in text
    assert "step_88(total)" not in text
    assert "; 1413-1426 step_88; " in text
    assert "1\timport os" in text
    # Named for it first, then what imports it; what has nothing to do with it stays out.
    assert text.index("tests/test_long.py") < text.index("tests/test_a.py")
    assert "test_apart" not in text
    assert text.endswith("Read what else you need of the files that are shown in part.")


def test_many_files_share_the_room_and_what_has_none_is_named(told: Told) -> None:
    many = {f"calc/m{n:02}.py": LONG.replace("step_", f"m{n}_") for n in range(8)}
    small = {"calc/small.py": "SMALL = 1\n"}
    text = told(many | small, task("all of it", *many, *small))
    assert len(text) < PACK_LIMIT + 2_000
    assert "1\tSMALL = 1" in text
    assert all(f'<file path="{path}" lines="1444" shown=' in text for path in many)


def test_a_crowd_of_files_is_not_shown_but_named(told: Told) -> None:
    crowd = {f"calc/c{n:02}.txt": "word " * 4_000 for n in range(50)}
    text = told(crowd, task("all of it", *crowd))
    assert len(text) < PACK_LIMIT
    assert "Not shown, read what you need: calc/c00.txt (1 lines), calc/c01.txt" in text


def test_a_task_without_todos_is_shown_what_it_names(told: Told) -> None:
    wanted = Task(id="t", title="Speed up", brief="Make `step_70` fast.", files=("calc/long.py",))
    text = told({"calc/long.py": LONG.replace(TODO, "")}, wanted)
    assert "def step_70(total):" in text
    assert "def step_10(total):" not in text


def test_a_todo_that_other_work_moved_is_found_again(told: Told) -> None:
    text = told(
        {"calc/long.py": LONG}, task("count", "calc/long.py"), change={"calc/long.py": "# new\n" * 300 + LONG}
    )
    place = 1 + LONG[: LONG.index("# TODO")].count("\n") + 300
    assert f'path="calc/long.py" line="{place}"' in text
    assert f"\n{place}\t    # TODO: count twice" in text


FAILS = Baseline(
    command="python -m pytest -q tests",
    exit_code=1,
    tree="t",
    duration_ms=1,
    output="....\n____ test_wide ____\nE  assert 7 == 6\n____ test_other ____\nE  assert 0\n",
    failing=("tests/test_area.py::test_wide", "tests/test_other.py::test_other"),
)


@pytest.mark.parametrize(
    ("wanted", "shown"),
    [
        (Task(id="t", title="Mend test_wide", brief="It is red.", files=("calc/area.py",)), True),
        (Task(id="t", title="Mend", brief="Make it green.", files=("tests/test_area.py",)), True),
        (Task(id="t", title="Widen", brief="Wider.", files=("calc/area.py",)), False),
    ],
)
def test_what_fails_on_the_base_is_told_to_whom_it_is_about(told: Told, wanted: Task, *, shown: bool) -> None:
    files = {"calc/area.py": "AREA = 1\n", "tests/test_area.py": "def test_wide(): ...\n"}
    text = told(files, wanted, baseline=FAILS)
    block = (
        "<failing>\nOn the Base: tests/test_area.py::test_wide\n____ test_wide ____\nE  assert 7 == 6\n"
        "____ test_other ____\nE  assert 0\n\n</failing>"
    )
    assert (block in text) == shown
    assert ("<failing>" in text) == shown


async def test_what_the_pack_showed_is_not_overwritten_unawares(desk: MakeDesk) -> None:
    mine = write("calc/area.py", "def area(w, h):\n    return h * w\n")
    here = await desk(
        plays(
            AREA,
            turn(bash("echo '# theirs' >> calc/area.py"), mine),
            turn(mine, finish(), expect=["calc/area.py changed since you saw it"]),
        )
    )
    run = await here.finish(task(AREA, "calc/area.py"))
    assert run.state == "review"
    assert here.file(run.ghost, "calc/area.py") == "def area(w, h):\n    return h * w\n"
