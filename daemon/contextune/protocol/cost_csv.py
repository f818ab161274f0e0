"""The Ledger as rows for a spreadsheet: the header is stable, new columns come last."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from io import StringIO

from contextune.core.model.ledger import LedgerEntry, run_of
from contextune.protocol.cost_views import CostGroup
from contextune.protocol.days import day_of

HEADER = (
    *("request_id", "at", "day", "stream", "run", "repository", "task", "attempt", "role", "model", "effort"),
    *("settled", "estimated", "dollars", "at_sonnet", "worst_case"),
    *("input_tokens", "cache_write_5m_tokens", "cache_write_1h_tokens", "cache_read_tokens", "output_tokens"),
    *("web_searches", "miss_reason", "miss_tokens", "error"),
)
"""`at` is UTC, `day` the local date. Dollars are exact; an empty one has no price or is not settled."""

GROUP_HEADER = (
    *("name", "requests", "dollars", "at_sonnet", "unpriced", "estimated"),
    *("prompt_tokens", "cache_read_tokens", "output_tokens"),
)
"""Behind a first column that is called after --by."""

Row = Sequence[object]


def csv_text(rows: Iterable[Row]) -> str:
    """Rows as RFC 4180 has them."""
    buffer = StringIO(newline="")
    csv.writer(buffer).writerows(rows)
    return buffer.getvalue()


def entry_rows(entries: Iterable[LedgerEntry]) -> Iterator[Row]:
    """The header, and one row a request in the order in which they were reserved."""
    yield HEADER
    for entry in entries:
        usage, miss = entry.usage, entry.miss
        at = datetime.fromtimestamp(entry.at / 1000, tz=UTC)
        yield (
            *(
                entry.request_id,
                at.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
                day_of(entry.at),
            ),
            *(entry.stream, run_of(entry.stream), entry.repository, entry.task_id, entry.attempt, entry.role),
            *(entry.rung.model, entry.rung.effort, _word(entry.settled), _word(entry.estimated)),
            *(_plain(entry.dollars), _plain(entry.at_sonnet), _plain(entry.worst_case)),
            *(usage.input_tokens, usage.cache_write_5m_tokens, usage.cache_write_1h_tokens),
            *(usage.cache_read_tokens, usage.output_tokens, usage.web_searches),
            *(miss.reason if miss else None, miss.tokens if miss else None, entry.error),
        )


def group_rows(by: str, groups: Iterable[CostGroup]) -> Iterator[Row]:
    """The header, and one row a group."""
    yield (by, *GROUP_HEADER)
    for group in groups:
        bill = group.bill
        yield (
            *(group.key, group.name, bill.requests, _plain(bill.dollars), _plain(bill.at_sonnet)),
            *(bill.unpriced, bill.estimated, bill.input_tokens, bill.cache_read_tokens, bill.output_tokens),
        )


def _word(holds: bool) -> str:
    return "true" if holds else "false"


def _plain(dollars: object) -> str:
    """Without an exponent, which spreadsheets read as text."""
    return "" if dollars is None else f"{dollars:f}"
