"""Faults on demand: what goes wrong, how often, and for which requests.

A fault comes from a turn of a script, from the request header `x-contextune-fault`, or from outside through
`OfflineModel.inject` and `POST /contextune/faults`. One that comes from outside goes first.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Literal

import msgspec

from contextune.offline.errors import STATUS_OF, ApiError, invalid

FAULT_HEADER = "x-contextune-fault"

HttpFault = Literal[
    "authentication", "billing", "permission", "rate_limit", "api_error", "timeout", "overloaded"
]
StreamFault = Literal["cut", "stall", "stream_error", "malformed"]
ReplyFault = Literal["slow", "refusal", "max_tokens"]

_HTTP: dict[str, tuple[str, str]] = {
    "authentication": ("authentication_error", "invalid x-api-key"),
    "billing": ("billing_error", "There is a problem with your billing or payment information."),
    "permission": ("permission_error", "Your API key does not have permission to use this resource."),
    "rate_limit": ("rate_limit_error", "This request would exceed your organization's rate limit."),
    "api_error": ("api_error", "Internal server error"),
    "timeout": ("timeout_error", "Request timed out"),
    "overloaded": ("overloaded_error", "Overloaded"),
}


class Fault(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One thing that goes wrong. Fields that a kind has no use for are ignored."""

    kind: HttpFault | StreamFault | ReplyFault
    times: int = 1
    """How many requests meet it before the real reply comes."""
    status: int | None = None
    """Another HTTP status than the usual one of an HTTP fault."""
    retry_after: float | None = None
    """Seconds, sent as the `retry-after` header; 1 for `rate_limit` unless told."""
    after: int = 3
    """For `cut`, `stall`, `stream_error`, `malformed`: events that arrive whole before it happens."""
    error: str = "overloaded_error"
    """For `stream_error`: the type of the error event."""
    delay_ms: int = 0
    """For `slow`: time before the first byte."""
    between_ms: int = 0
    """For `slow`: time between two events of a stream."""
    category: Literal["cyber", "bio", "frontier_llm", "reasoning_extraction", "general_harms"] | None = None
    """For `refusal`: the policy named in `stop_details`."""
    tokens: int | None = None
    """For `max_tokens`: output tokens after which the reply is cut; half of it unless told."""

    def __post_init__(self) -> None:
        for name in ("times", "after", "delay_ms", "between_ms"):
            if getattr(self, name) < (1 if name == "times" else 0):
                raise ValueError(
                    f"{name} is {getattr(self, name)}, expected a count of at least "
                    f"{1 if name == 'times' else 0}"
                )
        if self.error not in STATUS_OF:
            raise ValueError(f"error is {self.error!r}, expected one of {', '.join(STATUS_OF)}")

    def http_error(self) -> ApiError | None:
        """The HTTP error that this fault is, or None if it strikes later."""
        if self.kind not in _HTTP:
            return None
        kind, message = _HTTP[self.kind]
        headers = {}
        seconds = self.retry_after
        if seconds is None and self.kind == "rate_limit":
            seconds = 1
        if seconds is not None:
            headers["retry-after"] = f"{seconds:g}"
        if self.kind == "overloaded":
            headers["x-should-retry"] = "true"
        return ApiError(kind, message, status=self.status, headers=headers)

    def stream_failure(self) -> ApiError:
        """The error that a stream ends with."""
        return ApiError(self.error, "Overloaded" if self.error == "overloaded_error" else "Stream failed")


class Injected(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A fault from outside, for the next requests that fit."""

    fault: Fault
    conversation: str | None = None
    model: str | None = None
    turn: int | None = None
    """The n-th assistant reply, from 1."""


class Faults:
    """Which fault the next request meets."""

    def __init__(self) -> None:
        self._injected: list[Injected] = []
        self._met: Counter[object] = Counter()

    def inject(self, injected: Injected) -> None:
        """Let the next `fault.times` requests that fit meet a fault."""
        self._injected.append(injected)

    def clear(self) -> None:
        """Forget the faults from outside that have not struck."""
        self._injected.clear()

    def pending(self) -> list[Injected]:
        """The faults from outside that have not struck as often as they may."""
        return list(self._injected)

    def take_header(self, header: str | None) -> Fault | None:
        """The fault that a request header asks for: a kind, or a JSON object of `Fault`'s fields."""
        if header is None:
            return None
        try:
            if header.lstrip().startswith("{"):
                fault = msgspec.json.decode(header, type=Fault)
            else:
                fault = msgspec.convert({"kind": header.strip(), "times": 1_000_000}, Fault)
        except msgspec.MsgspecError as error:
            raise invalid(f"{FAULT_HEADER}: {error}") from None
        return self._once_more(("header", header), (fault,))

    def take_injected(self, model: str, conversation: str | None, turn: int | None) -> Fault | None:
        """The first fault from outside that fits this request."""
        for position, injected in enumerate(self._injected):
            fits = (
                injected.model in (None, model)
                and injected.conversation in (None, conversation)
                and injected.turn in (None, turn)
            )
            if fits:
                left = injected.fault.times - 1
                if left:
                    rest = msgspec.structs.replace(injected.fault, times=left)
                    self._injected[position] = msgspec.structs.replace(injected, fault=rest)
                else:
                    del self._injected[position]
                return injected.fault
        return None

    def take_scripted(self, place: object, faults: Sequence[Fault]) -> Fault | None:
        """The fault that the turn at `place` has for this request, None once they are used up."""
        return self._once_more(place, faults)

    def left(self, place: object, faults: Sequence[Fault]) -> int:
        """How many requests would still meet a fault of that turn."""
        return sum(fault.times for fault in faults) - self._met[place]

    def _once_more(self, place: object, faults: Sequence[Fault]) -> Fault | None:
        met = self._met[place]
        for fault in faults:
            if met < fault.times:
                self._met[place] += 1
                return fault
            met -= fault.times
        return None
