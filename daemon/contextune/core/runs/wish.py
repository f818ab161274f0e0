"""How the user wants a Run's result on their branch."""

from __future__ import annotations

from contextune.core.base import Value
from contextune.core.settings import AcceptMode


class AcceptWish(Value, frozen=True, kw_only=True):
    """What Accept was asked for; the same again brings one that a crash cut off to its end."""

    mode: AcceptMode
    seen: tuple[str, ...] = ()
    """Flagged files that the user has looked at."""
    without: tuple[str, ...] = ()
    """Ids of accepted Tasks that are left out all the same."""
    onto_protected: bool = False
    """Whether a protected branch itself is moved; otherwise the result gets a branch of its own."""
    here: bool = False
    """Whether the branch that is checked out is meant, where that is another than the Run began on."""
