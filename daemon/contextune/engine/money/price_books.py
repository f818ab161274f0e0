"""Which prices hold: a list's for servers that bill tokens, none for the editor's own models."""

from __future__ import annotations

from contextune.core.model.money import ModelPrice
from contextune.core.ports import PriceBook
from contextune.core.settings import Settings


class NoPrices:
    """core.ports.PriceBook of models that are paid for by a plan of the user's, in a unit of its own."""

    def price(self, model: str) -> ModelPrice | None:  # noqa: ARG002
        """None: it is unpriced, whatever the same model costs elsewhere."""
        return None


def prices_under(settings: Settings, prices: PriceBook) -> PriceBook:
    """The prices that hold under these settings; `prices` are those of the servers that bill tokens."""
    return NoPrices() if settings.uses_editor_models else prices
