"""The agent loop: query, act, observe, until the agent finishes, asks, or meets a limit."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from contextune.agents.toolbox import Toolbox
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
from contextune.core.errors import AttemptEnd, Finished, LimitReached, ModelRefusal, ToolProblem

Send = Callable[[ModelRequest], Awaitable[ModelReply]]
Record = Callable[[Message, int], Awaitable[None]]
"""Journals a message of the conversation with the number of its turn."""
Hear = Callable[[], tuple[str, ...]]
"""Words of the user that arrived since the last turn."""

NOT_RUN = "Not run: the call before it ended the turn."


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
        self._tools = toolbox.tools
        self._messages: list[Message] = []
        self._pending: list[ToolResult] = []
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
        reply = await self._send(
            ModelRequest(
                rung=self._rung,
                system=self._system,
                tools=self._tools,
                messages=tuple(self._messages),
                max_tokens=self._max_tokens,
            )
        )
        if reply.stop_reason == "refusal":
            raise ModelRefusal(f"{self._rung} declined the Task.")
        self.turn += 1
        return reply

    async def _act(self, reply: ModelReply) -> None:
        if reply.stop_reason == "max_tokens":
            await self._cut_short(reply)
            return
        await self._say(reply.message)
        if not reply.calls:
            # A turn without a call says that nothing is left to do: the Gate decides whether that is so.
            raise Finished("", reply.text, "")
        for index, use in enumerate(reply.calls):
            try:
                self._pending.append(await self._result(use))
            except AttemptEnd:
                skipped = reply.calls[index + 1 :]
                self._pending += [
                    ToolResult(tool_use_id=s.id, content=NOT_RUN, is_error=True) for s in skipped
                ]
                await self._acted()
                raise
        await self._acted()
        await self._hand_back(None, "", is_error=False)

    async def _result(self, use: ToolUse) -> ToolResult:
        try:
            return ToolResult(tool_use_id=use.id, content=await self._toolbox.call(use))
        except ToolProblem as problem:
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
