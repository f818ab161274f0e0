"""The core's words for amounts, rungs and counts, where views and those who show them look for them."""

from contextune.core.model.naming import model_text, rung_text
from contextune.core.spending.wording import (
    UNPRICED,
    bill_text,
    count_text,
    dollars_text,
    duration_text,
    forecast_text,
    kept_text,
    price_text,
    saved_or_more,
    saving_text,
)

__all__ = [
    "UNPRICED",
    "bill_text",
    "count_text",
    "dollars_text",
    "duration_text",
    "forecast_text",
    "kept_text",
    "model_text",
    "price_text",
    "rung_text",
    "saved_or_more",
    "saving_text",
]
