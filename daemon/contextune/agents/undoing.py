"""Tells when an agent's edits undo each other: files go back and forth between states that they had."""

from __future__ import annotations

from collections.abc import Sequence

from contextune.core.runs.effects import FileEffect


class Undoing:
    """The states that files had in one conversation, by their hashes.

    It knows what file tools did, not commands. After a resume it begins anew: a conversation holds no hashes.
    """

    def __init__(self) -> None:
        self._states: dict[str, set[str | None]] = {}
        self._back = 0
        self._just_now = False

    def wrote(self, effects: Sequence[FileEffect]) -> None:
        """A file tool did its work."""
        changed = [effect for effect in effects if effect.after != effect.before]
        if not changed:
            return
        if any(self._is_new(effect) for effect in changed):
            self._back, self._just_now = 0, False
        else:
            self._back, self._just_now = self._back + 1, True
        for effect in changed:
            self._states.setdefault(effect.path, set()).update((effect.before, effect.after))

    def turn(self) -> int:
        """How many writes in a row brought nothing new, if the newest turn made one; 0 otherwise."""
        just_now, self._just_now = self._just_now, False
        return self._back if just_now else 0

    def _is_new(self, effect: FileEffect) -> bool:
        known = self._states.get(effect.path, set())
        # A file that something else changed in between is in a state of its own.
        return effect.after not in known or effect.before not in known
