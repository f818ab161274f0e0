"""The Ledger: every request of every Run, reserved or settled, in one row each."""

from __future__ import annotations

from decimal import Decimal

from contextune.core.base import Value
from contextune.core.model.conversation import Rung
from contextune.core.model.money import CacheMiss, Usage

PLANNING = "plan_"
SHADOW = "shadow_"
"""How the streams of planning and of shadow samples begin; the Run's id follows."""


def run_of(stream: str) -> str:
    """The id of the Run, or of the Quote that became none, that a stream of requests belongs to."""
    return stream.removeprefix(PLANNING).removeprefix(SHADOW)


class LedgerEntry(Value, frozen=True, kw_only=True):
    """One request. Dollars are None where the model is unpriced."""

    request_id: str
    stream: str
    """The Run's id; `plan_` and the Quote's id for planning; `shadow_` and the Run's id for samples."""
    repository: str
    task_id: str | None
    attempt: int | None
    role: str
    rung: Rung
    at: int
    """When it was reserved, in milliseconds since the epoch."""
    worst_case: Decimal | None
    settled: bool
    usage: Usage = Usage()
    dollars: Decimal | None = None
    at_sonnet: Decimal | None = None
    estimated: bool = False
    miss: CacheMiss | None = None
    error: str | None = None

    @property
    def counted(self) -> Decimal:
        """Dollars that count against a budget: what was settled, else what is held back."""
        return (self.dollars if self.settled else self.worst_case) or Decimal(0)
