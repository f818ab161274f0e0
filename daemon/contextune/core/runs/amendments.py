"""What the user changes in review of what Tasks did: hunks and files rejected, files edited."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Literal

import msgspec

from contextune.core.base import Value
from contextune.core.event import Event
from contextune.core.proof.evidence import Evidence
from contextune.core.runs.effects import Placed

MOST_BYTES = 2_000_000
"""The largest file that can be edited in review."""

RED = "is part of a result whose Gate is red since the review changed it"
"""Why each file of such a result must be looked at."""


class Amendment(Value, frozen=True, kw_only=True):
    """One change by the user of what a Task did to one file."""

    kind: Literal["reject", "edit"]
    task_id: str
    path: str
    hunk: str = ""
    """The id of the rejected hunk; empty if it is about the whole file."""
    excerpt: str = ""
    """What was rejected, as a diff shows it."""
    content: str = ""
    """Of an edit: a commit that holds the file as the user wants it."""

    @property
    def id(self) -> str:
        """What it is called where it is taken back: `TASK:FILE`, `TASK:FILE:HUNK`, or `TASK:FILE:edit`."""
        what = "edit" if self.kind == "edit" else self.hunk
        return ":".join(part for part in (self.task_id, self.path, what) if part)

    @property
    def text(self) -> str:
        """What the user did with the file, for people."""
        if self.kind == "edit":
            return "Edited"
        return "Change rejected" if self.hunk else "File rejected"


class LeftOut(Value, frozen=True, kw_only=True):
    """A Task that is not in the Ghost any more. `reason` is a sentence."""

    task_id: str
    reason: str


class AmendStarted(Event, frozen=True, kw_only=True):
    """The Ghost is about to be put together with these amendments; until `Amended` it is what it was."""

    amendments: tuple[Amendment, ...]


class Amended(Event, frozen=True, kw_only=True):
    """The Ghost was put together and tested with these amendments, all that hold now."""

    amendments: tuple[Amendment, ...]
    ghost: str | None
    placed: tuple[Placed, ...]
    """The Tasks that are in, in order."""
    left_out: tuple[LeftOut, ...] = ()
    evidence: Evidence | None = None
    """What the Gate saw; None if there is none."""


class AmendRefused(Event, frozen=True, kw_only=True):
    """The Ghost stayed as it was. `reason` is a sentence."""

    reason: str


def added(amendments: Iterable[Amendment], new: Amendment) -> tuple[Amendment, ...]:
    """All that hold once one more is made.

    An edit of a file says how the whole of it shall be: it stands for what was done to that file before. A
    file that is rejected as a whole keeps its edit, for when that is taken back.
    """

    def is_replaced(one: Amendment) -> bool:
        if (one.task_id, one.path) != (new.task_id, new.path):
            return False
        return new.kind == "edit" or one.id == new.id or (one.kind == "reject" and not new.hunk)

    return (*(one for one in amendments if not is_replaced(one)), new)


def taken_back(amendments: Sequence[Amendment], name: str) -> tuple[Amendment, ...]:
    """All that hold without one, by its id. With an edit go the hunks of it that were rejected."""
    gone = next((one for one in amendments if one.id == name), None)
    if gone is None or gone.kind == "reject":
        return tuple(one for one in amendments if one.id != name)
    return tuple(one for one in amendments if (one.task_id, one.path) != (gone.task_id, gone.path))


class FileWish(Value, frozen=True, kw_only=True):
    """How the user wants one file of a Task."""

    path: str
    rejected: bool = False
    hunks: frozenset[str] = frozenset()
    content: str = ""
    """A commit that holds the file as it is without what is rejected; empty for the Task's own."""


def file_wishes(amendments: Iterable[Amendment], task_id: str) -> tuple[FileWish, ...]:
    """What a Task's amendments come to, by file."""
    wishes: dict[str, FileWish] = {}
    for one in amendments:
        if one.task_id != task_id:
            continue
        wish = wishes.get(one.path, FileWish(path=one.path))
        if one.kind == "edit":
            wish = msgspec.structs.replace(wish, content=one.content)
        elif one.hunk:
            wish = msgspec.structs.replace(wish, hunks=wish.hunks | {one.hunk})
        else:
            wish = msgspec.structs.replace(wish, rejected=True)
        wishes[one.path] = wish
    return tuple(wishes[path] for path in sorted(wishes))
