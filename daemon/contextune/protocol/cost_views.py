"""What an editor sees of money over time: sums, rates, suggestions, and what an accepted Todo costs.

Dollars are decimal strings; `text` beside them is the same amount for people.
"""

from __future__ import annotations

from decimal import Decimal

from contextune.core.states import RunState
from contextune.protocol.views import BillView, CostLineView, PriceView, RungView
from contextune.protocol.wire import View


class CostGroup(View, frozen=True, kw_only=True):
    """The money of one day, model, repository, Run, role or Task; `key` names it."""

    key: str
    """A local date such as `2026-11-22`, a model's id, a repository's folder."""
    name: str
    """The same for people."""
    bill: BillView


class CostRun(View, frozen=True, kw_only=True):
    """One Run's money, its planning and its shadow samples included."""

    run_id: str
    title: str
    repository: str
    state: RunState
    created_at: int
    tasks: int
    accepted: int
    offline: bool
    """Whether the offline model played it, so that nothing was paid."""
    bill: BillView
    quoted: PriceView


class Unstarted(View, frozen=True, kw_only=True):
    """Quotes that never became a Run, and what making them cost."""

    quotes: int
    bill: BillView


class RateView(View, frozen=True, kw_only=True):
    """How often Tasks of one kind pass on one rung."""

    kind: str
    rung: RungView
    passed: int
    of: int
    text: str
    """Such as `19 of 20`."""
    bounds: str
    """Such as `80 to 99 %`: where the share lies in the long run."""
    each: Decimal | None
    """The mean cost of an attempt there, in dollars."""
    each_text: str


class MissView(View, frozen=True, kw_only=True):
    """Cache misses of one reason."""

    reason: str
    count: int
    tokens: int
    dollars: Decimal
    text: str
    """Such as `4 prompts missed the cache (expired): 80,000 tokens paid for again, $0.0092 more`."""


class CliffsView(View, frozen=True, kw_only=True):
    """Requests that would have passed their model's price cliff."""

    avoided: int
    passed: int
    dollars: Decimal
    """What those avoided would have cost more."""
    text: str


class PerTodoView(View, frozen=True, kw_only=True):
    """Dollars for each accepted Todo."""

    label: str
    """Such as `As it was done` or `The same Tasks on Sonnet 5.5, medium`."""
    rung: RungView | None
    each: Decimal | None
    """None if no Todo was accepted."""
    low: Decimal | None
    """Bounds of the 95 % interval; None where there is too little to tell."""
    high: Decimal | None
    each_text: str
    """Such as `$0.0123`; empty if no Todo was accepted."""
    text: str
    """Such as `$0.0123, 95 %: $0.0100 to $0.0150`."""
    detail: str
    """From how much, such as `12 Todos of 6 Runs, $0.1476 in all`."""


class SettingChange(View, frozen=True, kw_only=True):
    """What to set. An editor's user or workspace settings take it as it is."""

    key: str
    """Such as `contextune.gateRetries`."""
    value_json: str
    """The value as JSON."""
    text: str
    """For people, as in a settings file: `gate_retries = 0`."""


class SuggestionView(View, frozen=True, kw_only=True):
    """What could be cheaper, with the saving and what to set."""

    id: str
    sentence: str
    weekly: Decimal
    """Dollars a week; 0 where it saves time or bounds a loss."""
    weekly_text: str
    """Such as `$0.40 a week`; empty for none."""
    computed: str
    evidence: str
    """Such as `19 of 20`."""
    apply: SettingChange | None
    """None where there is nothing to set."""


class CostView(View, frozen=True, kw_only=True):
    """Money over time."""

    total: BillView
    today: BillView
    days: tuple[CostGroup, ...]
    """The newest first."""
    runs: tuple[CostRun, ...]
    """The newest first."""
    unstarted: Unstarted
    roles: tuple[CostLineView, ...]
    models: tuple[CostGroup, ...]
    """The dearest first. Likewise the repositories."""
    repositories: tuple[CostGroup, ...]
    rates: tuple[RateView, ...]
    misses: tuple[MissView, ...]
    cliffs: CliffsView
    patterns: tuple[str, ...]
    """Where the money went, a sentence each."""
    suggestions: tuple[SuggestionView, ...]
    """Those that save most first."""
    per_todo: tuple[PerTodoView, ...]
    per_todo_method: str
    """How that is computed, in sentences."""
    remarks: tuple[str, ...]
    """What to know of these figures: requests that are not settled, Tasks that the offline model played."""
    method: str
    """How the saving is computed, in a sentence."""


class SideView(View, frozen=True, kw_only=True):
    """One of two that are compared."""

    name: str
    bill: BillView
    tasks: int
    accepted: int
    interval: str
    """Dollars for each accepted Task with its interval, for people."""


class ChangeView(View, frozen=True, kw_only=True):
    """One measure of both."""

    measure: str
    one: Decimal | None
    other: Decimal | None
    difference: Decimal | None
    """The other less the one."""
    relative: Decimal | None
    """As a share of the one, such as -0.25."""
    one_text: str
    other_text: str
    difference_text: str
    relative_text: str
    """Such as `-25 %`; empty where it cannot be told."""


class ComparisonView(View, frozen=True, kw_only=True):
    """Two periods, Runs or models side by side."""

    one: SideView
    other: SideView
    changes: tuple[ChangeView, ...]
    remark: str
    """What to make of it: whether chance would do as much."""
