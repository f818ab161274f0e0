"""A folder that one command has to itself: its home and its temporary files, which go with it.

Uses nothing but what is quick to import, since it is loaded before each command.
"""

import os
import stat
from contextlib import suppress


class OwnFolder:
    """Below the folder for temporary files of whoever starts the command."""

    def __init__(self) -> None:
        """Name it; nothing is made yet."""
        top = os.environ.get("TMPDIR", "").rstrip("/") or "/tmp"  # noqa: S108  # the name can't be guessed
        self.path = f"{os.path.realpath(top)}/contextune-{os.getpid()}-{os.urandom(8).hex()}"

    def make(self, shown: "list[str]") -> "dict[str, str]":
        """Make it. What is `shown` of the real home has a link in this one. Returns the variables for it."""
        temporary, home = f"{self.path}/temporary", f"{self.path}/home"
        for folder in (self.path, temporary, home):
            os.mkdir(folder, 0o700)
        real = os.environ.get("HOME", "").rstrip("/")
        for path in shown:
            if real and path.startswith(real + "/"):
                link = home + path[len(real) :]
                os.makedirs(link.rpartition("/")[0], exist_ok=True)
                if not os.path.lexists(link):
                    os.symlink(path, link)
        return {"TMPDIR": temporary, "HOME": home}

    def remove(self) -> None:
        """Delete it. To be called when nothing else writes in it."""
        remove(self.path)


def remove(path: str) -> None:
    """Delete what is at a path, and all below it, without following links; what can't be deleted stays."""
    with suppress(OSError):
        if not stat.S_ISDIR(os.lstat(path).st_mode):
            os.unlink(path)
            return
        os.chmod(path, 0o700)
        with os.scandir(path) as entries:
            below = [entry.path for entry in entries]
        for one in below:
            remove(one)
        os.rmdir(path)
