"""Where cgroups can be made: told from the files of a made-up machine."""

from __future__ import annotations

from pathlib import Path

import pytest

from contextune.adapters.commands.cgroup_places import Place, find_places

TWO = "30 23 0:26 {root} {top} rw,nosuid shared:4 - cgroup2 cgroup2 rw,nsdelegate"
ONE = "{n} 23 0:{n} {root} {top}/{name} rw - cgroup cgroup rw,{name}"
BOTH = "cpu memory pids"


class Machine:
    """A folder that looks like /proc/self and the hierarchies that it names."""

    def __init__(self, folder: Path) -> None:
        self.proc = folder / "proc"
        self.top = folder / "sys"
        self.proc.mkdir()
        self.top.mkdir()

    def says(self, *, cgroup: str, mounts: list[str]) -> None:
        (self.proc / "cgroup").write_text(cgroup)
        (self.proc / "mountinfo").write_text(
            "20 1 8:1 / / rw - ext4 /dev/vda rw\n" + "\n".join(mounts) + "\n"
        )

    def cgroup(self, path: str, gives: str = "", **files: str) -> Path:
        folder = self.top / path
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "cgroup.procs").touch()
        (folder / "cgroup.controllers").write_text(BOTH)
        (folder / "cgroup.subtree_control").write_text(gives)
        for name, text in files.items():
            (folder / name.replace("_", ".")).write_text(text)
        return folder

    def found(self) -> list[Place]:
        return find_places(self.proc)


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


def unified(machine: Machine, path: str, root: str = "/") -> None:
    machine.says(cgroup=f"0::{path}\n", mounts=[TWO.format(root=root, top=machine.top)])


def test_of_a_desktop_it_is_the_slice_of_apps(machine: Machine) -> None:
    machine.cgroup("user")
    apps = machine.cgroup("user/app.slice", BOTH)
    machine.cgroup("user/app.slice/code.scope", memory_max="max", memory_high="max", cpu_max="max 100000")
    unified(machine, "/user/app.slice/code.scope")
    assert machine.found() == [Place(apps, apps, unified=True)]


@pytest.mark.parametrize("bound", [{"memory_max": "2000000000"}, {"cpu_max": "50000 100000"}])
def test_commands_are_not_taken_out_of_what_bounds_the_daemon(
    machine: Machine, bound: dict[str, str]
) -> None:
    machine.cgroup("app.slice", BOTH)
    machine.cgroup("app.slice/code.scope", **bound)
    unified(machine, "/app.slice/code.scope")
    assert machine.found() == []


def test_a_slice_without_both_controllers_is_none(machine: Machine) -> None:
    machine.cgroup("app.slice", "memory")
    machine.cgroup("app.slice/code.scope")
    unified(machine, "/app.slice/code.scope")
    assert machine.found() == []


def test_the_topmost_one_is_opened_up_where_the_daemon_is_in_it(machine: Machine) -> None:
    top = machine.cgroup("")
    unified(machine, "/")
    machine.found()
    assert (top / "cgroup.subtree_control").read_text() == "+memory +pids"


def test_a_mount_that_shows_a_part(machine: Machine) -> None:
    pod = machine.cgroup("", BOTH)
    machine.cgroup("leaf")
    unified(machine, "/pod/leaf", root="/pod")
    assert machine.found() == [Place(pod, pod, unified=True)]


def test_a_cgroup_that_the_mount_does_not_show(machine: Machine) -> None:
    machine.cgroup("", BOTH)
    unified(machine, "/../other")
    assert machine.found() == []


def test_version_1_is_used_beneath_ones_own(machine: Machine) -> None:
    for path in ("memory/a/b", "pids"):
        machine.cgroup(path)
    mounts = [
        ONE.format(n=n, root="/", top=machine.top, name=name) for n, name in enumerate(("memory", "pids"))
    ]
    empty = TWO.format(root="/", top=machine.top / "unified")
    machine.cgroup("unified")
    machine.says(cgroup="2:pids:/\n1:memory:/a/b\n0::/\n", mounts=[*mounts, empty])
    (machine.top / "unified/cgroup.controllers").write_text("")
    assert machine.found() == [
        Place(machine.top / "memory/a/b", machine.top / "pids", unified=False),
    ]


def test_one_controller_of_version_1_is_too_few(machine: Machine) -> None:
    machine.cgroup("memory")
    machine.says(cgroup="1:memory:/\n", mounts=[ONE.format(n=3, root="/", top=machine.top, name="memory")])
    assert machine.found() == []


def test_a_system_without_any(tmp_path: Path) -> None:
    assert find_places(tmp_path) == []
