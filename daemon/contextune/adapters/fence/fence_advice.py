"""What is missing for a Fence on this machine, and the command that mends it."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable
from pathlib import Path

INSTALLERS = (
    ("apt-get", "sudo apt-get install bubblewrap"),
    ("dnf", "sudo dnf install bubblewrap"),
    ("pacman", "sudo pacman -S bubblewrap"),
    ("apk", "sudo apk add bubblewrap"),
    ("zypper", "sudo zypper install bubblewrap"),
    ("nix-env", "nix-env -iA nixpkgs.bubblewrap"),
)

CLOSED = (
    (
        "kernel/apparmor_restrict_unprivileged_userns",
        "1",
        "AppArmor keeps programs from making user namespaces. Allow it: "
        "sudo sysctl -w kernel.apparmor_restrict_unprivileged_userns=0",
    ),
    (
        "kernel/unprivileged_userns_clone",
        "0",
        "The kernel keeps users from making user namespaces. Allow it: "
        "sudo sysctl -w kernel.unprivileged_userns_clone=1",
    ),
    (
        "user/max_user_namespaces",
        "0",
        "The kernel allows no user namespaces. Allow some: sudo sysctl -w user.max_user_namespaces=10000",
    ),
)
"""Files below /proc/sys, what they hold where user namespaces are closed, and how to open them."""


def advice(
    *,
    platform: str = sys.platform,
    which: Callable[[str], str | None] = shutil.which,
    sysctl: Path = Path("/proc/sys"),
) -> str:
    """One or two sentences for people, ending with a command where there is one."""
    if platform != "linux":
        return (
            "A Fence needs Linux with bubblewrap, or macOS with a sandbox-exec that works: work in a "
            "container, a virtual machine or WSL to have one."
        )
    if which("bwrap") is None:
        for program, command in INSTALLERS:
            if which(program) is not None:
                return f"Install bubblewrap: {command}"
        return "Install bubblewrap (bwrap) with your system's package manager."
    for name, closed, said in CLOSED:
        try:
            if (sysctl / name).read_text().strip() == closed:
                return said
        except OSError:
            continue
    return (
        "bubblewrap is there, but may not make user namespaces. In a container, start that with "
        "--security-opt seccomp=unconfined, or as a user who may."
    )
