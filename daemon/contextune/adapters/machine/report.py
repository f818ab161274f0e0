"""The machine as a debug bundle tells of it, and the file that the bundle becomes."""

from __future__ import annotations

import json
import os
import platform
import re
import sqlite3
import sys
import zipfile
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from importlib import metadata
from pathlib import Path
from urllib.parse import quote

from contextune import __version__
from contextune.core.bundle import Member
from contextune.core.errors import PlaceProblem

LOGS = 10
"""The most log files of a bundle: the newest."""

LOG_TAIL = 1_000_000
"""Bytes of a log file that are kept: its end."""

LIBRARIES = ("anthropic", "msgspec", "pygls", "lsprotocol", "GitPython", "watchfiles")

_SECRET_NAME = re.compile(
    r"key$|_key_|token|secret|passw|passphrase|credential|bearer|cookie|(^|_)(auth|pat|pw)$", re.IGNORECASE
)
_NO_SECRET = re.compile(r"_(file|path|dir|sock|url|id)$", re.IGNORECASE)
"""What only says where a secret is, or who has it."""
LEAST = 6
"""Characters of a value that is taken for a secret: a shorter one would be found in ordinary words."""


class ThisMachine:
    """core.bundle.Machine on the machine that this process runs on."""

    def __init__(
        self, environment: Mapping[str, str] | None = None, *, more: Callable[[], str | None] = lambda: None
    ) -> None:
        """`more` is a secret that is in no variable: the editor's key, if there is one."""
        self._environment = os.environ if environment is None else environment
        self._more = more

    @property
    def home(self) -> Path:
        """The user's home folder."""
        return Path.home()

    def versions(self) -> dict[str, str]:
        """Contextune, Python and its libraries, SQLite, and the system."""
        found = {
            "contextune": __version__,
            "python": f"{platform.python_implementation()} {sys.version.split()[0]}",
            "sqlite": sqlite3.sqlite_version,
            "system": platform.platform(),
            "machine": platform.machine(),
            "processors": str(os.cpu_count()),
        }
        for name in LIBRARIES:
            with suppress(metadata.PackageNotFoundError):
                found[name] = metadata.version(name)
        return found

    def secrets(self) -> list[str]:
        """Values of variables whose names speak of keys, tokens and passwords, and the editor's key."""
        named = [
            value.strip()
            for name, value in self._environment.items()
            if _SECRET_NAME.search(name) and not _NO_SECRET.search(name)
        ]
        values = [value for value in (*named, self._more() or "") if len(value) >= LEAST]
        spelt = {form for one in values for form in (one, json.dumps(one)[1:-1], quote(one, safe=""))}
        return sorted(spelt, key=len, reverse=True)  # one may hold another

    def logs(self, folders: Sequence[Path]) -> list[tuple[str, bytes]]:
        """The newest log files, by name, the ends of long ones."""
        found: list[tuple[float, Path]] = []
        for folder in folders:
            with suppress(OSError):
                found += [(file.stat().st_mtime, file) for file in folder.rglob("*.log") if file.is_file()]
        newest = sorted(found, reverse=True)[:LOGS]
        kept: list[tuple[str, bytes]] = []
        for _, file in newest:
            with suppress(OSError):
                kept.append((os.fsencode(file.name).decode("utf-8", "replace"), _tail(file)))
        return kept

    def pack(self, path: Path, members: Sequence[Member]) -> None:
        """Write a new `.zip` that only the user can read."""
        try:
            handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
            with os.fdopen(handle, "wb") as file, zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as packed:
                for member in members:
                    packed.writestr(member.name, member.content)
        except FileExistsError:
            raise PlaceProblem(f"{path} is there already. Name another file with --output.") from None
        except OSError as problem:
            raise PlaceProblem(f"{path} can't be written: {problem.strerror}.") from None


def _tail(file: Path) -> bytes:
    with file.open("rb") as opened:
        size = opened.seek(0, os.SEEK_END)
        opened.seek(max(0, size - LOG_TAIL))
        if size > LOG_TAIL:
            opened.readline(LOG_TAIL)  # half a line may hold half a key, which nothing would know as one
        return opened.read(LOG_TAIL)
