"""What the user's own checkout looks like at a moment, so that two moments can be compared."""

from __future__ import annotations

from contextune.core.base import Value

SHOWN = 8
"""Digits of a hash for people."""
NAMED = 3
"""Things that are named before the others are counted."""


class CheckoutLook(Value, frozen=True, kw_only=True):
    """One look at a checkout."""

    tree: str
    """The tree object of all its files, untracked ones included, ignored ones left out."""
    parts: dict[str, str]
    """Hashes of HEAD, index, config and hooks, by these names."""


def look_text(before: CheckoutLook, after: CheckoutLook | None, changed: tuple[str, ...]) -> str:
    """Such as `Your checkout: 1a2b3c4d before, 1a2b3c4d after: equal`."""
    was = before.tree[:SHOWN]
    if after is None:
        return f"Your checkout: {was} before"
    now, names = after.tree[:SHOWN], ", ".join(changed[:NAMED])
    if not changed:
        return f"Your checkout: {was} before, {now} after: equal"
    if len(changed) <= NAMED:
        return f"Your checkout: {was} before, {now} after; changed meanwhile: {names}"
    more = len(changed) - NAMED
    return f"Your checkout: {was} before, {now} after; changed meanwhile: {names} and {more} more"
