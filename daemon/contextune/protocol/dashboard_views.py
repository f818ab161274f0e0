"""What the dashboard shows beside the sums of `cost_views`: amounts over time, by Task, against their Quotes.

Dollars are decimal strings. Shares run from 0 to 1; they are for drawing, the text beside them for reading.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Literal

from contextune.protocol.cost_views import CostGroup, CostView
from contextune.protocol.views import BillView
from contextune.protocol.wire import Params, View

Period = Literal["today", "week", "month", "quarter", "all"]
"""Today; the last 7, 30 or 90 days with today; all time."""


class DashboardParams(Params, frozen=True, kw_only=True):
    """Which time, and which repository: None for all of them."""

    period: Period = "month"
    folder: str | None = None


class CompareParams(Params, frozen=True, kw_only=True):
    """Two periods such as `2026-11-01..2026-11-07`, two Runs or two models."""

    one: str
    other: str
    folder: str | None = None


class ExportResult(View, frozen=True, kw_only=True):
    """The requests of a time as a table for spreadsheets."""

    name: str
    """A name for the file, such as `contextune-costs-2026-11-27.csv`."""
    csv: str
    requests: int


class SpanView(View, frozen=True, kw_only=True):
    """One bar: an hour, a day or a week."""

    at: int
    """When it begins."""
    label: str
    """Such as `14:00`, `Nov 27` or `week of Nov 23`."""
    dollars: tuple[Decimal, ...]
    """By model, in the order of the dashboard's `series`."""
    bill: BillView


class SeriesView(View, frozen=True, kw_only=True):
    """One model in the bars."""

    key: str
    name: str
    text: str
    """What it cost in all."""


class QuotedView(View, frozen=True, kw_only=True):
    """What a Run was quoted at, and what its Tasks cost."""

    run_id: str
    title: str
    text: str
    """Such as `Quoted $0.01 to $0.04, cost $0.02: as said.`"""
    verdict: Literal["less", "as_said", "more", "unpriced"]
    low: Decimal
    """Places on a line from nothing to the highest of its amounts."""
    likely: Decimal
    high: Decimal
    cost: Decimal


class ChoiceView(View, frozen=True, kw_only=True):
    """A side that can be compared."""

    word: str
    """As the params of `cost/compare` take it."""
    name: str
    kind: Literal["period", "run", "model"]


class DashboardView(View, frozen=True, kw_only=True):
    """All that the dashboard shows."""

    period: Period
    costs: CostView
    spans: tuple[SpanView, ...]
    """Without gaps, the oldest first; none if nothing was spent."""
    series: tuple[SeriesView, ...]
    """The dearest first."""
    tasks: tuple[CostGroup, ...]
    """The dearest Tasks; `key` is the Run's id and the Task's, `name` its title."""
    tasks_left_out: int
    cached: Decimal | None
    """The share of prompt tokens that came from the cache; None if there were none."""
    cached_text: str
    """Such as `84 %`; empty if there were none."""
    quoted: tuple[QuotedView, ...]
    """The newest Runs first."""
    kept_text: str
    """How many Tasks cost what was quoted, a sentence; empty if none was quoted."""
    choices: tuple[ChoiceView, ...]
