"""An answer of a skill: a sentence, the facts behind it, and commands that follow from them."""

from __future__ import annotations

from contextune.core.base import Value


class Point(Value, frozen=True, kw_only=True):
    """One thing that is so, and what is known of it."""

    text: str
    details: tuple[str, ...] = ()


class Step(Value, frozen=True, kw_only=True):
    """A command that the advice leads to. Nothing of it is started without consent."""

    title: str
    arguments: tuple[str, ...]
    """As the command line takes them, without `contextune`."""


class Advice(Value, frozen=True, kw_only=True):
    """What a skill says of a repository."""

    skill: str
    summary: str
    points: tuple[Point, ...] = ()
    steps: tuple[Step, ...] = ()
