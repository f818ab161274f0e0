"""Cache diagnostics: where a request departs from the one that the client names.

Like the API, this compares the structure of two requests, whether or not the cache held anything, and keeps a
fingerprint only of requests that ask for diagnostics. It looks in the order in which a prompt is rendered:
model, tools, system, messages.
"""

from __future__ import annotations

from collections import OrderedDict

import msgspec

from contextune.offline.cache import CachePlan, format_key, messages_key
from contextune.offline.prompt import Prompt
from contextune.offline.wire import MessagesRequest

KEPT = 8_192
"""Fingerprints kept; the oldest goes first."""


class Fingerprint(msgspec.Struct, frozen=True):
    """What one request looked like, without its text."""

    model: str
    tools: bytes
    system: bytes
    messages: int
    """Number of blocks in `messages`."""
    history: bytes
    parameters: str
    cached: int
    """Tokens that the cache held once this request had started."""


class Fingerprints:
    """The fingerprints of past requests by the id of their message."""

    def __init__(self) -> None:
        self._by_message: OrderedDict[tuple[bytes, str], Fingerprint] = OrderedDict()

    def compare(
        self, request: MessagesRequest, prompt: Prompt, plan: CachePlan, owner: bytes
    ) -> dict[str, object] | None:
        """The `diagnostics` of the response: None if not asked for, on a first turn, or without departure."""
        if request.diagnostics is None or request.diagnostics.previous_message_id is None:
            return None
        earlier = self._by_message.get((owner, request.diagnostics.previous_message_id))
        if earlier is None:
            return {"cache_miss_reason": {"type": "previous_message_not_found"}}
        kind = _departure(earlier, request, prompt)
        if kind is None:
            return None
        reason: dict[str, object] = {"type": kind}
        if kind != "unavailable":
            reason["cache_missed_input_tokens"] = max(0, earlier.cached - plan.read)
        return {"cache_miss_reason": reason}

    def keep(
        self, message_id: str, request: MessagesRequest, prompt: Prompt, plan: CachePlan, owner: bytes
    ) -> None:
        """Remember a request that asked for diagnostics."""
        if request.diagnostics is None:
            return
        self._by_message[owner, message_id] = Fingerprint(
            _model(request),
            prompt.tools,
            prompt.system,
            len(prompt.history) - 1,
            prompt.history[-1],
            _parameters(request, prompt),
            plan.read + plan.written,
        )
        while len(self._by_message) > KEPT:
            self._by_message.popitem(last=False)


def _departure(earlier: Fingerprint, request: MessagesRequest, prompt: Prompt) -> str | None:
    if earlier.model != _model(request):
        return "model_changed"
    if earlier.tools != prompt.tools:
        return "tools_changed"
    if earlier.system != prompt.system:
        return "system_changed"
    if earlier.messages >= len(prompt.history) or prompt.history[earlier.messages] != earlier.history:
        return "messages_changed"
    if earlier.parameters != _parameters(request, prompt):
        return "unavailable"
    return None


def _model(request: MessagesRequest) -> str:
    return f"{request.model} {request.speed or 'standard'}"


def _parameters(request: MessagesRequest, prompt: Prompt) -> str:
    return f"{format_key(request)} {messages_key(request, prompt)}"
