"""Sizes in words."""

from __future__ import annotations


def size_text(size: int) -> str:
    """Such as `1.2 GB`; decimal units."""
    for unit, factor in (("GB", 1_000_000_000), ("MB", 1_000_000)):
        if size >= factor:
            return f"{size / factor:.1f} {unit}"
    return f"{size / 1000:.0f} kB"
