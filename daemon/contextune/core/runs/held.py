"""Whether the result of a Run holds what each of its accepted Tasks did: looked up at its end, and told."""

from __future__ import annotations

from collections.abc import Collection

from contextune.core.base import Value


class Held(Value, frozen=True, kw_only=True):
    """One accepted Task in the result."""

    task_id: str
    commit: str
    """Its own commit within the Ghost."""
    tree: str
    """What that commit holds."""
    is_inside: bool
    """Whether the Ghost's history leads to the commit."""
    lost: tuple[str, ...] = ()
    """Files that it changed, and that the result holds differently though no later Task changed them."""

    @property
    def is_whole(self) -> bool:
        """Whether nothing of the Task is missing in the result."""
        return self.is_inside and not self.lost


def lost(own: Collection[str], different: Collection[str], later: Collection[str]) -> tuple[str, ...]:
    """Which files of a Task are lost.

    `own` are those that it changed, `different` those that the result holds otherwise than its commit, and
    `later` those that Tasks after it changed.
    """
    return tuple(sorted((set(own) & set(different)) - set(later)))


def held_text(held: Held) -> str:
    """What there is to say of it, a sentence."""
    if held.is_whole:
        return f"The result holds it: commit {held.commit[:10]}, tree {held.tree[:10]}."
    missing = ", ".join(held.lost) if held.lost else f"its commit {held.commit[:10]}"
    return f"The result does not hold all of it: {missing} is missing."
