"""git processes that stay: each answers one question after another, in place of a process a question.

They only save time. A question that cannot be answered, for whatever reason, gets no answer here, and whoever
asked runs git once for it: that run also finds the words for what is wrong.
"""

from __future__ import annotations

import contextlib
import os
import re
import select
import subprocess
import tempfile
import threading
import time
import weakref
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

from contextune.adapters.git.program import TIME_LIMIT, Git, fields, launched

Said = TypeVar("Said")

MOST_AT_ONCE = 200
"""Names of one question: all of it must fit into a pipe while nobody reads the answer yet."""
BUSY = 0.05
"""Seconds that a question waits for those before it; then a process of its own is faster."""

_ID = re.compile(rb"[0-9a-f]{40,64}")


class StandingGit:
    """The questions of one repository that are asked all the time. Safe to share between threads."""

    def __init__(self, git: Git) -> None:
        self._reading = _Process(git, "cat-file", "--batch-command")
        self._comparing = _Process(
            git, "diff-tree", "--stdin", "-r", "-z", "--no-renames", "--no-abbrev", "--raw"
        )
        self._hashing = _Process(git, "hash-object", "-t", "commit", "-w", "--stdin-paths")
        self._pointing = _Process(git, "update-ref", "--stdin")
        self._text: Path | None = None
        """The file in which the text of a commit is handed over."""

    def contents(self, ids: Sequence[bytes]) -> list[bytes] | None:
        """The contents of objects, in order; None if they cannot be had from here."""
        if len(ids) > MOST_AT_ONCE or not all(_ID.fullmatch(one) for one in ids):
            return None

        def answer(process: _Process) -> list[bytes]:
            found = []
            for _ in ids:
                size = process.line().rpartition(b" ")[2]
                if not size.isdigit():
                    raise _NoAnswerError
                found.append(process.exactly(int(size)))
                process.exactly(1)
            return found

        return self._reading.ask(b"".join(b"contents %b\n" % one for one in ids), answer)

    def tree_of(self, commit: str) -> str | None:
        """The tree of a commit or tree by its id; None if that cannot be had from here."""
        if not _ID.fullmatch(commit.encode()):
            return None
        said = self._reading.ask(b"info %b^{tree}\n" % commit.encode(), _Process.line)
        found = said.split(b" ") if said is not None else []
        return found[0].decode() if len(found) == 3 and found[1] == b"tree" else None

    def differences(self, before: str, after: str) -> list[bytes] | None:
        """What `git diff-tree --raw -z` says of two trees, part by part; None if not to be had here."""
        asked = f"{before} {after}".encode()
        if not all(_ID.fullmatch(one) for one in asked.split(b" ")):
            return None
        # A line that names no object comes back as it is, after the answer to the one before.
        said = self._comparing.ask(asked + b"\nend\n", lambda process: process.until_end(asked + b"\n"))
        return None if said is None else fields(said)

    def write_commit(self, text: bytes) -> str | None:
        """Write a commit object, given as git keeps it; None if that cannot be done from here."""

        def question() -> bytes:
            if self._text is None:
                handle, name = tempfile.mkstemp(prefix="contextune-commit-")
                os.close(handle)
                self._text = Path(name)
                weakref.finalize(self, _drop, self._text)
            self._text.write_bytes(text)
            path = os.fsencode(self._text)
            if b"\n" in path or path.startswith(b'"'):
                raise _NoAnswerError
            return path + b"\n"

        said = self._hashing.ask(question, _Process.line)
        return said.decode() if said is not None and _ID.fullmatch(said) else None

    def set_ref(self, ref: str, commit: str) -> bool:
        """Point a ref, and none that it leads to, at an object by its id; whether that was done from here."""
        if re.search(r"[\s\0\"]", ref) or not _ID.fullmatch(commit.encode()):
            return False
        told = f"start\noption no-deref\nupdate {ref} {commit}\ncommit\n".encode()
        said = self._pointing.ask(told, lambda process: (process.line(), process.line()))
        return said == (b"start: ok", b"commit: ok")


class _NoAnswerError(Exception):
    """There is no answer from here."""


class _Process:
    """One kind of question, and the process that answers it: begun at the first, and anew after a failure."""

    def __init__(self, git: Git, *arguments: str) -> None:
        self._git = git
        self._arguments = arguments
        self._turn = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._ending: weakref.finalize[..., _Process] | None = None
        self._read = b""
        self._until = 0.0

    def ask(self, question: bytes | Callable[[], bytes], answer: Callable[[_Process], Said]) -> Said | None:
        """Put a question and read its answer; None if there is none."""
        if not self._turn.acquire(timeout=BUSY):
            return None
        try:
            asked = question if isinstance(question, bytes) else question()
            self._until = time.monotonic() + TIME_LIMIT
            self._write(asked)
            return answer(self)
        except (_NoAnswerError, OSError):
            self._end()
            return None
        except BaseException:
            self._end()  # what is left of its answer would be taken for that of the next question
            raise
        finally:
            self._turn.release()

    def line(self) -> bytes:
        """The next line, without its end."""
        while b"\n" not in self._read:
            self._more()
        line, _, self._read = self._read.partition(b"\n")
        return line

    def exactly(self, size: int) -> bytes:
        """So many bytes."""
        parts, have = [self._read], len(self._read)
        while have < size:
            self._read = b""
            self._more()
            parts.append(self._read)
            have += len(self._read)
        whole = b"".join(parts)
        self._read = whole[size:]
        return whole[:size]

    def until_end(self, head: bytes) -> bytes:
        """What lies between a first line and the word that was sent to end it."""
        while not (self._read.endswith(b"\0end\n") or self._read in (head + b"end\n", b"end\n")):
            self._more()
        whole, self._read = self._read, b""
        if not whole.startswith(head):
            raise _NoAnswerError
        return whole[len(head) : -len(b"end\n")]

    def _write(self, question: bytes) -> None:
        process = self._process
        if process is None or process.poll() is not None:
            self._end()
            git, folder = self._git, self._git.work_tree
            process = self._process = launched(
                self._arguments,
                cwd=folder if folder.is_dir() else git.git_dir,
                has_stdin=True,
                has_words=False,
                environment={"GIT_DIR": str(git.git_dir), "GIT_WORK_TREE": str(folder), "GIT_FLUSH": "1"},
            )
            self._ending = weakref.finalize(self, _stop, process)
        if process.stdin is None:
            raise _NoAnswerError
        process.stdin.write(question)
        process.stdin.flush()

    def _more(self) -> None:
        """Read what has come, waiting for it."""
        process = self._process
        if process is None or process.stdout is None:
            raise _NoAnswerError
        poll = select.poll()
        poll.register(process.stdout, select.POLLIN)
        if not poll.poll(max(0.0, self._until - time.monotonic()) * 1000):
            raise _NoAnswerError
        come = os.read(process.stdout.fileno(), 1 << 16)
        if not come:
            raise _NoAnswerError
        self._read += come

    def _end(self) -> None:
        self._read = b""
        ending, self._ending, self._process = self._ending, None, None
        if ending is not None:
            ending()


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.kill()  # none of them leaves anything half done: a ref is moved by a rename
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            with contextlib.suppress(OSError):
                pipe.close()
    process.wait()


def _drop(path: Path) -> None:
    with contextlib.suppress(OSError):
        path.unlink()
