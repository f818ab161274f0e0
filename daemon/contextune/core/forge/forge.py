"""What the engine needs of the server that keeps issues and pull requests, as Protocols; GitHub is one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, NamedTuple, Protocol

from contextune.core.base import Value
from contextune.core.check import Check
from contextune.core.errors import PlaceProblem
from contextune.core.forge.remote import Slug

IssueState = Literal["open", "closed"]
Closing = Literal["completed", "not_planned"]
TokenSource = Literal["editor", "environment", "gh", "none"]
"""Where the token came from: VS Code's own session, `GITHUB_TOKEN`, or GitHub's command line."""


class ForgeRepository(Value, frozen=True, kw_only=True):
    """What there is to know of a repository before anything is written there."""

    full_name: str
    """As it is called now: it may have been renamed since the remote was set."""
    url: str
    default_branch: str
    archived: bool
    can_push: bool
    private: bool


class Issue(Value, frozen=True, kw_only=True):
    """An issue as the forge has it. Everything in it was written by others."""

    number: int
    url: str
    title: str
    body: str
    state: IssueState
    labels: tuple[str, ...] = ()


class PullRequest(Value, frozen=True, kw_only=True):
    """A pull request as the forge has it."""

    number: int
    url: str
    title: str
    body: str
    state: IssueState
    draft: bool
    merged: bool
    head: str
    """The commit at its tip."""
    base: str
    """The branch that it is to be merged into."""


class NewPull(NamedTuple):
    """A pull request to be opened. `head` is a branch, with `owner:` before it if it lies in a fork."""

    title: str
    body: str
    head: str
    base: str
    draft: bool


class ReviewComment(Value, frozen=True, kw_only=True):
    """What a person wrote of a line in a pull request."""

    id: int
    author: str
    path: str
    line: int | None
    body: str
    reply_to: int | None
    trusted: bool
    """Whether its author belongs to the repository: an owner, a member or a collaborator."""


class FailedCheck(NamedTuple):
    """A check of the forge's own CI that is red, with what it told."""

    name: str
    url: str
    log: str


class Checks(NamedTuple):
    """The state of the checks of a commit: how many passed, run still, and which failed."""

    passed: int
    running: int
    failed: tuple[FailedCheck, ...]


class RequestAllowance(NamedTuple):
    """How many requests the forge allows an hour; `resets_at` in milliseconds since the epoch."""

    limit: int
    remaining: int
    resets_at: int
    made: int
    """Requests of this process in the last hour."""


class Token:
    """A secret that never shows itself: neither in a log, nor in a traceback, nor in a journal."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        """The token itself, for the one header that carries it."""
        return self._value

    def __repr__(self) -> str:
        return "Token([masked])"


class Forge(Protocol):
    """One repository at a forge. Every method raises ForgeProblem; none of them repeats a request."""

    @property
    def slug(self) -> Slug:
        """Which repository."""
        ...

    async def repository(self) -> ForgeRepository:
        """The repository as it is now; where it was renamed, later calls use its new name."""
        ...

    async def issue(self, number: int) -> Issue:
        """An issue."""
        ...

    async def issues(self, label: str, limit: int) -> list[Issue]:
        """Open issues with a label, the newest first, pull requests left out."""
        ...

    async def find_issue(self, mark: str, since: int) -> Issue | None:
        """The oldest issue made or changed since then whose body holds a mark."""
        ...

    async def create_issue(self, title: str, body: str, labels: Sequence[str]) -> Issue:
        """Make an issue."""
        ...

    async def edit_issue(
        self, number: int, body: str, state: IssueState, closing: Closing | None = None
    ) -> Issue:
        """Give an issue another body and state."""
        ...

    async def has_label(self, name: str) -> bool:
        """Whether the repository has a label."""
        ...

    async def create_label(self, name: str, colour: str, description: str) -> None:
        """Make a label; nothing happens where there is one."""
        ...

    async def pull(self, number: int) -> PullRequest:
        """A pull request."""
        ...

    async def find_pull(self, head: str, mark: str) -> PullRequest | None:
        """The oldest pull request from a branch whose body holds a mark."""
        ...

    async def create_pull(self, new: NewPull) -> PullRequest:
        """Open a pull request."""
        ...

    async def edit_pull(self, number: int, body: str) -> PullRequest:
        """Give a pull request another body."""
        ...

    async def mark_ready(self, number: int) -> None:
        """Make a draft an ordinary pull request."""
        ...

    async def request_reviewers(self, number: int, users: Sequence[str], teams: Sequence[str]) -> None:
        """Ask people and teams for a review."""
        ...

    async def review_comments(self, number: int) -> list[ReviewComment]:
        """What was said of lines in a pull request, the oldest first."""
        ...

    async def reply(self, number: int, comment_id: int, body: str) -> None:
        """Answer in the thread of a review comment."""
        ...

    async def checks(self, commit: str) -> Checks:
        """The checks of a commit."""
        ...

    async def allowance(self) -> RequestAllowance:
        """How many requests are left; asking costs none."""
        ...


class Forges(Protocol):
    """Sign-in, and the forge that a remote names."""

    @property
    def host(self) -> str:
        """The host whose repositories are known here, such as `github.com`."""
        ...

    def set_token(self, token: str | None) -> None:
        """The token of the editor's own session, kept in memory alone; None when it signed out."""
        ...

    async def source(self) -> TokenSource:
        """Where the token comes from."""
        ...

    async def token(self) -> Token | None:
        """The token, for git's own request to this host."""
        ...

    async def at(self, slug: Slug) -> Forge:
        """A repository. Raises PlaceProblem if nobody is signed in."""
        ...

    async def check(self, slug: Slug) -> Check:
        """What `doctor` says: who is signed in, and the requests of this hour."""
        ...

    async def close(self) -> None:
        """Release connections."""
        ...


class NoForges:
    """Forges where there is none: nobody is signed in anywhere."""

    host = ""

    def set_token(self, token: str | None) -> None:
        """Forget it."""
        del token

    async def source(self) -> TokenSource:
        """From nowhere."""
        return "none"

    async def token(self) -> Token | None:
        """There is none."""
        return None

    async def at(self, slug: Slug) -> Forge:
        """Raise PlaceProblem."""
        raise PlaceProblem(f"There is no forge that knows {slug.full_name}.")

    async def check(self, slug: Slug) -> Check:
        """Nothing is known."""
        return Check(name="GitHub", state="ok", detail=f"{slug.full_name} is not looked at.")

    async def close(self) -> None:
        """Do nothing."""
