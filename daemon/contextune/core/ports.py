"""What the engine and the agents need from the world, as Protocols. Adapters implement them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import NamedTuple, Protocol, TypeVar

from contextune.core.base import Value
from contextune.core.forge.publishing import Publishing
from contextune.core.model.budget import Cap
from contextune.core.model.conversation import ModelReply, ModelRequest
from contextune.core.model.ledger import LedgerEntry
from contextune.core.model.money import ModelPrice
from contextune.core.overlap.live_snapshots import Snapshots
from contextune.core.planning.record import TaskRecord
from contextune.core.proof.evidence import Baseline, CommandResult
from contextune.core.runs.endings import Restore
from contextune.core.runs.events import AnyEvent, ShadowFinished
from contextune.core.runs.file_change import FileChange
from contextune.core.todos.writing import Writing
from contextune.core.worktrees.checkout_look import CheckoutLook
from contextune.core.worktrees.identity import Identity
from contextune.core.worktrees.snapshot import Base
from contextune.core.worktrees.upkeep import Upkeep

T = TypeVar("T")

Overlays = Mapping[str, bytes]
"""Unsaved editor buffers: repository path to content."""


class Clock(Protocol):
    """The only time the core and the engine know."""

    def now(self) -> int:
        """Milliseconds since the epoch."""
        ...

    def day_start(self, at: int) -> int:
        """The first millisecond of the local day in which `at` lies."""
        ...

    def month_start(self, at: int) -> int:
        """The first millisecond of the local month in which `at` lies."""
        ...


Leave = Callable[[], Awaitable[None]]
"""Returns when a request may leave."""


async def at_once() -> None:
    """A request may leave as soon as it is ready."""


class Model(Protocol):
    """A server of the Messages API. Raises ModelProblem, ModelRefusal, KeyRefused or CreditProblem."""

    async def send(self, request: ModelRequest, *, leave: Leave = at_once) -> ModelReply:
        """One request, streamed inside, returned whole.

        `leave` is awaited when the request is ready to go, before a byte of it leaves; what it raises keeps
        the request from leaving, and is raised here, perhaps in other words.
        """
        ...

    @property
    def is_full(self) -> bool:
        """Whether the server knows all of the API: counting, writing the cache ahead, diagnostics, effort."""
        ...

    async def count(self, request: ModelRequest) -> int:
        """Tokens of the request's prompt, by the server's own count."""
        ...

    async def close(self) -> None:
        """Release connections; requests in flight fail with ModelProblem."""
        ...


class PriceBook(Protocol):
    """What models cost."""

    def price(self, model: str) -> ModelPrice | None:
        """The price of a model; None if it is unpriced."""
        ...


class Journal(Protocol):
    """The append-only record of all Runs, for the event loop; blocking work runs in a thread."""

    async def append(
        self, events: Sequence[AnyEvent], *, caps: Sequence[Cap] = (), soon: bool = False
    ) -> None:
        """Record events, all or none; on return they survive a power cut.

        `soon`: nobody stands still for them, so they may wait a few milliseconds for others.

        Raises ContextuneError on a full disk, and BudgetReached if a reservation among the events would
        exceed one of the `caps`, counting every request of every process.
        """
        ...

    async def ledger(
        self, *, since: int = 0, until: int | None = None, repository: str | None = None
    ) -> list[LedgerEntry]:
        """Requests reserved from `since` to before `until`, in order; of one repository or of all."""
        ...

    async def unsettled(self) -> list[LedgerEntry]:
        """Requests that are held back, of every process: in flight, or left so by one that died."""
        ...

    async def history(self, repository: str, *, offline: bool) -> list[TaskRecord]:
        """Records of a repository's ended Tasks, newest first, those of Runs that were undone `reverted`."""
        ...

    async def shadows(self, repository: str, *, offline: bool) -> list[ShadowFinished]:
        """Shadow samples of a repository's Tasks, newest first."""
        ...

    async def read(self, run_id: str, after: int = 0) -> list[AnyEvent]:
        """The events of a Run in order but for the first `after`; empty if there are none."""
        ...

    async def news(self, since: int | None) -> tuple[int, list[str]]:
        """A place in the Journal, and the streams of events that any process has added since an earlier one.

        None stands for its present end. Streams are Runs, and what is journalled under a name of its own.
        """
        ...

    async def runs(self, repository: str | None = None) -> list[str]:
        """Ids of Runs, newest first."""
        ...

    async def milestones(self, repository: str | None = None) -> list[AnyEvent]:
        """Events of all Runs in order, of one repository or of all, without conversations and requests.

        A Run that is folded from them stands where it stands, but for its bill and what was said in it; what
        commands printed is left out.
        """
        ...

    async def close(self) -> None:
        """Wait for what was appended and close the file."""
        ...


class KeepAwake(Protocol):
    """Keeps the machine from sleeping."""

    def how(self) -> str | None:
        """What does it, tried for a moment; None if nothing here can. Blocking."""
        ...

    def held(self) -> AbstractContextManager[None]:
        """Keep it awake while the context lasts."""
        ...


class Baselines(Protocol):
    """Remembers for a short while what the Gate saw on a Base."""

    def find(self, repository: Path, tree: str, command: str, fence: str) -> Baseline | None:
        """A green Baseline of the same tree, command and environment; None if there is none."""
        ...

    def keep(self, repository: Path, fence: str, baseline: Baseline) -> None:
        """Remember a Baseline if it is green."""
        ...


class Merge(Value, frozen=True, kw_only=True):
    """The outcome of merging one commit onto another without a checkout."""

    tree: str | None
    """The merged tree; None on conflict."""
    marked: str | None = None
    """On conflict, the tree with conflict markers in the files at fault."""
    conflicts: tuple[str, ...] = ()
    """Paths in conflict; with a tree, those that `by` has merged."""
    by: str = ""
    """The program that merged what git could not; empty if none was needed."""
    detail: str = ""


class MadeBranch(NamedTuple):
    """A branch of the user's that was made for a result."""

    name: str
    commit: str


class Repository(Protocol):
    """One git repository. All methods block: call them in a thread. All raise GitProblem.

    Nothing here writes the user's checkout, index or HEAD but `move_checkout` and `restore_checkout`, and a
    branch of the user's but these, `make_branch` and `remove_branch`.
    """

    @property
    def root(self) -> Path:
        """The top folder of the user's checkout."""
        ...

    def recognise(self) -> Identity | None:
        """What tells this checkout from others, and whether it was moved; None if it has none yet."""
        ...

    def settle(self) -> str:
        """Note that it stands where it stands, with a new identity if it has none; returns that."""
        ...

    def look(self) -> CheckoutLook:
        """The user's checkout as it is, as hashes."""
        ...

    def take_base(self, overlays: Overlays, ref: str | None) -> Base:
        """Snapshot HEAD plus all unfinished work as a commit object; or the commit that `ref` names."""
        ...

    def read_file(self, commit: str, path: str) -> bytes | None:
        """A file's bytes in a commit; None if it is not there."""
        ...

    def read_files(self, commit: str, paths: Sequence[str]) -> dict[str, bytes]:
        """The bytes of many files of a commit, by path; all of them must be there."""
        ...

    def list_files(self, commit: str) -> list[str]:
        """Paths of all files in a commit."""
        ...

    def tree_of(self, commit: str) -> str:
        """The tree object of a commit."""
        ...

    def merge(self, ours: str, theirs: str, base: str) -> Merge:
        """Merge two commits in memory, with `base` as their common ancestor."""
        ...

    def mix(self, tree: str, other: str, paths: Sequence[str]) -> str:
        """A tree with some paths as another tree or commit has them: what that one lacks is left out."""
        ...

    def with_files(self, tree: str, files: Mapping[str, bytes]) -> str:
        """A tree with other contents of some files that it has; their modes stay."""
        ...

    def merge_by_syntax(self, merge: Merge, ours: str, theirs: str, base: str) -> Merge:
        """A merge that ended in conflict, gone on with by a program that knows syntax, if there is one."""
        ...

    def commit_tree(self, tree: str, parents: Sequence[str], message: str) -> str:
        """Write a commit object, in the user's name, and return its id."""
        ...

    def changes(self, before: str, after: str) -> list[FileChange]:
        """What changed between two commits or trees."""
        ...

    def diff(self, before: str, after: str, paths: Sequence[str] = ()) -> str:
        """A unified diff between two commits or trees."""
        ...

    def set_ref(self, ref: str, commit: str | None) -> None:
        """Point a ref at a commit, or remove it. Only below refs/contextune/ and refs/heads/contextune/."""
        ...

    def written(self, path: str, lines: Collection[int], content: bytes) -> dict[int, Writing]:
        """Who wrote lines of a file with this content, by number from 1; those not committed are left out."""
        ...

    def reverted(self, commits: Collection[str]) -> frozenset[str]:
        """Those of `commits` that a commit of the current branch says it reverts."""
        ...

    def leads_to(self, commit: str, ancestor: str) -> bool:
        """Whether a commit's history, itself included, holds another commit."""
        ...

    def resolve(self, name: str) -> str | None:
        """The commit that a name stands for; None if it stands for none."""
        ...

    def add_worktree(self, path: Path, branch: str, commit: str) -> None:
        """A new linked worktree with a new branch at a commit, populated. Safe beside other calls."""
        ...

    def hydrate(self, path: Path) -> list[str]:
        """Copy the ignored files that `.worktreeinclude` names into a worktree; return which."""
        ...

    def remove_worktree(self, path: Path, salvage_ref: str, since: float = 0.0) -> str | None:
        """Remove a worktree after its commits, dirty and untracked files are in `salvage_ref`.

        So are its ignored files, if they appeared after `since`, in seconds since the epoch, and are small.
        Returns the ref, or None if there was nothing to keep or no worktree.
        """
        ...

    def worktree_tree(self, path: Path) -> str:
        """Write the whole state of a worktree, untracked files included, as a tree; not its index."""
        ...

    def commit_worktree(self, path: Path, message: str) -> str | None:
        """Commit all of a worktree's state on its branch; None if nothing differs from HEAD."""
        ...

    @property
    def upkeep(self) -> Upkeep:
        """What diagnoses, mends and restores worktrees."""
        ...

    @property
    def snapshots(self) -> Snapshots:
        """What the Radar looks through."""
        ...

    def reset_worktree(self, path: Path, commit: str) -> None:
        """Bring a worktree and its branch to a commit, exactly. Ignored files stay."""
        ...

    def restart_worktree(self, path: Path, commit: str) -> None:
        """The same with a worktree in which nobody has worked: that commit is its start from now on."""
        ...

    def move_checkout(self, base: Base, result: str, message: str | None, *, sign: bool = False) -> Restore:
        """Carry `base`..`result` into the user's checkout and branch, keeping unfinished work unfinished.

        Raises MergeRefused, before anything was written, if it would lose or mix bytes.
        """
        ...

    def restore_checkout(self, base: Base, accepted: str, restore: Restore, *, sign: bool = False) -> str:
        """Put branch, index and files back as they were before `move_checkout`; the branch's commit after.

        Where the branch has moved on, commits on top of it take the work back, and it moves once. Raises
        MergeRefused, before anything was written, if the files moved on, or later commits do not fit that.
        """
        ...

    def accepted(self, result: str) -> Restore | None:
        """The record of the Accept that brought this result into the branch; None if it is not in."""
        ...

    def make_branch(
        self, base: Base, result: str, message: str | None, name: str, *, sign: bool = False
    ) -> MadeBranch:
        """A new branch of the user's with `base`..`result` on the Base's HEAD; nothing that exists moves.

        Where there is a branch of this name, a number is added. Raises MergeRefused.
        """
        ...

    @property
    def publishing(self) -> Publishing:
        """What pushes branches where the user asks for it."""
        ...

    def remove_branch(self, result: str, made: MadeBranch) -> None:
        """Remove a branch that `make_branch` made. Raises MergeRefused if it moved on or is checked out."""
        ...


class Shell(Protocol):
    """Runs commands inside the Fence."""

    async def run(
        self,
        command: str,
        *,
        cwd: Path,
        timeout: float,
        environment: Mapping[str, str],
        output_limit: int = 30_000,
    ) -> CommandResult:
        """Run a shell command to its end or its time limit, its whole process group killed after it."""
        ...


class Workspace(Protocol):
    """A worktree as the file tools see it. Paths that leave it raise ToolProblem. Blocking."""

    @property
    def root(self) -> Path:
        """The worktree's folder."""
        ...

    def read(self, path: str) -> bytes:
        """A file's bytes."""
        ...

    def write(self, path: str, content: bytes) -> None:
        """Create or replace a file, folders included."""
        ...

    def changed_at(self, path: str) -> int:
        """When a file's content last changed, in milliseconds since the epoch."""
        ...

    def grep(self, pattern: str, *, path: str, glob: str | None, context: int, limit: int) -> str:
        """Lines that match a regular expression."""
        ...

    def glob(self, pattern: str, *, limit: int) -> list[str]:
        """Files that match a pattern."""
        ...
