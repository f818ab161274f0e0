"""A transcript as a document: plain text whose headings nothing an agent wrote can look like.

Headings of attempts and turns begin a line, those of calls and answers stand 2 spaces in, and all that
agents, files and programs wrote stands 4 spaces in.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import msgspec

from contextune.core.model.money import Bill
from contextune.core.runs.transcript import Entry
from contextune.protocol.shown import bill_shown
from contextune.protocol.wire import Params, View
from contextune.protocol.words import counted, mark, shown, spoken, t

PART = 400_000
"""Characters of one part, about: what an editor can show at once without pause."""
LONG = 12
"""Lines from which on an answer is folded at first."""

MarkKind = Literal["task", "attempt", "told", "turn", "call", "result", "seen", "kept", "gate", "ended"]


class TranscriptParams(Params, frozen=True, kw_only=True):
    """Which attempt, the newest if None; which entries: from `since` on, or the last ones before `until`.

    Both None: the last ones there are. A part has about 400,000 characters at most.
    """

    run_id: str
    task_id: str
    attempt: int | None = None
    since: int | None = None
    until: int | None = None


class TranscriptMark(View, frozen=True, kw_only=True):
    """A heading."""

    line: int
    """Counted from 0 within the part."""
    level: int
    """1: Task and attempt; 2: a turn, what was told, a Gate; 3: a call and its answer."""
    kind: MarkKind
    title: str
    price: str = ""
    explanation: str = ""
    """What the price is made of, a sentence or two."""
    turn: int | None = None
    folded: bool = False
    """Long, and of use to few: folded at first."""
    paths: tuple[str, ...] = ()
    """Files of the repository that a call names."""


class TranscriptResult(View, frozen=True, kw_only=True):
    """A part of a transcript."""

    text: str
    """Lines, each with its end; empty if there is nothing new."""
    marks: tuple[TranscriptMark, ...]
    attempt: int
    first: int
    """The place of its first entry."""
    next: int
    """The place behind its last entry."""
    more: bool
    """Whether there are entries behind it already."""
    left_out_text: str
    """A sentence on what stands before it; empty if nothing does."""


class TurnChangesParams(Params, frozen=True, kw_only=True):
    """A turn of an attempt."""

    run_id: str
    task_id: str
    attempt: int
    turn: int


class TurnChangesResult(View, frozen=True, kw_only=True):
    """What the turn changed, as a unified diff; a sentence if nothing is kept of it."""

    diff: str


def part_of(
    entries: Sequence[Entry], attempt: int, *, since: int | None = None, until: int | None = None
) -> TranscriptResult:
    """The part of a transcript that begins at `since`, or that ends before `until`."""
    if since is None:
        end = len(entries) if until is None else max(0, min(until, len(entries)))
        first = end
        size = 0
        while first > 0 and size < PART:
            first -= 1
            size += _size(entries[first])
    else:
        first = end = max(0, min(since, len(entries)))
        size = 0
        while end < len(entries) and size < PART:
            size += _size(entries[end])
            end += 1
    text, marks = _written(entries[first:end])
    before = sum(entry.kind == "turn" for entry in entries[:first])
    left_out = "" if since is not None else _left_out(first, before)
    return TranscriptResult(
        text=text,
        marks=tuple(marks),
        attempt=attempt,
        first=first,
        next=end,
        more=end < len(entries),
        left_out_text=left_out,
    )


def whole_text(entries: Sequence[Entry]) -> str:
    """A transcript in one piece."""
    return _written(entries)[0]


def _size(entry: Entry) -> int:
    return len(entry.body) + 80


def _left_out(first: int, turns: int) -> str:
    if not first:
        return ""
    return counted(
        turns,
        mark("1 earlier turn is not shown yet, so that this opens quickly."),
        mark("{count} earlier turns are not shown yet, so that this opens quickly."),
    )


def _written(entries: Sequence[Entry]) -> tuple[str, list[TranscriptMark]]:
    lines: list[str] = []
    marks: list[TranscriptMark] = []
    for entry in entries:
        one = _heading(entry)
        if one is not None:
            if one.level < 3 and lines:
                lines.append("")
            marks.append(msgspec.structs.replace(one, line=len(lines)))
            lines.append(_headed(one))
        body = entry.body if entry.kind != "note" else shown(entry.body)
        if entry.kind == "thought":
            lines.append("    " + t("Thought:"))
        lines += [f"    {line}".rstrip() for line in body.split("\n")] if body else []
        if entry.left_out:
            lines.append(
                "    " + t("[{count} more characters are left out here]", count=f"{entry.left_out:,}")
            )
    return "".join(f"{line}\n" for line in lines), marks


def _headed(one: TranscriptMark) -> str:
    title = f"{one.title} · {one.price}" if one.price else one.title
    return f"  {title}" if one.level == 3 else f"{'#' * one.level} {title}"


def _heading(entry: Entry) -> TranscriptMark | None:
    is_long = entry.body.count("\n") + 1 > LONG
    match entry.kind:
        case "task":
            return _mark(1, "task", t("Task: {title}", title=entry.name))
        case "attempt":
            title = t("Attempt {number}: {who}", number=entry.number, who=entry.name)
            return _mark(1, "attempt", title)
        case "told" if entry.number:
            return None
        case "told":
            return _mark(2, "told", t("Told"), folded=is_long)
        case "turn":
            return TranscriptMark(
                line=0,
                level=2,
                kind="turn",
                title=t("Turn {turn}", turn=entry.number),
                price=_price(entry.bill),
                explanation=_explained(entry),
                turn=entry.number,
            )
        case "call":
            title = t("Called {tool}", tool=entry.name)
            return TranscriptMark(line=0, level=3, kind="call", title=title, paths=entry.paths)
        case "result":
            answer = (
                t("{tool} failed", tool=entry.name) if entry.failed else t("{tool} answered", tool=entry.name)
            )
            return _mark(3, "result", answer, folded=is_long)
        case "seen":
            return _mark(3, "seen", t("Told meanwhile"), folded=is_long)
        case "kept":
            return TranscriptMark(
                line=0, level=3, kind="kept", title=t("Files changed in this turn"), turn=entry.number
            )
        case "gate":
            return _mark(2, "gate", _gate(entry), folded=is_long and entry.name == "green")
        case "resumed":
            return _mark(2, "ended", t("The process that ran this attempt ended; it goes on from here."))
        case "ended":
            return _mark(
                2, "ended", t("Ended: {outcome}", outcome=spoken(_OUTCOMES.get(entry.name, entry.name)))
            )
        case "note":
            return _mark(2, "ended", t("What came of it"))
        case _:
            return None


def _mark(level: int, kind: MarkKind, title: str, *, folded: bool = False) -> TranscriptMark:
    return TranscriptMark(line=0, level=level, kind=kind, title=title, folded=folded)


def _price(bill: Bill) -> str:
    return bill_shown(bill) if bill.requests else ""


def _explained(entry: Entry) -> str:
    bill, usage = entry.bill, entry.bill.usage
    if not bill.requests:
        return ""
    tokens = t(
        "{prompt} tokens in, {cached} of them from the cache; {output} tokens out: {price}.",
        prompt=f"{usage.prompt_tokens:,}",
        cached=f"{usage.cache_read_tokens:,}",
        output=f"{usage.output_tokens:,}",
        price=bill_shown(bill),
    )
    return f"{tokens} {t('The attempt so far: {price}.', price=bill_shown(entry.so_far))}"


def _gate(entry: Entry) -> str:
    return t(
        "Gate {verdict}: {command} ended with exit code {code} after {seconds} s",
        verdict=spoken(_VERDICTS.get(entry.name, entry.name)),
        command=entry.detail,
        code=entry.number,
        seconds=f"{entry.duration_ms / 1000:.1f}",
    )


_VERDICTS = {
    "green": mark("green"),
    "red": mark("red"),
    "unusable": mark("unusable"),
    "unproved": mark("unproved"),
}

_OUTCOMES: dict[str, str] = {
    "working": mark("working"),
    "green": mark("green"),
    "red": mark("red"),
    "limit": mark("a limit was reached"),
    "refused": mark("the model declined"),
    "cancelled": mark("cancelled"),
    "failed": mark("failed"),
    "handed_over": mark("handed over to a fresh conversation"),
    "outdone": mark("another try was better"),
    "stuck": mark("it went round in circles"),
}
