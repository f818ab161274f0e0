"""What is left after a Run that was killed and gone on with: compared with one that nobody killed."""

from __future__ import annotations

import subprocess
from collections import Counter
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import NamedTuple

import msgspec

from contextune.bench.counted import usage_of
from contextune.bench.crash_job import ONCE
from contextune.core.model.requests import RequestSettled
from contextune.core.ports import PriceBook
from contextune.core.runs import events as ev
from contextune.core.runs.run import Run, fold
from contextune.offline.log import LoggedRequest

CHECKED = ("HEAD", "index", "config")


class Ending(NamedTuple):
    """What a Run came to, as far as it is the same however often it was killed."""

    state: str
    tasks: tuple[tuple[str, str, tuple[str, ...]], ...]
    """Each Task's id, its state, and the outcomes of its attempts that were not cancelled."""
    tree: tuple[str, ...]
    """Of the user's branch: mode, blob and path of each file."""
    subjects: tuple[str, ...]
    """Of the commits that the Run added, in some order."""


class Faults(NamedTuple):
    """What must not be."""

    different: int = 0
    lost: int = 0
    """Acknowledged events that the Journal lacks."""
    uncovered: Decimal = Decimal(0)
    """Dollars that the server used beyond what the Ledger counts."""
    repeated: int = 0
    """Requests that were sent again though their answer was in the Journal."""
    ran_twice: int = 0
    merged_twice: int = 0
    touched: int = 0
    """Tasks around whose work the user's checkout changed."""
    left: tuple[str, ...] = ()
    """Processes, worktrees, branches and locks that nobody needs."""


def ending(repository: Path, run: Run) -> Ending:
    """How a Run ended."""
    before = run.base.head or run.base.commit
    subjects = git(repository, "log", "--format=%s", f"{before}..HEAD").splitlines()
    tasks = [
        (task.id, task.state, tuple(one.outcome for one in task.attempts if one.outcome != "cancelled"))
        for task in run.tasks
    ]
    files = tuple(git(repository, "ls-tree", "-r", "HEAD").splitlines())
    return Ending(run.state, tuple(tasks), files, tuple(sorted(subjects)))


def differences(came: Ending, expected: Ending) -> list[str]:
    """What came otherwise than expected, a line each."""
    said = [] if came.state == expected.state else [f"state: {came.state}, expected {expected.state}"]
    pairs = ((came.tasks, expected.tasks), (came.tree, expected.tree), (came.subjects, expected.subjects))
    for one, other in pairs:
        said += [f"+ {row}" for row in one if row not in other] + [
            f"- {row}" for row in other if row not in one
        ]
    return said


def faults(
    repository: Path,
    home: Path,
    events: Sequence[ev.AnyEvent],
    said: Sequence[bytes],
    log: Sequence[LoggedRequest],
    prices: PriceBook,
    expected: Ending,
) -> Faults:
    """What is wrong with a Run that came to its end."""
    run = fold(events)
    if run is None:
        return Faults(different=1)
    kept = Counter(msgspec.json.encode(event) for event in events)
    acknowledged = Counter(line for line in said if _is_whole(line))
    subjects = Counter(ending(repository, run).subjects)
    once = repository / ONCE
    return Faults(
        different=int(ending(repository, run) != expected),
        lost=sum((acknowledged - kept).values()),
        uncovered=_uncovered(run, log, prices),
        repeated=_repeated(events, log),
        ran_twice=int(once.is_file() and len(once.read_text().splitlines()) != 1),
        merged_twice=sum(count - 1 for count in subjects.values()),
        touched=sum(bool(task.checkout_changed) for task in run.tasks),
        left=(*_processes(home), *_worktrees(repository, home), *_locks(repository)),
    )


def _is_whole(line: bytes) -> bool:
    """Whether a line is an event; a kill can tear the one that was just being written."""
    if not line.startswith(b"{"):
        return False
    try:
        msgspec.json.decode(line)
    except msgspec.DecodeError:
        return False
    return True


def _uncovered(run: Run, log: Sequence[LoggedRequest], prices: PriceBook) -> Decimal:
    used = Decimal(0)
    for row in log:
        price = prices.price(row.model or "")
        if row.path == "/v1/messages" and row.usage is not None and price is not None:
            used += price.cost(usage_of(row))
    return max(Decimal(0), used - run.bill.dollars)


def _repeated(events: Sequence[ev.AnyEvent], log: Sequence[LoggedRequest]) -> int:
    """Turns that the server was asked for again, beyond one for each request whose answer never came."""
    broken = sum(isinstance(event, RequestSettled) and event.error is not None for event in events)
    turns = Counter((row.conversation, row.turn) for row in log if row.turn is not None and row.max_tokens)
    return max(0, sum(count - 1 for count in turns.values()) - broken)


def _processes(home: Path) -> list[str]:
    """Processes that still work in a worktree."""
    inside = str(home / "worktrees")
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            if str((entry / "cwd").readlink()).startswith(inside):
                found.append(f"process {(entry / 'cmdline').read_bytes()[:80]!r}")
        except OSError:
            continue
    return found


def _worktrees(repository: Path, home: Path) -> list[str]:
    listed = git(repository, "worktree", "list", "--porcelain").splitlines()
    entries = [line for line in listed if line.startswith("worktree ")][1:]
    folders = [str(path) for path in (home / "worktrees").glob("*/*/*") if not path.name.startswith(".")]
    branches = git(repository, "for-each-ref", "--format=%(refname)", "refs/heads/contextune").splitlines()
    return [*entries, *folders, *branches]


def _locks(repository: Path) -> list[str]:
    return [str(path) for path in (repository / ".git").rglob("*.lock")]


def git(repository: Path, *arguments: str) -> str:
    """What git says of the user's repository."""
    done = subprocess.run(
        ["git", *arguments], cwd=repository, check=True, capture_output=True, text=True, timeout=60
    )
    return done.stdout.strip()
