"""The agent loop: query, act, observe, until the agent finishes, asks, or meets a limit."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Sequence
from typing import Literal

import msgspec

from contextune.agents.pruning import is_bound, pruned, size
from contextune.agents.toolbox import READ_ONLY, Toolbox
from contextune.core.conversation import (
    Message,
    ModelReply,
    ModelRequest,
    Rung,
    Text,
    ToolResult,
    ToolUse,
    said_by_user,
)
from contextune.core.errors import (
    AttemptEnd,
    Finished,
    HandedOver,
    LimitReached,
    ModelRefusal,
    PromptTooLong,
    ToolProblem,
)

Send = Callable[[ModelRequest], Awaitable[ModelReply]]
Record = Callable[[Message, int], Awaitable[None]]
"""Journals a message of the conversation with the number of its turn."""
Hear = Callable[[], tuple[str, ...]]
"""Words of the user that arrived since the last turn."""
Cliff = Callable[[Literal["pruned", "handed_over"], int, int], Awaitable[None]]
"""Told how a prompt was kept below a price cliff, how many tokens it would have had, and the cliff."""

NOT_RUN = "Not run: the call before it ended the turn."
NOT_FINISHED = "Not finished: a call before it in this turn failed. Mend that first."
PRUNE_TO = 0.5
"""The share of the limit to which a conversation is pruned: the cache is rewritten once, not every turn."""
FITS = 0.9
"""The share of the limit that a pruned conversation may have by our estimate, which knows bytes alone."""


class AgentLoop:
    """One attempt's conversation. It can be taken up again after `finish` or `ask` with `observe`."""

    def __init__(
        self,
        *,
        send: Send,
        record: Record,
        hear: Hear,
        toolbox: Toolbox,
        rung: Rung,
        system: tuple[Text, ...],
        max_tokens: int,
        max_turns: int,
        acted: Callable[[], Awaitable[None]],
        cliff: Cliff,
    ) -> None:
        self._send = send
        self._record = record
        self._hear = hear
        self._toolbox = toolbox
        self._rung = rung
        self._system = system
        self._max_tokens = max_tokens
        self._max_turns = max_turns
        self._acted = acted
        self._cliff = cliff
        self._tools = toolbox.tools
        self._messages: list[Message] = []
        self._pending: list[ToolResult] = []
        self._spoilt = False
        """Whether a call of this turn that was to change something failed."""
        self._anchor = 0
        self._previous: str | None = None
        self.turn = 0

    async def start(self, first: tuple[Text, ...]) -> AttemptEnd:
        """Begin the conversation and work until the attempt ends or is suspended."""
        await self._say(Message(role="user", blocks=first))
        return await self._work()

    async def observe(self, call_id: str, text: str, *, is_error: bool) -> AttemptEnd:
        """Answer the call that ended the last turn, and work on."""
        await self._hand_back(call_id, text, is_error=is_error)
        return await self._work()

    async def _work(self) -> AttemptEnd:
        try:
            while True:
                reply = await self._query()
                await self._act(reply)
        except AttemptEnd as end:
            return end

    async def _query(self) -> ModelReply:
        if self.turn >= self._max_turns:
            raise LimitReached(f"{self._max_turns} turns are used up.")
        try:
            reply = await self._send(self._request())
        except PromptTooLong as long:
            reply = await self._below_the_cliff(long)
        self._anchor, self._previous = len(self._messages), reply.id
        if reply.stop_reason == "refusal":
            raise ModelRefusal(f"{self._rung} declined the Task.")
        self.turn += 1
        return reply

    def _request(self) -> ModelRequest:
        return ModelRequest(
            rung=self._rung,
            system=self._system,
            tools=self._tools,
            messages=tuple(self._messages),
            max_tokens=self._max_tokens,
            anchor=self._anchor,
            previous_id=self._previous,
        )

    async def _below_the_cliff(self, long: PromptTooLong) -> ModelReply:
        """Shorten the conversation and ask again; where that can't be done, a fresh one has to go on."""
        if len(self._messages) == 1:
            raise long  # there is nothing that a fresh conversation would not be told as well
        if self._prune(long):
            try:
                reply = await self._send(self._request())
            except PromptTooLong:
                pass
            else:
                await self._cliff("pruned", long.tokens, long.limit)
                return reply
        await self._cliff("handed_over", long.tokens, long.limit)
        raise HandedOver(self._last_words())

    def _prune(self, long: PromptTooLong) -> bool:
        """Whether the conversation, pruned, should fit."""
        if is_bound(self._messages):
            return False
        before = size(self._messages)
        whole = before + len(msgspec.json.encode((self._system, self._tools)))
        bytes_a_token = whole / long.tokens
        shorter = pruned(self._messages, before - int(whole - long.limit * PRUNE_TO * bytes_a_token))
        saved = before - size(shorter)
        if (whole - saved) / bytes_a_token > long.limit * FITS:
            return False
        self._messages, self._anchor = list(shorter), 0
        return True

    def _last_words(self) -> str:
        said = (m.blocks for m in reversed(self._messages) if m.role == "assistant")
        words = ("".join(b.text for b in blocks if isinstance(b, Text)).strip() for blocks in said)
        return next((text for text in words if text), "")

    async def _act(self, reply: ModelReply) -> None:
        if reply.stop_reason == "max_tokens":
            await self._cut_short(reply)
            return
        await self._say(reply.message)
        if not reply.calls:
            # A turn without a call says that nothing is left to do: the Gate decides whether that is so.
            raise Finished("", reply.text, "")
        self._spoilt = False
        for batch in _batches(reply.calls):
            try:
                self._pending += await asyncio.gather(*(self._result(use) for use in batch))
            except AttemptEnd:
                skipped = reply.calls[len(self._pending) + 1 :]
                self._pending += [
                    ToolResult(tool_use_id=s.id, content=NOT_RUN, is_error=True) for s in skipped
                ]
                await self._acted()
                raise
        await self._acted()
        await self._hand_back(None, "", is_error=False)

    async def _result(self, use: ToolUse) -> ToolResult:
        if use.name == "finish" and self._spoilt:
            return ToolResult(tool_use_id=use.id, content=NOT_FINISHED, is_error=True)
        try:
            return ToolResult(tool_use_id=use.id, content=await self._toolbox.call(use))
        except ToolProblem as problem:
            self._spoilt = self._spoilt or use.name not in READ_ONLY
            return ToolResult(tool_use_id=use.id, content=str(problem), is_error=True)

    async def _cut_short(self, reply: ModelReply) -> None:
        # A call that was cut off is incomplete and must not go back; whole text blocks may.
        kept = tuple(
            b for b in reply.blocks if not isinstance(b, ToolUse) and getattr(b, "text", "x").strip()
        )
        await self._say(Message(role="assistant", blocks=kept or (Text(text="(cut off)"),)))
        words = (
            f"That reply was cut at {self._max_tokens} tokens; no call in it was run. Go in smaller steps."
        )
        await self._say(Message(role="user", blocks=(Text(text=words),)))

    async def _hand_back(self, call_id: str | None, text: str, *, is_error: bool) -> None:
        results: list[ToolResult | Text] = []
        if call_id:
            results.append(ToolResult(tool_use_id=call_id, content=text, is_error=is_error))
        results += self._pending
        if call_id == "" and text:
            results.append(Text(text=text))
        # An answer to `ask` is the call's result already.
        results += [said_by_user(words) for words in self._hear() if words != text]
        self._pending = []
        await self._say(Message(role="user", blocks=tuple(results)))

    async def _say(self, message: Message) -> None:
        self._messages.append(message)
        await self._record(message, self.turn)


def _batches(calls: Sequence[ToolUse]) -> Iterator[list[ToolUse]]:
    """The calls in order, those together that only read and follow one another."""
    batch: list[ToolUse] = []
    for use in calls:
        if batch and not (use.name in READ_ONLY and batch[-1].name in READ_ONLY):
            yield batch
            batch = []
        batch.append(use)
    if batch:
        yield batch
