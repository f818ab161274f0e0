"""Whether a Gate's tests run what a change brought: what to watch, and what was seen of it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import msgspec

from contextune.core.ports import Repository
from contextune.core.proof.evidence import Evidence
from contextune.core.proof.line_watch import LineWatch, LineWatching, Seen, python_traced, script_traced
from contextune.core.proof.proof import (
    UNKNOWN,
    Proof,
    Statement,
    Traced,
    is_dark,
    is_measured,
    prove,
)
from contextune.core.proof.statements import added_lines, python_statements, script_lines
from contextune.core.source.script_tokens import SCRIPTS

MOST_FILES = 200
"""Changed files that are watched; a change of more is a move or a new library."""


@dataclass(frozen=True, slots=True)
class Change:
    """The changed code of a tree, as far as it can be watched."""

    python: dict[str, tuple[Statement, ...] | None]
    """The changed statements of each Python file; None if its text cannot be read."""
    scripts: dict[str, tuple[str, dict[int, int]]]
    """The text of each script, and its changed lines with the offsets where their code begins."""
    dark: bool

    @property
    def is_watchable(self) -> bool:
        """Whether there is anything to watch."""
        return any(self.python.values()) or any(lines for _, lines in self.scripts.values())

    def proof(self, seen: Seen) -> Proof:
        """The Proof by what was seen."""
        traced: list[Traced] = [python_traced(path, own, seen) for path, own in self.python.items()]
        traced += [script_traced(path, text, lines, seen) for path, (text, lines) in self.scripts.items()]
        return prove(traced, dark=self.dark)


class LineProofs:
    """Has the Gate's commands watched, for one repository. Its methods block."""

    def __init__(self, repository: Repository) -> None:
        self._repository = repository

    def change(self, start: str, tree: str) -> Change:
        """What of a change can be watched."""
        found = Change({}, {}, False)
        paths = [one.path for one in self._repository.changes(start, tree) if one.after is not None]
        measured = [path for path in paths if is_measured(path)]
        dark = any(map(is_dark, paths)) or len(measured) > MOST_FILES
        for path in measured[:MOST_FILES]:
            content = self._repository.read_file(tree, path)
            text = (content or b"").decode("utf-8", "replace")
            # git's lines end at a line feed alone; so do the numbers of both languages' statements.
            changed = added_lines(self._repository.diff(start, tree, [path]))
            if path.endswith(SCRIPTS):
                found.scripts[path] = (text, script_lines(text, changed))
            else:
                found.python[path] = python_statements(text, changed)
        return Change(found.python, found.scripts, dark)

    def begin(self, watch: LineWatch, worktree: Path, change: Change) -> LineWatching:
        """Have `watch` see the next command in a worktree."""
        wanted = {path: [s.line for s in own] for path, own in change.python.items() if own}
        return watch.begin(worktree, wanted, scripts=any(own for _, own in change.scripts.values()))


def with_proof(evidence: Evidence, proof: Proof | None) -> Evidence:
    """The Evidence with what is known of the change's lines: green that proves nothing is unproved."""
    if proof is None or evidence.verdict not in ("green", "unproved"):
        return evidence
    verdict = "unproved" if proof.state == "unproved" else "green"
    return msgspec.structs.replace(evidence, verdict=verdict, proof=proof)


def unwatched(change: Change) -> Proof:
    """The Proof of a change without anything to watch."""
    return UNKNOWN if change.dark else prove([], dark=any(own is None for own in change.python.values()))
