"""The demo shows everything and leaves a repository; its folder is its own, and no other is touched."""

from __future__ import annotations

import re

from tests.cli.place import Machine, write


def test_the_demo_on_the_small_sample(machine: Machine) -> None:
    done = machine.do("demo", "--sample", "parcel", "--into", "tried")
    assert done.status == 0, done.err
    root = machine.folder / "tried" / "parcel"
    assert re.search(r"^ +0\.\d s  Making the repository of parcel in tried$", done.err, re.M)
    diffs, _, rest = done.out.partition("6 Todos  r_")
    assert diffs.count("\ndiff --git ") >= 10
    assert "+def insure(value: float) -> float:" in diffs
    assert rest.index("\nEvidence\n") < rest.index("\nBill\n") < rest.index("the same tokens")
    assert re.search(r"^In all .* \d+ %$", rest, re.M)
    assert "is no AI, and cost nothing" in rest
    assert re.search(r"^Done in \d+\.\d s", rest, re.M)
    log = machine.git(root, "log", "--format=%s")
    assert "Insure a declared value" in log
    home = {"CONTEXTUNE_HOME": str(machine.folder / "tried" / "state")}
    (hint,) = re.findall(r"contextune undo (r_\w+)$", done.out, re.M)
    assert machine.do("undo", hint, env=home).status == 0
    assert not machine.home.exists()
    write(root, {"left.txt": "by hand\n"})
    again = machine.do("demo", "--sample", "parcel", "--into", "tried", "--prepare")
    assert again.out == f"{root}\n"
    assert not (root / "left.txt").exists()
    assert machine.git(root, "log", "--format=%s") == "parcel as it is published"


def test_a_folder_of_the_user_is_left_alone(machine: Machine) -> None:
    write(machine.folder / "mine", {"parcel/precious.txt": "mine\n"})
    done = machine.do("demo", "--sample", "parcel", "--into", "mine", "--prepare")
    assert done.status == 2
    assert "mine holds files that are not the demo's. Give an empty folder or a new one." in done.err
    assert (machine.folder / "mine" / "parcel" / "precious.txt").read_text() == "mine\n"
    assert not (machine.folder / "mine" / ".gitignore").exists()
