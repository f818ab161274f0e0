"""Events around what is written at a forge: the intent before it, what came of it after.

A write whose intent is journalled and whose outcome is not may have been made: it is looked up by its mark
before it is made again.
"""

from __future__ import annotations

from typing import Literal

from contextune.core.base import Value
from contextune.core.errors import ForgeTrouble
from contextune.core.event import Event
from contextune.core.forge.forge import IssueState

WriteKind = Literal["push", "label", "issue", "pull", "ready", "reviewers", "reply"]
"""`issue` and `pull` stand for the making and for each edit."""

IssuesPer = Literal["run", "task"]
"""One issue for a Run with a list of its Tasks, or one for each Task."""


class IssuesWanted(Event, frozen=True, kw_only=True):
    """The user wants issues for this Run."""

    per: IssuesPer


class ForgeStarted(Event, frozen=True, kw_only=True):
    """Something is about to be written at the forge."""

    key: str
    """What it is within the Run: `issue:auth-1`, `pull`, `label:contextune`."""
    what: WriteKind
    mark: str
    """Stands in the body, so that it can be found again."""
    digest: str
    """Of all that is written, so that the same is not written twice."""


class ForgeWritten(Event, frozen=True, kw_only=True):
    """It is there."""

    key: str
    what: WriteKind
    digest: str
    number: int | None = None
    """Of the issue or pull request."""
    url: str = ""
    found: bool = False
    """Whether an earlier process had made it, or it was there, so that nothing was written now."""


class ForgeWaits(Event, frozen=True, kw_only=True):
    """It is not there yet, and is sent later. `reason` is a sentence."""

    key: str
    what: WriteKind
    trouble: ForgeTrouble
    reason: str
    retry_at: int | None = None
    """When it may be tried again, where that is known."""
    uncertain: bool = False
    """Whether it may be there all the same."""


class PullSeen(Event, frozen=True, kw_only=True):
    """What has become of a pull request."""

    key: str
    number: int
    state: IssueState
    merged: bool
    draft: bool = False
    checks: str = ""
    """Its checks, as a sentence; empty if there are none."""


class Written(Value, frozen=True, kw_only=True):
    """What a Run has at the forge, by its key."""

    key: str
    what: WriteKind
    mark: str
    digest: str
    number: int | None
    url: str
    times: int
    """How often it was written."""


class ForgeState(Value, frozen=True, kw_only=True):
    """What a Run has at the forge: a fold of these events."""

    issues: IssuesPer | None = None
    """None if nobody wants issues for it."""
    written: tuple[Written, ...] = ()
    started: tuple[ForgeStarted, ...] = ()
    """Writes of which nobody knows whether they were made."""
    waits: tuple[ForgeWaits, ...] = ()
    pulls: tuple[PullSeen, ...] = ()
    writes: int = 0
    """How often something was written there, or may have been; pushes are not counted."""

    def find(self, key: str) -> Written | None:
        """What is there under a key."""
        return next((one for one in self.written if one.key == key), None)

    def pull(self, key: str = "pull") -> PullSeen | None:
        """What has become of a pull request, as far as it was looked at."""
        return next((one for one in self.pulls if one.key == key), None)


ForgeEvent = IssuesWanted | ForgeStarted | ForgeWritten | ForgeWaits | PullSeen
