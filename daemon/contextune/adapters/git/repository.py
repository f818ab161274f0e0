"""A git repository as the engine sees it: `core.ports.Repository`, put together from its parts."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

from contextune.adapters.git.base import take_base
from contextune.adapters.git.blame import written
from contextune.adapters.git.carrier import Carrier
from contextune.adapters.git.checkout import Checkout
from contextune.adapters.git.identity import recognise, settle
from contextune.adapters.git.live_snapshots import LiveSnapshots
from contextune.adapters.git.objects import Objects
from contextune.adapters.git.onlooker import look
from contextune.adapters.git.program import Git, require_git, start
from contextune.adapters.git.publishing import Publisher
from contextune.adapters.git.result_branch import ResultBranch
from contextune.adapters.git.salvage import Salvage
from contextune.adapters.git.scratch import Scratch
from contextune.adapters.git.structured_merge import StructuredMerge, find_program
from contextune.adapters.git.upkeep import WorktreeUpkeep
from contextune.adapters.git.worktrees import Worktrees
from contextune.core.errors import GitProblem, PlaceProblem
from contextune.core.ports import MadeBranch, Merge, Overlays
from contextune.core.runs.endings import Restore
from contextune.core.runs.file_change import FileChange
from contextune.core.todos.writing import Writing
from contextune.core.worktrees.checkout_look import CheckoutLook
from contextune.core.worktrees.identity import Identity
from contextune.core.worktrees.snapshot import Base


def open_repository(path: Path) -> GitRepository:
    """The repository that a folder, or a file, lies in.

    Raises PlaceProblem, with what to do, if git is missing or too old, or if there is no repository, no
    checkout or no commit. A linked worktree, a submodule, a shallow clone and a detached HEAD are fine.
    """
    require_git()
    # GitPython costs 0.3 s to import, and runs git when it is: only now is it known to be there.
    from git import Repo
    from git.exc import InvalidGitRepositoryError, NoSuchPathError

    folder = path.parent if path.is_file() else path
    try:
        with Repo(folder, search_parent_directories=True) as found:
            top, git_dir, common_dir = found.working_tree_dir, found.git_dir, found.common_dir
    except NoSuchPathError:
        raise PlaceProblem(f"{path} does not exist. Give a folder inside a git repository.") from None
    except InvalidGitRepositoryError:
        raise PlaceProblem(
            f"{path} is not in a git repository. Run git init there and make a first commit, then try again."
        ) from None
    if top is None:
        raise PlaceProblem(
            f"{path} is a bare repository: it has no files to work on. Use a clone or a worktree of it."
        )
    root = Path(top).resolve()
    # Without GIT_DIR, so that git's own check of the folder's owner (`safe.directory`) is made.
    probe = start(["rev-parse", "--git-dir"], cwd=root)
    if probe.code != 0:
        raise PlaceProblem(f"git does not open {root}: {probe.words}")
    repository = GitRepository(root, Path(git_dir).resolve(), Path(common_dir).resolve())
    if repository.resolve("HEAD") is None:
        raise PlaceProblem(f"{root} has no commit yet. Make a first commit, then try again.")
    return repository


class GitRepository:
    """Implements `core.ports.Repository`. Safe to share between threads; every method blocks."""

    def __init__(self, root: Path, git_dir: Path, common_dir: Path) -> None:
        git = Git(git_dir, root)
        scratch = Scratch(common_dir)
        scratch.sweep()
        self._root = root
        self._git = git
        self._common_dir = common_dir
        self._scratch = scratch
        self._objects = Objects(git)
        self._salvage = Salvage(git, self._objects)
        self._worktrees = Worktrees(git, common_dir, self._objects, scratch, self._salvage)
        self._upkeep = WorktreeUpkeep(git, common_dir, self._objects, scratch, self._worktrees, self._salvage)
        self._snapshots = LiveSnapshots(git, self._objects, scratch, self._worktrees)
        self._checkout = Checkout(git, self._objects, scratch)
        self._result_branch = ResultBranch(git, self._objects, scratch)
        self._publisher = Publisher(git, common_dir, self._objects, scratch)

    @property
    def root(self) -> Path:
        """The top folder of the user's checkout, links resolved."""
        return self._root

    def recognise(self) -> Identity | None:
        """What tells this checkout from others, and whether it was moved; None if it has none yet."""
        return recognise(self._git.git_dir, self._root)

    def settle(self) -> str:
        """Note that it stands where it stands, with a new identity if it has none; returns that."""
        return settle(self._git.git_dir, self._root)

    def look(self) -> CheckoutLook:
        """The user's checkout as it is, as hashes."""
        return look(self._git, self._common_dir, self._scratch)

    def take_base(self, overlays: Overlays, ref: str | None) -> Base:
        """Snapshot HEAD plus all unfinished work as a commit object; or the commit that `ref` names."""
        self._checkout.recover()
        return take_base(self._git, self._objects, self._scratch, overlays, ref)

    def read_file(self, commit: str, path: str) -> bytes | None:
        """A file's bytes in a commit; None if it is not there."""
        return self._objects.read_file(commit, path)

    def read_files(self, commit: str, paths: Sequence[str]) -> dict[str, bytes]:
        """The bytes of many files of a commit, by path; all of them must be there."""
        return self._objects.read_files(commit, paths)

    def list_files(self, commit: str) -> list[str]:
        """Paths of all files in a commit, submodules left out."""
        return self._objects.list_files(commit)

    def tree_of(self, commit: str) -> str:
        """The tree object of a commit."""
        return self._objects.tree_of(commit)

    def merge(self, ours: str, theirs: str, base: str) -> Merge:
        """Merge two commits in memory, with `base` as their common ancestor."""
        return self._objects.merge(ours, theirs, base)

    def merge_by_syntax(self, merge: Merge, ours: str, theirs: str, base: str) -> Merge:
        """A merge that ended in conflict, gone on with by mergiraf, where the user has it."""
        program = find_program()
        if program is None:
            return merge
        with self._scratch.folder() as folder:
            return StructuredMerge(self._objects, program).go_on(merge, (base, ours, theirs), folder)

    def mix(self, tree: str, other: str, paths: Sequence[str]) -> str:
        """A tree with some paths as another tree or commit has them: what that one lacks is left out."""
        with self._scratch.folder() as folder:
            return self._objects.mix(tree, other, frozenset(paths), folder / "index")

    def with_files(self, tree: str, files: Mapping[str, bytes]) -> str:
        """A tree with other contents of some files that it has; their modes stay."""
        with self._scratch.folder() as folder:
            return self._objects.with_files(tree, files, folder / "index")

    def commit_tree(self, tree: str, parents: Sequence[str], message: str) -> str:
        """Write a commit object, in the user's name, and return its id."""
        return self._objects.commit_tree(tree, parents, message)

    def changes(self, before: str, after: str) -> list[FileChange]:
        """What changed between two commits or trees; a rename is a file gone and a file new."""
        return self._objects.changes(before, after)

    def diff(self, before: str, after: str, paths: Sequence[str] = ()) -> str:
        """A unified diff between two commits or trees."""
        return self._objects.diff(before, after, paths)

    def set_ref(self, ref: str, commit: str | None) -> None:
        """Point a ref at a commit, or remove it. Only below refs/contextune/ and refs/heads/contextune/."""
        self._objects.set_ref(ref, commit)

    def written(self, path: str, lines: Collection[int], content: bytes) -> dict[int, Writing]:
        """Who wrote lines of a file with this content, by number from 1; those not committed are left out."""
        return written(self._git, path, lines, content)

    def reverted(self, commits: Collection[str]) -> frozenset[str]:
        """Those of `commits` that one of the current branch's last 1,000 commits says it reverts."""
        return self._objects.reverted(commits)

    def leads_to(self, commit: str, ancestor: str) -> bool:
        """Whether a commit's history, itself included, holds another commit."""
        return self._objects.leads_to(commit, ancestor)

    def resolve(self, name: str) -> str | None:
        """The commit that a name stands for; None if it stands for none."""
        return self._objects.resolve(name)

    def add_worktree(self, path: Path, branch: str, commit: str) -> None:
        """A new linked worktree with a new branch at a commit, populated. Safe beside other calls."""
        self._worktrees.add(path, branch, commit)

    def carrier(self, path: Path) -> Carrier:
        """What sends the state of a worktree to another repository, and receives it."""
        git = self._worktrees.entry(path)
        if git is None:
            raise GitProblem(f"{path} is no worktree of {self._root}.")
        return Carrier(git)

    def receive(self, pack: bytes) -> None:
        """Take in the objects of a pack."""
        Carrier(self._git).unpack(pack)

    def hydrate(self, path: Path) -> list[str]:
        """Copy the ignored files that `.worktreeinclude` names into a worktree; return which."""
        return self._worktrees.hydrate(path)

    def remove_worktree(self, path: Path, salvage_ref: str, since: float = 0.0) -> str | None:
        """Remove a worktree after all that it holds is in `salvage_ref`."""
        return self._worktrees.remove(path, salvage_ref, since)

    def worktree_tree(self, path: Path) -> str:
        """Write the whole state of a worktree, untracked files included, as a tree; not its index."""
        return self._worktrees.tree(path)

    def commit_worktree(self, path: Path, message: str) -> str | None:
        """Commit all of a worktree's state on its branch; None if nothing differs from HEAD."""
        return self._worktrees.commit(path, message)

    @property
    def upkeep(self) -> WorktreeUpkeep:
        """What diagnoses, mends and restores worktrees."""
        return self._upkeep

    @property
    def snapshots(self) -> LiveSnapshots:
        """What the Radar looks through."""
        return self._snapshots

    def reset_worktree(self, path: Path, commit: str) -> None:
        """Bring a worktree and its branch to a commit, exactly. Ignored files stay."""
        self._worktrees.reset(path, commit)

    def restart_worktree(self, path: Path, commit: str) -> None:
        """The same with a worktree in which nobody has worked: that commit is its start from now on."""
        self._worktrees.restart(path, commit)

    def move_checkout(self, base: Base, result: str, message: str | None, *, sign: bool = False) -> Restore:
        """Carry `base`..`result` into the user's checkout and branch, keeping unfinished work unfinished."""
        return self._checkout.move(base, result, message, sign=sign)

    def restore_checkout(self, base: Base, accepted: str, restore: Restore, *, sign: bool = False) -> str:
        """Put branch, index and files back as they were before `move_checkout`, or revert the commits."""
        return self._checkout.restore(base, accepted, restore, sign=sign)

    def accepted(self, result: str) -> Restore | None:
        """The record of the Accept that brought this result into the branch; None if it is not in."""
        return self._checkout.accepted(result)

    def make_branch(
        self, base: Base, result: str, message: str | None, name: str, *, sign: bool = False
    ) -> MadeBranch:
        """A new branch of the user's with `base`..`result` on the Base's HEAD; nothing that exists moves."""
        return self._result_branch.make(base, result, message, name, sign=sign)

    def remove_branch(self, result: str, made: MadeBranch) -> None:
        """Remove a branch that `make_branch` made, if it is still where it was made."""
        self._result_branch.remove(result, made)

    @property
    def publishing(self) -> Publisher:
        """What pushes branches where the user asks for it."""
        return self._publisher
