"""The one base of every value of the core."""

from __future__ import annotations

import msgspec


class Value(msgspec.Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=False):
    """An immutable value.

    Its fields carry the wire's spelling as data, so that a Run, a Todo or an event has one definition in
    Python, in the journal, in JSON and in TypeScript. Nothing in the core encodes or decodes it.
    """
