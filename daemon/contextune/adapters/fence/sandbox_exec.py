"""The Fence of macOS: a profile for `sandbox-exec`, which the kernel holds a command and all it starts to.

A command reads and runs the machine without the user's private places, writes only in its worktree, but for
git's and the editor's files, and in a temporary folder of its own, and reaches no network, not even loopback:
that is the whole machine's, with all that listens there. Of rules about the same thing the last one counts.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from contextune.adapters.fence.fence_places import (
    READ_ONLY_IN_WORKTREE,
    SECRET_FILES,
    Places,
    common_dir,
    worktree_of,
)

PROGRAM = "/usr/bin/sandbox-exec"
"""Not looked for: a PATH may name another."""
RUNNER = Path(__file__).with_name("sandboxed.py")
OWN = "OWN"
"""The parameter that stands for the command's own folder."""

BASE = """(version 1)
(deny default)
(allow process-exec process-fork)
(allow process-info* (target same-sandbox))
(allow signal (target same-sandbox))
(allow sysctl-read)
(allow ipc-posix-sem)
(allow mach-lookup
  (global-name "com.apple.system.logger")
  (global-name "com.apple.system.notification_center")
  (global-name "com.apple.system.opendirectoryd.libinfo")
  (global-name "com.apple.system.opendirectoryd.membership"))
(allow file-read* (subpath "/"))
(deny file-read-data file-read-xattr (subpath "/dev"))
(allow file-read* file-write-data
  (literal "/dev/null") (literal "/dev/zero") (literal "/dev/random") (literal "/dev/urandom"))
(allow file-read* (subpath "/dev/fd"))"""

NETWORK = """(allow system-socket)
(allow network-outbound (remote ip "*:*") (literal "/private/var/run/mDNSResponder"))
(allow network-inbound network-bind (local ip "*:*"))
(allow mach-lookup
  (global-name "com.apple.SystemConfiguration.configd")
  (global-name "com.apple.trustd.agent"))"""


class SandboxExec:
    """A profile of macOS, and a runner outside it that ends the command with the daemon."""

    name = "sandbox-exec"
    has_door = False
    is_supervised = True

    def __init__(
        self,
        *,
        readable: Iterable[Path] = (),
        hidden: Iterable[Path] = (),
        network: bool = False,
        program: str = PROGRAM,
    ) -> None:
        """A Fence that also shows `readable` and hides `hidden`; `network` leaves the network on."""
        self._readable = tuple(readable)
        self._hidden = tuple(hidden)
        self._network = network
        self._program = program
        reach = "the network" if network else "no network, not even loopback"
        self.detail = (
            f"Commands write only in their worktree, see no home folder, and have {reach}. What one starts "
            "in a session of its own may outlive it. It opens no way to allowed_hosts."
        )

    def with_door(self, door: Path, local_ports: Sequence[int] = ()) -> SandboxExec:  # noqa: ARG002
        """This one: a proxy's end inside would be on the loopback of the whole machine."""
        return self

    def wrap(self, argv: Sequence[str], *, cwd: Path, environment: Mapping[str, str]) -> list[str]:
        """The command line of the runner, with the profile."""
        worktree = worktree_of(cwd.resolve())
        home = Path(environment.get("HOME") or "/nonexistent").resolve()
        places = Places(home, environment.get("PATH", ""), self._readable, self._hidden)
        shown = list(dict.fromkeys(str(real) for _, real in places.shown()))
        made = profile(places, worktree, network=self._network)
        start = [sys.executable, "-I", "-S", str(RUNNER), str(os.getpid()), self._program, made]
        return [*start, *shown, "--", *argv]


def profile(places: Places, worktree: Path, *, network: bool) -> str:
    """The rules for a command in a worktree, whose own folder is the parameter `OWN`."""
    shown = [str(real) for _, real in places.shown()]
    common = common_dir(worktree)
    if common is not None:
        shown.append(str(common))
    inside, own = f"(subpath {quoted(str(worktree))})", f'(subpath (param "{OWN}"))'
    kept = [quoted(str(worktree / name)) for name in READ_ONLY_IN_WORKTREE]
    hidden = [f"(subpath {quoted(folder)})" for folder in places.emptied()]
    hidden += [f"(literal {quoted(file)})" for file in SECRET_FILES]
    rules = [
        BASE,
        # Names and sizes stay: programs ask for those of each folder above the one that they are in.
        f"(deny file-read-data file-read-xattr {' '.join(hidden)})",
        *(f"(allow file-read* (subpath {quoted(path)}))" for path in dict.fromkeys(shown)),
        f"(allow file-read* file-write* {inside} {own})",
        f"(deny file-write* {' '.join(f'(literal {one}) (subpath {one})' for one in kept)})",
        f"(deny file-write-unlink (literal {quoted(str(worktree))}))",
    ]
    return "\n".join([*rules, NETWORK] if network else rules) + "\n"


def quoted(text: str) -> str:
    """A string as profiles spell it, whatever is in it."""
    special = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r", "\t": "\\t"}
    spelled = "".join(
        special.get(sign) or (f"\\x{ord(sign):02x}" if ord(sign) < 32 or ord(sign) == 127 else sign)
        for sign in text
    )
    return f'"{spelled}"'
