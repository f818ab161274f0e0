"""Commands watched for the lines that they run: real Pythons, and Node where there is one."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from contextune.adapters.commands.line_watch import PREFIX, FolderLineWatch
from contextune.core.proof.line_watch import Seen

AREA = """\
\"\"\"Words.\"\"\"
from __future__ import annotations
LIMIT = 3


def area(w, h):
    if w < 0:
        raise ValueError
    return w * h
"""
TEST = """\
import unittest
from calc.area import area


class TestArea(unittest.TestCase):
    def test_area(self):
        self.assertEqual(area(2, 3), 6)
"""
WANTED = {"calc/area.py": [3, 7, 8, 9]}
UNITTEST = (sys.executable, "-B", "-m", "unittest", "-q")
node = pytest.mark.skipif(shutil.which("node") is None, reason="there is no Node here")


@pytest.fixture
def place(tmp_path: Path) -> Path:
    files = {"calc/__init__.py": "", "calc/area.py": AREA, "tests/__init__.py": "", "tests/test_a.py": TEST}
    for path, text in files.items():
        (tmp_path / path).parent.mkdir(exist_ok=True)
        (tmp_path / path).write_text(text)
    return tmp_path


def watched(place: Path, *command: str, scripts: bool = False, **variables: str) -> Seen:
    watching = FolderLineWatch().begin(place, {} if scripts else WANTED, scripts=scripts)
    environment = {**os.environ, **watching.environment, **variables}
    done = subprocess.run(
        command, cwd=place, env=environment, capture_output=True, text=True, timeout=60, check=False
    )
    seen = watching.end()
    assert done.returncode == 0, done.stderr
    assert not list(place.glob(f"{PREFIX}*"))
    return seen


def test_the_lines_that_tests_run(place: Path) -> None:
    seen = watched(place, *UNITTEST)
    assert seen.ran == {"calc/area.py": {0, 3, 7, 9}}
    assert set(seen.files) == {"calc/__init__.py", "calc/area.py", "tests/__init__.py", "tests/test_a.py"}
    assert (set(seen.blind), seen.escaped) == (set(), False)


def test_what_a_process_ran_is_known_however_it_ends(place: Path) -> None:
    (place / "tests" / "test_a.py").write_text(TEST + "        import os; os._exit(0)\n")
    assert watched(place, *UNITTEST).ran == {"calc/area.py": {0, 3, 7, 9}}


def test_processes_that_tests_start_are_watched_too(place: Path) -> None:
    (place / "tests" / "test_a.py").write_text(
        "import subprocess, sys, unittest\n\n\nclass TestArea(unittest.TestCase):\n"
        "    def test_area(self):\n"
        "        subprocess.run([sys.executable, '-c', 'from calc.area import *; area(1, 1)'], check=True)\n"
    )
    seen = watched(place, *UNITTEST)
    assert seen.ran == {"calc/area.py": {0, 3, 7, 9}}
    assert not seen.escaped


@pytest.mark.parametrize(
    ("call", "escaped"),
    [
        ("[sys.executable, '-c', ''], env={}", True),
        ("[sys.executable, '-I', '-c', '']", True),
        ("['git', '--version'], env={'PATH': os.environ['PATH']}", False),
    ],
)
def test_a_process_that_cannot_be_watched_is_noted(place: Path, call: str, escaped: bool) -> None:
    (place / "tests" / "test_a.py").write_text(
        f"import os, subprocess, sys\nsubprocess.run({call}, check=True, stdout=subprocess.DEVNULL)\n{TEST}"
    )
    assert watched(place, *UNITTEST).escaped is escaped


@pytest.mark.parametrize(
    "command", [("calc/area.py",), ("-c", "import runpy; runpy.run_path('calc/area.py')")]
)
def test_a_file_that_is_run_unmarked_is_noted(place: Path, command: tuple[str, ...]) -> None:
    seen = watched(place, sys.executable, "-B", *command)
    assert (dict(seen.ran), set(seen.blind)) == ({}, {"calc/area.py"})


def test_a_project_s_own_start_up_module_is_run_as_well(place: Path, tmp_path: Path) -> None:
    own = place / "own"
    own.mkdir()
    (own / "sitecustomize.py").write_text("import builtins, sys\nbuiltins.OWN = list(sys.path)\n")
    (place / "tests" / "test_a.py").write_text(
        f"{TEST}\n    def test_own(self):\n        self.assertFalse([p for p in OWN if {PREFIX!r} in p])\n"
    )
    watching = FolderLineWatch().begin(place, WANTED, scripts=False)
    path = f"{watching.environment['PYTHONPATH']}{os.pathsep}{own}"
    subprocess.run(UNITTEST, cwd=place, env={**os.environ, "PYTHONPATH": path}, check=True, timeout=60)
    assert watching.end().ran == {"calc/area.py": {0, 3, 7, 9}}


def test_python_without_its_start_up_module_is_not_watched(place: Path) -> None:
    assert watched(place, sys.executable, "-S", "-B", "-m", "unittest", "-q") == Seen({}, set(), set())


def test_what_a_killed_process_left_goes_with_the_next_one(place: Path) -> None:
    left = FolderLineWatch().begin(place, WANTED, scripts=True)
    assert Path(left.environment["PYTHONPATH"]).is_dir()
    (place / f"{PREFIX}work").mkdir()
    FolderLineWatch().begin(place, WANTED, scripts=False).end()
    assert [path.name for path in place.glob(f"{PREFIX}*")] == [f"{PREFIX}work"]


def test_what_a_test_puts_in_place_of_what_was_seen_is_not_read(place: Path) -> None:
    watching = FolderLineWatch().begin(place, WANTED, scripts=True)
    folder = Path(watching.environment["PYTHONPATH"])
    secret = place / "secret"
    secret.write_text('["ran", "calc/area.py", 3]\n')
    (folder / "python.log").symlink_to(secret)
    (folder / "node").rmdir()
    (folder / "node").symlink_to(place)
    assert watching.end() == Seen({}, set(), set())
    assert secret.exists()


def test_nonsense_is_left_out(place: Path) -> None:
    watching = FolderLineWatch().begin(place, WANTED, scripts=True)
    folder = Path(watching.environment["PYTHONPATH"])
    (folder / "python.log").write_bytes(b'\xff\n[]\n{"a": 1}\n["ran", 1, 2]\n["ran", "a.py", 2]\n["ran"')
    (folder / "node" / "c.json").write_bytes(b'{"result": 7}')
    os.mkfifo(folder / "node" / "pipe")
    assert watching.end() == Seen({"a.py": {2}}, set(), set())


JS = "function area(w, h) {\n  if (w < 0) {\n    throw new Error('w');\n  }\n  return w * h;\n}\n"


@node
def test_scripts_that_node_runs(place: Path) -> None:
    (place / "area.js").write_text(JS + "module.exports = { area };\n")
    (place / "area.test.js").write_text(
        "const { test } = require('node:test');\nconst { area } = require('./area.js');\n"
        "test('area', () => area(1, 2));\n"
    )
    seen = watched(place, "node", "--test", scripts=True)
    found = {script.path: script for script in seen.scripts}
    assert sorted(found) == ["area.js", "area.test.js"]
    whole, area = found["area.js"].functions[:2]
    assert (whole[0].start, whole[0].end) == (0, len(JS) + 27)
    assert [part.times for part in area] == [1, 0]
    assert not found["area.js"].translated
