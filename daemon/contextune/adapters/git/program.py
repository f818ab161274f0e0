"""Runs git, hardened: the one place where a git process is started.

Every command names its repository and its work tree itself, so that a rewritten `.git` file or a stray
environment variable cannot lead it elsewhere; runs no hook, no editor, no pager, no external diff; fetches
nothing; and sees none of the daemon's secrets. The user's own configuration stays in force where it decides
what bytes mean (`core.autocrlf`, filters such as LFS, `user.name`), because a checkout written under other
rules is corrupt.
"""

from __future__ import annotations

import contextlib
import functools
import os
import re
import signal
import subprocess
from collections.abc import Container, Iterable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from contextune.core.errors import GitProblem, PlaceProblem

MINIMUM_VERSION = (2, 38)
"""`git merge-tree --write-tree` came with 2.38."""

TIME_LIMIT = 900.0
"""Seconds after which a git command is killed: a filter driver may hang."""

_CONFIG: Mapping[str, str] = {
    "add.ignoreErrors": "false",
    "color.ui": "false",
    "commit.gpgSign": "false",
    "core.fsmonitor": "false",
    "core.hooksPath": os.devnull,
    "core.quotePath": "false",
    # It only decides whether git refuses lines endings that do not round-trip; it never changes bytes.
    "core.safecrlf": "false",
    # A private copy of a split index would share its other half with the user's.
    "core.splitIndex": "false",
    "gc.auto": "0",
    # `git log` would check signatures by a program that the repository names.
    "log.showSignature": "false",
    # One outcome of a merge for every user.
    "merge.directoryRenames": "conflict",
    "merge.renames": "true",
    "protocol.ext.allow": "never",
    "safe.bareRepository": "explicit",
    "submodule.recurse": "false",
}

_PASSED_ON = (
    "PATH",
    "HOME",
    "USER",
    "LOGNAME",
    "TMPDIR",
    "TEMP",
    "TMP",
    "SYSTEMROOT",
    "XDG_CONFIG_HOME",
    "GIT_CONFIG_GLOBAL",
    "GIT_CONFIG_SYSTEM",
    "GIT_CONFIG_NOSYSTEM",
    "GIT_AUTHOR_NAME",
    "GIT_AUTHOR_EMAIL",
    "GIT_COMMITTER_NAME",
    "GIT_COMMITTER_EMAIL",
    "EMAIL",
)
"""What a git process gets of the daemon's environment: no keys, no tokens, no GIT_DIR of a calling hook."""

_FIXED = {
    "LC_ALL": "C",
    "LANGUAGE": "C",
    "GIT_EDITOR": "true",
    "GIT_SEQUENCE_EDITOR": "true",
    "GIT_PAGER": "cat",
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_ASKPASS": "true",
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_LITERAL_PATHSPECS": "1",
    # Nothing here talks to a remote. In a partial clone git would by itself, for an object that is missing,
    # by programs that the repository names (core.sshCommand, remote.*.uploadpack). No protocol is allowed,
    # and git from 2.45 on does not even try.
    "GIT_ALLOW_PROTOCOL": "",
    "GIT_NO_LAZY_FETCH": "1",
}

Argument = str | bytes | Path


class Answer(NamedTuple):
    """What a git process said. `out` is its standard output, `words` its standard error as text."""

    code: int
    out: bytes
    words: str


class Identity(NamedTuple):
    """Who a commit is by. `date` is git's raw form (`@seconds zone`), or None for now."""

    name: str
    email: str
    date: str | None = None


CONTEXTUNE = Identity("Contextune", "contextune@localhost")
"""The author of commits that are ours alone, and of the user's where git knows no user."""


class Git:
    """git, bound to one repository folder and one work tree. Stateless, safe to share between threads."""

    def __init__(self, git_dir: Path, work_tree: Path) -> None:
        self.git_dir = git_dir
        self.work_tree = work_tree

    def run(
        self,
        *arguments: Argument,
        stdin: bytes | None = None,
        index: Path | None = None,
        work_tree: Path | None = None,
        environment: Mapping[str, str] | None = None,
        config: Mapping[str, str] | None = None,
    ) -> bytes:
        """Run a command and return its output. Raises GitProblem with git's words if it fails.

        `index` stands in for the index of the repository, `work_tree` for its files.
        """
        answer = self.call(
            *arguments, stdin=stdin, index=index, work_tree=work_tree, environment=environment, config=config
        )
        return answer.out

    def call(
        self,
        *arguments: Argument,
        stdin: bytes | None = None,
        index: Path | None = None,
        work_tree: Path | None = None,
        environment: Mapping[str, str] | None = None,
        config: Mapping[str, str] | None = None,
        allowed: Container[int] = (0,),
    ) -> Answer:
        """Like `run`, for commands whose exit code is an answer: those in `allowed` are not failures."""
        folder = work_tree or self.work_tree
        variables = {"GIT_DIR": str(self.git_dir), "GIT_WORK_TREE": str(folder)}
        if index is not None:
            variables["GIT_INDEX_FILE"] = str(index)
        variables.update(environment or {})
        where = folder if folder.is_dir() else self.git_dir
        answer = start(arguments, cwd=where, stdin=stdin, environment=variables, config=config)
        if answer.code not in allowed:
            raise GitProblem(f"git {os.fsdecode(arguments[0])} failed in {folder}: {_gist(answer)}")
        return answer


_COMMAND = ("git", "--no-pager", *(word for pair in _CONFIG.items() for word in ("-c", "=".join(pair))))


@functools.lru_cache
def _absolute(path: str) -> str:
    """The places that a search path names absolutely.

    One named from here would lie in the repository, and with it a program called git among its files.
    """
    return os.pathsep.join(place for place in path.split(os.pathsep) if Path(place).is_absolute())


def start(
    arguments: Sequence[Argument],
    *,
    cwd: Path,
    stdin: bytes | None = None,
    environment: Mapping[str, str] | None = None,
    config: Mapping[str, str] | None = None,
) -> Answer:
    """Run one git process to its end. Raises PlaceProblem without git, GitProblem on the time limit."""
    try:
        process = launched(
            arguments, cwd=cwd, has_stdin=stdin is not None, environment=environment, config=config
        )
    except FileNotFoundError:
        raise PlaceProblem(
            f"git was not found. Install {'.'.join(map(str, MINIMUM_VERSION))} or newer and put it on PATH."
        ) from None
    except OSError as problem:
        raise GitProblem(f"git could not be started: {problem.strerror}.") from problem
    with process:
        try:
            out, err = process.communicate(stdin, timeout=TIME_LIMIT)
        except BaseException as stop:
            # A filter driver may hold the pipes open, so the whole group goes.
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            if isinstance(stop, subprocess.TimeoutExpired):
                verb = os.fsdecode(arguments[0])
                raise GitProblem(f"git {verb} did not end within {TIME_LIMIT:.0f} seconds.") from None
            raise
    return Answer(process.returncode, out, err.decode("utf-8", "replace").strip())


def launched(
    arguments: Sequence[Argument],
    *,
    cwd: Path,
    has_stdin: bool,
    has_words: bool = True,
    environment: Mapping[str, str] | None = None,
    config: Mapping[str, str] | None = None,
) -> subprocess.Popen[bytes]:
    """A git process that has begun, hardened; what it says is in pipes. Raises OSError if it does not begin.

    Without `has_words` its standard error is dropped.
    """
    command: list[Argument] = [*_COMMAND]
    for key, value in (config or {}).items():
        command += ["-c", f"{key}={value}"]  # the last one counts
    variables = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
    variables["PATH"] = _absolute(variables.get("PATH", os.defpath))
    variables.update(_FIXED)
    variables.update(environment or {})
    return subprocess.Popen(
        [*command, *arguments],
        cwd=cwd,
        env=variables,
        stdin=subprocess.PIPE if has_stdin else subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE if has_words else subprocess.DEVNULL,
        start_new_session=True,
    )


def require_git() -> str:
    """The version of git, such as `2.43`, which is there and new enough. Raises PlaceProblem."""
    version = _version(os.environ.get("PATH", ""))
    if version < MINIMUM_VERSION:
        raise PlaceProblem(
            f"git {'.'.join(map(str, version))} is too old: "
            f"install git {'.'.join(map(str, MINIMUM_VERSION))} or newer."
        )
    return ".".join(map(str, version))


@functools.lru_cache(maxsize=4)
def _version(path: str) -> tuple[int, ...]:  # noqa: ARG001 - PATH is the cache's key: it decides which git answers
    answer = start(["version"], cwd=Path.cwd())
    match = re.match(rb"git version (\d+)\.(\d+)", answer.out)
    if answer.code or match is None:
        raise PlaceProblem(f"git does not tell its version: {_gist(answer)}")
    return int(match[1]), int(match[2])


def signature(author: Identity, committer: Identity) -> dict[str, str]:
    """The environment that makes `git commit-tree` sign for these people."""
    variables: dict[str, str] = {}
    for role, who in (("AUTHOR", author), ("COMMITTER", committer)):
        variables[f"GIT_{role}_NAME"] = who.name
        variables[f"GIT_{role}_EMAIL"] = who.email
        if who.date is not None:
            variables[f"GIT_{role}_DATE"] = who.date
    return variables


def lines(items: Iterable[bytes]) -> bytes:
    """Paths as git reads them under `-z`: each closed by a NUL."""
    return b"".join(item + b"\0" for item in items)


def fields(output: bytes) -> list[bytes]:
    """The parts of a `-z` output."""
    return output.split(b"\0")[:-1]


def shown(path: bytes) -> str:
    """A repository path as text for people and values; bytes that are not UTF-8 become U+FFFD."""
    return path.decode("utf-8", "replace")


def given(path: str) -> bytes:
    """A repository path as git's bytes."""
    return path.encode("utf-8", "surrogateescape")


def _gist(answer: Answer) -> str:
    said = answer.words or answer.out.decode("utf-8", "replace").strip() or f"exit status {answer.code}"
    return said if len(said) <= 2000 else said[:2000] + "…"
