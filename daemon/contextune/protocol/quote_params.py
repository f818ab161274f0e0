"""What requests about an open Quote take."""

from __future__ import annotations

from contextune.protocol.wire import Params


class QuoteSplitParams(Params, frozen=True, kw_only=True):
    """Which Task of which Quote becomes a Task for each of its Todos."""

    quote_id: str
    task_id: str
