"""The list is whole, and holds for an ordinary user as it does for root."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from pathlib import Path

import pytest

import contextune
from tests.hostile.inputs import INPUTS

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
SOURCES = str(Path(contextune.__file__).parents[1])
NOBODY = "65534"
DROP = ("setpriv", "--reuid", NOBODY, "--regid", NOBODY, "--clear-groups")
PYTHONS = (sys.executable, f"/usr/bin/python3.{sys.version_info.minor}")


def test_every_input_has_a_test() -> None:
    sources = "".join(file.read_text("utf-8") for file in HERE.glob("test_*.py"))
    marked = {
        int(n) for numbers in re.findall(r"mark\.hostile\(([\d, ]+)\)", sources) for n in numbers.split(",")
    }
    marked |= {int(number) for number in re.findall(r"^    Input\(\s*(\d+),", sources, re.MULTILINE)}
    assert marked == set(INPUTS) == set(range(1, 68))


@pytest.mark.timeout(600)
@pytest.mark.skipif(os.geteuid() != 0 or shutil.which("setpriv") is None, reason="only root becomes others")
def test_the_same_as_an_ordinary_user() -> None:
    folder = short_folder(int(NOBODY))
    environment = {
        "PATH": f"/usr/bin:/bin:{sysconfig.get_path('scripts')}",
        "HOME": str(folder),
        "TMPDIR": str(folder),
    }
    environment |= {
        "LANG": "C.UTF-8",
        "PYTHONPATH": os.pathsep.join([sysconfig.get_path("purelib"), SOURCES]),
    }
    python = next((one for one in PYTHONS if can_run(one, environment)), None)
    if python is None:
        pytest.skip("an ordinary user can read no Python of this version")
    options = ["-q", "-m", "hostile", "-p", "no:cacheprovider", f"--basetemp={folder / 'b'}"]
    done = subprocess.run(
        [*DROP, python, "-B", "-m", "pytest", *options, str(HERE)],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    said = [line for line in done.stdout.splitlines() if line.startswith("hostile:")]
    all_of_them = f"hostile: {len(INPUTS)} of {len(INPUTS)} inputs as expected, as user {NOBODY}"
    assert said == [all_of_them], done.stdout[-6_000:]
    assert done.returncode == 0
    shutil.rmtree(folder)


def can_run(python: str, environment: dict[str, str]) -> bool:
    """Whether an ordinary user can run a Python, and with it pytest, below a shell: rights last a step."""
    probe = [*DROP, "sh", "-c", f"exec {python} -c 'import pytest, msgspec'"]
    return subprocess.run(probe, env=environment, cwd=ROOT, capture_output=True, check=False).returncode == 0


def short_folder(owner: int) -> Path:
    """A folder that belongs to somebody else and that they can reach; short, as the names of sockets are."""
    folder = Path(tempfile.mkdtemp(prefix="ct-", dir="/tmp"))
    os.chown(folder, owner, owner)
    return folder
