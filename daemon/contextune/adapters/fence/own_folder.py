"""A folder that one command has to itself: its home and its temporary files, which go with it.

Uses nothing but what is quick to import, since it is loaded before each command.
"""

import os
import stat
import sys


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
    """Delete what is at a path, and all below it; what can't be deleted stays.

    Follows no link, whatever changes meanwhile: each folder is opened as what it is, and gone on from there.
    """
    try:
        above = os.open(os.path.dirname(path), os.O_RDONLY | os.O_DIRECTORY)
    except OSError:
        return
    _remove(os.path.basename(path), above)
    os.close(above)


def _remove(name: str, above: int) -> None:
    try:
        if not stat.S_ISDIR(os.lstat(name, dir_fd=above).st_mode):
            os.unlink(name, dir_fd=above)
            return
        folder = _opened(name, above)
        try:
            for below in os.listdir(folder):
                _remove(below, folder)
        finally:
            os.close(folder)
        os.rmdir(name, dir_fd=above)
    except OSError:
        return


def _opened(name: str, above: int) -> int:
    """A folder, also one that its owner may not read. Raises OSError if it is none."""
    how = os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
    if sys.platform == "linux":
        place = os.open(name, os.O_PATH | how, dir_fd=above)
        try:
            os.chmod(f"/proc/self/fd/{place}", 0o700)
        finally:
            os.close(place)
    return os.open(name, os.O_RDONLY | how, dir_fd=above)
