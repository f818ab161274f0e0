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
    said = f"Your checkout: {was} before, {after.tree[:SHOWN]} after"
    if not changed:
        return f"{said}: equal"
    more = f" and {len(changed) - NAMED} more" if len(changed) > NAMED else ""
    return f"{said}; changed meanwhile: {', '.join(changed[:NAMED])}{more}"
