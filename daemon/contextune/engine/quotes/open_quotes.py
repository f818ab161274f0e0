"""Quotes that wait to be approved, in memory, and the way from there to a Run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import msgspec

from contextune.core.errors import UsageProblem
from contextune.core.overlap.moved import Spot, Step
from contextune.core.overlap.touches import TaskFacts
from contextune.core.planning.quote import Quote
from contextune.core.planning.rearranged import Choice
from contextune.core.settings import Settings
from contextune.engine.money.pricing import Pricer
from contextune.engine.quotes.edits import Arranged, arranged, edited, merged, parted, reordered
from contextune.engine.quotes.terms import Terms, on_terms


class OpenQuote(NamedTuple):
    """A Quote that waits to be approved, and what it takes to change it."""

    quote: Quote
    settings: Settings
    pricer: Pricer
    facts: tuple[TaskFacts, ...]
    """What its Tasks touch."""
    sizes: Mapping[str, int] = {}
    """Bytes of the files that its Tasks name, by path; new files have none."""
    before: OpenQuote | None = None
    """What it was before the last change; None if it is as it was made."""


class OpenQuotes:
    """The Quotes of this process that were made and not started."""

    def __init__(self) -> None:
        self._by_id: dict[str, OpenQuote] = {}

    def keep(self, made: OpenQuote) -> None:
        """Keep a Quote until it is approved."""
        self._by_id[made.quote.id] = made

    def arrange(self, quote_id: str, choice: Choice, first: str, second: str) -> Quote:
        """Change how two Tasks run. Raises UsageProblem."""
        known = self._open(quote_id)
        return self._change(known, arranged(known.quote, known.facts, known.pricer, choice, first, second))

    def merge(self, quote_id: str, task_ids: Sequence[str]) -> Quote:
        """Make one Task of several, as one change. Raises UsageProblem."""
        known = self._open(quote_id)
        return self._change(known, merged(known.quote, known.facts, known.pricer, task_ids))

    def move(self, quote_id: str, task_id: str, to: Step | Spot) -> Quote:
        """Put a Task a step earlier or later, or in a certain place. Raises UsageProblem."""
        known = self._open(quote_id)
        return self._change(known, reordered(known.quote, known.facts, known.pricer, task_id, to))

    def change(self, quote_id: str, terms: Terms) -> Quote:
        """Untick a Task, change its words or start, or the Run's terms. Raises UsageProblem."""
        known = self._open(quote_id)
        quote = on_terms(known.quote, terms, known.pricer, known.facts)
        return self._change(known, Arranged(quote, known.facts))

    def can_restore(self, quote_id: str) -> bool:
        """Whether there is a change to take back."""
        known = self._by_id.get(quote_id)
        return known is not None and known.before is not None

    def sizes(self, quote_id: str) -> Mapping[str, int]:
        """Bytes of the files that the Tasks of a Quote name, by path."""
        known = self._by_id.get(quote_id)
        return {} if known is None else known.sizes

    def split(self, quote_id: str, task_id: str) -> Quote:
        """Make a Task for each Todo of a Task. Raises UsageProblem."""
        known = self._open(quote_id)
        return self._change(known, parted(known.quote, known.facts, known.pricer, task_id))

    def restore(self, quote_id: str) -> Quote:
        """Take the last change back. Raises UsageProblem if there is none."""
        before = self._open(quote_id).before
        if before is None:
            raise UsageProblem("The quote is as it was made: there is no change to take back.")
        self._by_id[quote_id] = before
        return before.quote

    def _change(self, known: OpenQuote, to: Arranged) -> Quote:
        self._by_id[known.quote.id] = known._replace(quote=to.quote, facts=to.facts, before=known)
        return to.quote

    def approve(self, quote_id: str, edits: Mapping[str, Mapping[str, Any]]) -> tuple[Quote, Settings]:
        """Take a Quote out, with the user's last edits. Raises UsageProblem, and keeps it then."""
        known = self._open(quote_id)
        quote = edited(known.quote, edits, known.pricer, known.facts)
        del self._by_id[quote_id]
        return quote, msgspec.structs.replace(known.settings, budget=quote.budget, agents=quote.agents)

    def _open(self, quote_id: str) -> OpenQuote:
        known = self._by_id.get(quote_id)
        if known is None:
            raise UsageProblem(f"There is no quote {quote_id}. It was started already, or never made.")
        return known
