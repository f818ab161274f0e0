"""What is said where there is no Fence: the command for the very system."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from contextune.adapters.fence.fence_advice import advice


def having(*programs: str) -> Callable[[str], str | None]:
    return lambda name: f"/usr/bin/{name}" if name in programs else None


@pytest.mark.parametrize(
    ("program", "command"),
    [
        ("apt-get", "sudo apt-get install bubblewrap"),
        ("dnf", "sudo dnf install bubblewrap"),
        ("pacman", "sudo pacman -S bubblewrap"),
        ("apk", "sudo apk add bubblewrap"),
        ("zypper", "sudo zypper install bubblewrap"),
    ],
)
def test_how_it_is_installed(program: str, command: str) -> None:
    assert advice(platform="linux", which=having(program)) == f"Install bubblewrap: {command}"


def test_without_a_package_manager_and_elsewhere() -> None:
    assert "package manager" in advice(platform="linux", which=having())
    assert "needs Linux" in advice(platform="darwin", which=having("brew"))


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("kernel/apparmor_restrict_unprivileged_userns", "1", "apparmor_restrict_unprivileged_userns=0"),
        ("kernel/unprivileged_userns_clone", "0", "unprivileged_userns_clone=1"),
        ("user/max_user_namespaces", "0", "max_user_namespaces=10000"),
        ("user/max_user_namespaces", "63000", "--security-opt seccomp=unconfined"),
    ],
)
def test_what_keeps_it_from_working(tmp_path: Path, name: str, value: str, said: str) -> None:
    file = tmp_path / name
    file.parent.mkdir(parents=True)
    file.write_text(f"{value}\n")
    assert said in advice(platform="linux", which=having("bwrap", "apt-get"), sysctl=tmp_path)
