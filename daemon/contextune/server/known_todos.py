"""What is known of Todos beyond their comments, for lenses and hovers: what each may cost, and doubts."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from contextune.core.errors import ContextuneError
from contextune.core.todos.todo import Todo
from contextune.protocol.shown import price_shown
from contextune.protocol.todo_facts import DOUBTS, about
from contextune.protocol.words import spoken

if TYPE_CHECKING:
    from contextune.engine.desk.todo_facts import TodoFacts

log = logging.getLogger(__name__)

Gather = Callable[[Path, Sequence[Todo]], Awaitable[Sequence["TodoFacts"]]]
"""Gathers the facts of some Todos of a folder. Raises ContextuneError."""


class Known(NamedTuple):
    """What is known of a Todo. Texts are empty where there is nothing to be told."""

    about: str
    """Such as `about $0.0154`."""
    price: str
    """Such as `$0.0014 to $0.1460, likely $0.0154`."""
    doubt: str
    """What speaks against having an agent do it, a sentence."""


class KnownTodos:
    """Facts of Todos by their ids. An editor that does not ask for them has them gathered file by file."""

    def __init__(self, gather: Gather, changed: Callable[[], None]) -> None:
        """`changed` is called when lenses have something else to tell."""
        self._gather = gather
        self._changed = changed
        self._known: dict[str, Known] = {}
        self._old: set[str] = set()
        """Ids of Todos of which something else may be known by now."""
        self._gathering = asyncio.Lock()

    def of(self, todo_id: str) -> Known | None:
        """What is known of a Todo; None before that was gathered."""
        return self._known.get(todo_id)

    @property
    def prices(self) -> Mapping[str, str]:
        """What Todos are expected to cost, by their ids, as lenses tell it."""
        return {todo_id: known.about for todo_id, known in self._known.items()}

    def take(self, found: Iterable[TodoFacts]) -> None:
        """Take in facts; other Todos keep what is known of them."""
        before = self.prices
        for one in found:
            self._old.discard(one.todo_id)
            self._known[one.todo_id] = Known(
                about=about(one.price),
                price=price_shown(one.price) if one.price else "",
                doubt=spoken(DOUBTS[one.doubt]) if one.doubt else "",
            )
        if self.prices != before:
            self._changed()

    def outdate(self) -> None:
        """Tasks have ended, which tells what the next ones may cost: that is gathered anew for who asks."""
        self._old = set(self._known)

    def lacks(self, todos: Iterable[Todo]) -> bool:
        """Whether something is not known, or not any more, of one of these."""
        return any(todo.id not in self._known or todo.id in self._old for todo in todos)

    async def look(self, folder: Path, todos: Sequence[Todo]) -> None:
        """Gather what is not known of these Todos of a folder, however often that is asked for, once."""
        async with self._gathering:
            wanted = [todo for todo in todos if self.lacks([todo])]
            if not wanted:
                return
            try:
                self.take(await self._gather(folder, wanted))
            except ContextuneError as problem:
                log.info("What the Todos of %s cost is not known: %s", folder, problem)
