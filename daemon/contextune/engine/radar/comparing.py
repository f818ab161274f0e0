"""What does not fit together of two snapshots: compared once, remembered by what they hold."""

from __future__ import annotations

from contextune.core.overlap.clash_lines import clashing_lines, moved_lines
from contextune.core.overlap.live_snapshots import Clash, Snapshot, may_clash
from contextune.core.overlap.radar import LineRange, LiveOverlap, OtherSide
from contextune.core.overlap.semantic_overlap import rifts
from contextune.core.plain_text import one_line
from contextune.core.ports import Repository
from contextune.engine.radar.changed_sources import ChangedSources

REMEMBERED = 4_000
"""Comparisons that are kept in memory."""


class Side:
    """One side of a comparison: whose work, and what it holds."""

    def __init__(self, kind: OtherSide, name: str, snapshot: Snapshot) -> None:
        self.kind = kind
        self.name = name
        """The id of a Task; empty of the others."""
        self.snapshot = snapshot


class Comparing:
    """Compares snapshots of one Run. Blocking; may be called from several threads."""

    def __init__(self, repository: Repository, base: str) -> None:
        """`base` is the Run's Base: lines are told as its files have them."""
        self._repository = repository
        self._base = base
        self._known: dict[tuple[object, ...], tuple[LiveOverlap, ...]] = {}
        self._texts: dict[str, bytes | None] = {}
        self._sources = ChangedSources(repository.snapshots)

    def between(self, mine: Side, theirs: Side) -> tuple[LiveOverlap, ...]:
        """Where a Task's work does not fit another side's. Raises GitProblem."""
        key = (mine.name, mine.snapshot.state, theirs.name or theirs.kind, theirs.snapshot.state)
        if not mine.snapshot.changes or not theirs.snapshot.changes:
            return ()
        found = self._known.get(key)
        if found is None:
            if len(self._known) >= REMEMBERED:
                self._known.clear()
            found = self._known[key] = self._textual(mine, theirs) + self._semantic(mine, theirs)
        return found

    def _textual(self, mine: Side, theirs: Side) -> tuple[LiveOverlap, ...]:
        first, second = mine.snapshot, theirs.snapshot
        if not may_clash(first, second):
            return ()
        clashes = self._repository.snapshots.clashes(first, second)
        if first.start != second.start:
            # What lies between their starts is a third one's, and is compared with that one.
            both = set(first.paths) & set(second.paths)
            clashes = tuple(clash for clash in clashes if clash.path in both)
        return tuple(
            LiveOverlap(
                kind="textual",
                task_id=mine.name,
                other=theirs.kind,
                other_id=theirs.name,
                path=clash.path,
                lines=self._in_base(clash),
                reason=_why(clash),
            )
            for clash in clashes
        )

    def _semantic(self, mine: Side, theirs: Side) -> tuple[LiveOverlap, ...]:
        found = rifts(self._sources.of(mine.snapshot), self._sources.of(theirs.snapshot))
        return tuple(
            LiveOverlap(
                kind="semantic",
                task_id=mine.name,
                other=theirs.kind,
                other_id=theirs.name,
                path=rift.path,
                lines=rift.lines,
                symbol=rift.symbol,
                reason=one_line(rift.reason),
            )
            for rift in found
        )

    def _in_base(self, clash: Clash) -> tuple[LineRange, ...]:
        lines = clashing_lines(clash)
        if clash.path not in self._texts:
            self._texts[clash.path] = self._repository.read_file(self._base, clash.path)
        text = self._texts[clash.path]
        if text is None or clash.base is None:
            return ()
        return lines if text == clash.base else moved_lines(lines, _text(clash.base), _text(text))


def _text(content: bytes) -> str:
    return content.decode("utf-8", "replace")


def _why(clash: Clash) -> str:
    path = one_line(clash.path)
    if clash.first is None or clash.second is None:
        return f"One moves or removes {path}, the other changes it."
    if clash.base is None:
        return f"Both add {path}."
    return f"Both change the same lines of {path}."
