"""The base of every wire message: camelCase names, unknown fields refused on the way in."""

from __future__ import annotations

import msgspec


class Params(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """Parameters of a method."""


class View(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A result or a notification: what an editor or another program sees."""
