"""The agent loop: query, act, observe, until the agent finishes, asks, or meets a limit."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

import msgspec

from contextune.agents.circles import Circles
from contextune.agents.pruning import is_bound, pruned, size
from contextune.agents.toolbox import READ_ONLY, Call, Toolbox
from contextune.core.errors import (
    AttemptEnd,
    Finished,
    HandedOver,
    LimitReached,
    ModelRefusal,
    PromptTooLong,
    Stuck,
    ToolProblem,
)
from contextune.core.model.conversation import (
    Message,
    ModelReply,
    ModelRequest,
    Rung,
    StopReason,
    Text,
    ToolResult,
    ToolUse,
    said_by_user,
)
from contextune.core.runs.effects import FileEffect

Send = Callable[[ModelRequest], Awaitable[ModelReply]]
"""Sends a request; by the time it returns, the reply is in the Journal as `said` has it."""
Record = Callable[[Message, int], Awaitable[None]]
"""Has a message to the agent, with the number of its turn, in the Journal before the next request leaves."""
Before = Callable[[ToolUse, int, tuple[FileEffect, ...]], Awaitable[None]]
"""Journals that a call which may change something is about to run, in this turn, with these effects."""
After = Callable[[ToolResult], Awaitable[None]]
"""Has what such a call came to in the Journal before anything else changes or leaves."""
Hear = Callable[[], tuple[str, ...]]
"""Words of the user, or of the product, that arrived since the last turn."""
Cliff = Callable[[Literal["pruned", "handed_over"], int, int], Awaitable[None]]
"""Told how a prompt was kept below a price cliff, how many tokens it would have had, and the cliff."""

UNCERTAIN = (
    "Contextune was stopped while this call ran: whether it did its work, or a part of it, is not known. It "
    "was not run again. Look at what is there before you go on."
)
NOT_RUN = "Not run: the call before it ended the turn."
NOT_FINISHED = "Not finished: a call before it in this turn failed. Mend that first."
PRUNE_TO = 0.5
"""The share of the limit to which a conversation is pruned: the cache is rewritten once, not every turn."""
FITS = 0.9
"""The share of the limit that a pruned conversation may have by our estimate, which knows bytes alone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftOff:
    """A conversation as the process before this one left it."""

    messages: tuple[Message, ...]
    turn: int
    stop_reason: StopReason
    """Why the newest reply ended."""
    previous_id: str | None
    results: Mapping[str, ToolResult] = field(default_factory=dict)
    """What calls of the newest reply came to, by the call's id."""
    begun: Mapping[str, tuple[FileEffect, ...]] = field(default_factory=dict)
    """Calls of the newest reply that were about to run, of which nobody knows what they came to."""


async def _at_once() -> None:
    """Nothing is waited for."""


class AgentLoop:
    """One attempt's conversation. It can be taken up again after `finish` or `ask` with `observe`."""

    def __init__(
        self,
        *,
        send: Send,
        record: Record,
        before: Before,
        after: After,
        hear: Hear,
        toolbox: Toolbox,
        rung: Rung,
        system: tuple[Text, ...],
        max_tokens: int,
        max_turns: int,
        cliff: Cliff,
        notices: Hear = lambda: (),
        idle: Callable[[], Awaitable[None]] = _at_once,
    ) -> None:
        """`idle` is called between two turns, and may wait there."""
        self._send = send
        self._record = record
        self._before = before
        self._after = after
        self._hear = hear
        self._toolbox = toolbox
        self._rung = rung
        self._system = system
        self._max_tokens = max_tokens
        self._max_turns = self._most_turns = max_turns
        self._cliff = cliff
        self._notices = notices
        self._idle = idle
        self._tools = toolbox.tools
        self._messages: list[Message] = []
        self._pending: list[ToolResult] = []
        self._spoilt = False
        """Whether a call of this turn that was to change something failed."""
        self._circles = Circles()
        self._anchor = 0
        self._previous: str | None = None
        self._results: dict[str, ToolResult] = {}
        """What calls came to that the process before this one ran."""
        self._begun: dict[str, tuple[FileEffect, ...]] = {}
        """Calls that it may have run."""
        self.turn = 0

    async def start(self, first: tuple[Text, ...]) -> AttemptEnd:
        """Begin the conversation and work until the attempt ends or is suspended."""
        await self._say(Message(role="user", blocks=first))
        return await self._work()

    def bound(self, turns: int) -> None:
        """Let the attempt end after so many turns in all, sooner than it would otherwise."""
        self._max_turns = min(self._most_turns, turns)

    def unbound(self) -> None:
        """Let it have all its turns again."""
        self._max_turns = self._most_turns

    async def observe(self, call_id: str, text: str, *, is_error: bool) -> AttemptEnd:
        """Answer the call that ended the last turn, and work on."""
        await self._hand_back(call_id, text, is_error=is_error)
        return await self._work()

    async def take_up(self, left: LeftOff) -> AttemptEnd:
        """Go on where another process stopped: at the first call of the newest reply that has no result."""
        self._messages = list(left.messages)
        self._anchor = max((i for i, m in enumerate(left.messages) if m.role == "assistant"), default=0)
        self._previous = left.previous_id
        self._results, self._begun = dict(left.results), dict(left.begun)
        self.turn = left.turn
        self._circles.recall(left.messages)
        newest = self._messages[-1]
        return await self._work((newest, left.stop_reason) if newest.role == "assistant" else None)

    async def _work(self, unfinished: tuple[Message, StopReason] | None = None) -> AttemptEnd:
        try:
            if unfinished is not None:
                await self._act(*unfinished)
            while True:
                await self._act(*await self._query())
        except AttemptEnd as end:
            return end

    async def _query(self) -> tuple[Message, StopReason]:
        if self.turn >= self._max_turns:
            raise LimitReached(f"{self._max_turns} turns are used up.")
        try:
            reply = await self._send(self._request())
        except PromptTooLong as long:
            reply = await self._below_the_cliff(long)
        self._anchor, self._previous = len(self._messages), reply.id
        self.turn += reply.stop_reason != "refusal"  # to decline is no turn
        message = said(reply)
        self._messages.append(message)
        return message, reply.stop_reason

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
        raise HandedOver(self.last_words())

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

    def last_words(self) -> str:
        """What the model said last; empty if it only called tools."""
        said = (m.blocks for m in reversed(self._messages) if m.role == "assistant")
        words = ("".join(b.text for b in blocks if isinstance(b, Text)).strip() for blocks in said)
        return next((text for text in words if text), "")

    async def _act(self, message: Message, stop_reason: StopReason) -> None:
        if stop_reason == "refusal":
            raise ModelRefusal(f"{self._rung} declined the Task.")
        if stop_reason == "max_tokens":
            cut = f"That reply was cut at {self._max_tokens} tokens; no call in it was run."
            words = Text(text=f"{cut} Go in smaller steps.")
            await self._say(Message(role="user", blocks=(words,)))
            return
        calls = [block for block in message.blocks if isinstance(block, ToolUse)]
        if not calls:
            # A turn without a call says that nothing is left to do: the Gate decides whether that is so.
            raise Finished("", "".join(b.text for b in message.blocks if isinstance(b, Text)), "")
        self._spoilt = False
        for batch in _batches(calls):
            try:
                if len(batch) == 1:
                    self._pending.append(await self._result(batch[0]))
                else:
                    self._pending += await asyncio.gather(*(self._result(use) for use in batch))
            except AttemptEnd:
                skipped = calls[len(self._pending) + 1 :]
                self._pending += [
                    ToolResult(tool_use_id=s.id, content=NOT_RUN, is_error=True) for s in skipped
                ]
                raise
        await self._hand_back(None, "", is_error=False, note=self._circling(calls))

    def _circling(self, calls: Sequence[ToolUse]) -> str:
        """What to tell an agent that goes round in circles; empty if it does not. Raises Stuck in the end."""
        self._circles.add(calls, self._pending)
        verdict = self._circles.verdict()
        if verdict.kind == "stuck":
            raise Stuck(verdict.text)
        return verdict.text

    async def _result(self, use: ToolUse) -> ToolResult:
        if use.name == "finish" and self._spoilt:
            return ToolResult(tool_use_id=use.id, content=NOT_FINISHED, is_error=True)
        known = self._results.pop(use.id, None)
        result = known or await self._called(use)
        self._spoilt = self._spoilt or (result.is_error and use.name not in READ_ONLY)
        return result

    async def _called(self, use: ToolUse) -> ToolResult:
        """Run a call. One that may change something is journalled before and after."""
        begun = self._begun.pop(use.id, None)
        try:
            call = await self._toolbox.prepare(use) if begun is None else await self._again(use, begun)
        except ToolProblem as problem:
            return ToolResult(tool_use_id=use.id, content=str(problem), is_error=True)
        if call.changes and begun is None:
            await self._before(use, self.turn, call.effects)
        try:
            result = ToolResult(tool_use_id=use.id, content=await call.run())
            self._circles.wrote(call.effects)
        except ToolProblem as problem:
            result = ToolResult(tool_use_id=use.id, content=str(problem), is_error=True)
        if call.changes:
            await self._after(result)
        return result

    async def _again(self, use: ToolUse, effects: tuple[FileEffect, ...]) -> Call:
        """A call that may have run already, as far as it is safe to run it now."""
        call = await self._toolbox.again(use, effects)
        if call is None:
            raise ToolProblem(UNCERTAIN)
        return call

    async def _hand_back(self, call_id: str | None, text: str, *, is_error: bool, note: str = "") -> None:
        await self._idle()
        results: list[ToolResult | Text] = []
        if call_id:
            results.append(ToolResult(tool_use_id=call_id, content=text, is_error=is_error))
        results += self._pending
        if call_id == "" and text:
            results.append(Text(text=text))
        # An answer to `ask` is the call's result already.
        results += [said_by_user(words) for words in self._hear() if words != text]
        results += [Text(text=words) for words in self._notices()]
        if note:
            results.append(Text(text=note))
        self._pending = []
        await self._say(Message(role="user", blocks=tuple(results)))

    async def _say(self, message: Message) -> None:
        self._messages.append(message)
        await self._record(message, self.turn)


def said(reply: ModelReply) -> Message:
    """A reply as the conversation keeps it."""
    if reply.stop_reason != "max_tokens":
        return reply.message
    # A call that was cut off is incomplete and must not go back; whole text blocks may.
    kept = tuple(b for b in reply.blocks if not isinstance(b, ToolUse) and getattr(b, "text", "x").strip())
    return Message(role="assistant", blocks=kept or (Text(text="(cut off)"),))


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
