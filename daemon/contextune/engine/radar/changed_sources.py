"""The source files that a snapshot changes, read once for each state of a file."""

from __future__ import annotations

import threading

from contextune.core.overlap.clash_lines import added_lines
from contextune.core.overlap.live_snapshots import Snapshot, Snapshots, Touched
from contextune.core.overlap.semantic_overlap import ChangedFile, changed_file
from contextune.core.source.code_facts import NOTHING, CodeFacts
from contextune.core.source.module_names import is_script
from contextune.core.source.python_facts import PythonFacts
from contextune.core.source.script_facts import script_facts

LARGEST = 500_000
"""Bytes of the largest file that is read: beyond it, files are generated."""
MOST_FILES = 200
"""Of one snapshot: where a user stands on another branch, no more is to be learnt from further ones."""
REMEMBERED = 2_000
"""States of files that are kept in memory."""


class ChangedSources:
    """Reads what changed source files define and use. Blocking; may be called from several threads."""

    def __init__(self, snapshots: Snapshots) -> None:
        self._snapshots = snapshots
        self._known: dict[Touched, ChangedFile] = {}
        self._of: dict[tuple[str, str], tuple[ChangedFile, ...]] = {}
        """By what tells a snapshot from others: each is compared with all others."""
        self._python = PythonFacts()
        self._facts: dict[tuple[bool, str], CodeFacts] = {}
        """By whether a file is a script, and its blob: what many changes begin with is read once."""
        self._reading = threading.Lock()
        """Held while files are read: others who need the same ones wait for them."""

    def of(self, snapshot: Snapshot) -> tuple[ChangedFile, ...]:
        """The changed files in a language that is understood. Raises GitProblem."""
        found = self._of.get(snapshot.state)
        if found is None:
            found = self._read_all(snapshot)
            if len(self._of) >= REMEMBERED:
                self._of.clear()
            self._of[snapshot.state] = found
        return found

    def _read_all(self, snapshot: Snapshot) -> tuple[ChangedFile, ...]:
        wanted = [change for change in snapshot.changes if _is_source(change.path)][:MOST_FILES]
        with self._reading:
            fresh = [change for change in wanted if change not in self._known]
            if fresh:
                if len(self._known) >= REMEMBERED:
                    self._known.clear()
                    self._facts.clear()
                    fresh = wanted
                blobs = {blob for change in fresh for blob in (change.before, change.after) if blob}
                contents = self._snapshots.contents(blobs)
                self._known.update({change: self._read(change, contents) for change in fresh})
            return tuple(self._known[change] for change in wanted)

    def _read(self, change: Touched, contents: dict[str, bytes]) -> ChangedFile:
        before, after = (_text(contents.get(blob or "", b"")) for blob in (change.before, change.after))
        added = added_lines(before, after) if change.after else frozenset[int]()
        facts = self._facts_of
        return changed_file(
            change.path,
            facts(change.path, change.before, before),
            facts(change.path, change.after, after),
            added,
        )

    def _facts_of(self, path: str, blob: str | None, text: str) -> CodeFacts:
        if not text or blob is None:
            return NOTHING
        key = is_script(path), blob
        known = self._facts.get(key)
        if known is None:
            known = self._facts[key] = script_facts(text) if key[0] else self._python.of(text)
        return known


def _is_source(path: str) -> bool:
    return path.endswith((".py", ".pyi")) or is_script(path)


def _text(content: bytes) -> str:
    return "" if len(content) > LARGEST else content.decode("utf-8", "replace")
