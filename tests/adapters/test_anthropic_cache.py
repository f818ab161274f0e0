"""Breakpoints, judged by what the offline model's cache makes of them."""

from __future__ import annotations

from typing import Any

import pytest

from contextune.adapters.models.anthropic_request import MAX_BREAKPOINTS, arguments
from contextune.adapters.models.anthropic_server import ALL
from contextune.core.model.conversation import (
    Message,
    ModelReply,
    ModelRequest,
    OpaqueBlock,
    Rung,
    Text,
    Thinking,
    ToolResult,
    ToolUse,
)
from contextune.core.model.money import CacheMiss
from tests.adapters.spoken import HAIKU, HIGH, READ, SONNET, Offline, asked, offline, said, words

SYSTEM = (Text(text=words(600, "s"), cache=True),)
SHARED = Text(text=words(700, "c"), cache=True)
TASK = Text(text=words(100, "t"))


def reads(count: int) -> dict[str, Any]:
    """A reply of so many tool calls."""
    return {"tool": [{"name": "read", "input": {"path": f"{n}.py"}} for n in range(count)]}


def results(reply: ModelReply) -> Message:
    return said(*(ToolResult(tool_use_id=use.id, content=words(30, "r")) for use in reply.calls))


def left(reply: ModelReply) -> int:
    """Tokens that a request left in the cache."""
    usage = reply.usage
    return usage.cache_read_tokens + usage.cache_write_5m_tokens + usage.cache_write_1h_tokens


class Talk:
    """A conversation as the loop has it: append-only, each request naming the one before it."""

    def __init__(self, here: Offline, *, rung: Rung = HAIKU, anchored: bool = True) -> None:
        self.here = here
        self.rung = rung
        self.anchored = anchored
        self.messages: list[Message] = [said(SHARED, TASK)]
        self.replies: list[ModelReply] = []
        self._anchor = 0

    async def turn(self) -> ModelReply:
        request = ModelRequest(
            rung=self.rung,
            system=SYSTEM,
            tools=(READ,),
            messages=tuple(self.messages),
            anchor=self._anchor if self.anchored else 0,
            previous_id=self.replies[-1].id if self.replies else None,
        )
        self._anchor = len(self.messages)
        reply = await self.here.model.send(request)
        self.replies.append(reply)
        self.messages.append(reply.message)
        if reply.calls:
            self.messages.append(results(reply))
        return reply


@pytest.mark.parametrize("rung", [HAIKU, HIGH, SONNET], ids=str)
async def test_a_turn_of_many_blocks_reads_all_that_was_before_it(rung: Rung) -> None:
    async with offline(reads(2), reads(25), reads(9), reads(40), {"text": "Done."}) as here:
        talk = Talk(here, rung=rung)
        first = await talk.turn()
        assert first.usage.cache_read_tokens == 0
        for _ in range(4):
            reply = await talk.turn()
            assert reply.usage.cache_read_tokens == left(talk.replies[-2])
            assert reply.miss is None
            assert len(here.points) <= MAX_BREAKPOINTS
        assert talk.replies[-1].text == "Done."
        assert here.server.unused() == []


async def test_without_an_anchor_such_a_turn_reads_the_shared_part_alone() -> None:
    async with offline(reads(2), reads(25), {"text": "Done."}) as here:
        talk = Talk(here, anchored=False)
        await talk.turn()
        await talk.turn()
        reply = await talk.turn()
        before = talk.replies[-2]
        assert reply.usage.cache_read_tokens < left(before) - 100


@pytest.mark.parametrize(("calls", "points"), [(9, 3), (10, 4)])
async def test_the_anchor_is_marked_only_where_the_api_would_not_find_it(calls: int, points: int) -> None:
    # A turn of n calls adds n blocks of calls and n of results: up to 19 the API looks back by itself.
    async with offline(reads(calls), {"text": "Done."}) as here:
        talk = Talk(here)
        await talk.turn()
        reply = await talk.turn()
        assert len(here.points) == points
        assert reply.usage.cache_read_tokens == left(talk.replies[0])


def many(*texts: Text, blocks: int = 25) -> ModelRequest:
    """A request whose last turn has many blocks, with these texts in its first message."""
    uses = tuple(ToolUse(id=f"toolu_{n}", name="read", input={"path": "a"}) for n in range(blocks))
    answers = (ToolResult(tool_use_id=use.id, content="x") for use in uses)
    messages = (said(*texts), Message(role="assistant", blocks=uses), said(*answers))
    return asked(system=SYSTEM, messages=messages, anchor=1)


def marks(request: ModelRequest) -> list[tuple[str, int]]:
    """Where the breakpoints are: the part of the prompt, and the number of the block in it."""
    made = arguments(request, ALL, request.rung.model)
    parts = [("system", made["system"])]
    parts += [(f"messages.{n}", message["content"]) for n, message in enumerate(made["messages"])]
    assert "cache_control" not in made
    return [(name, n) for name, blocks in parts for n, block in enumerate(blocks) if "cache_control" in block]


def test_four_breakpoints_are_the_shared_ones_the_anchor_and_the_last_block() -> None:
    expected = [("system", 0), ("messages.0", 0), ("messages.0", 1), ("messages.2", 24)]
    assert marks(many(SHARED, TASK)) == expected


def test_of_five_the_first_shared_one_is_dropped() -> None:
    own = Text(text=words(10), cache=True)
    assert marks(many(SHARED, own, TASK)) == [
        ("messages.0", 0),
        ("messages.0", 1),
        ("messages.0", 2),
        ("messages.2", 24),
    ]


def test_an_anchor_that_is_marked_already_counts_once() -> None:
    assert marks(many(SHARED)) == [("system", 0), ("messages.0", 0), ("messages.2", 24)]


def test_breakpoints_stand_on_blocks_that_can_carry_one() -> None:
    thinking = Thinking(thinking="", signature="sig")
    opaque = OpaqueBlock(data={"type": "redacted_thinking", "data": "x"})
    request = many(TASK)
    before = Message(role="assistant", blocks=(Text(text="Well."), thinking, opaque))
    messages = (said(TASK), before, *request.messages[1:])
    assert marks(asked(messages=messages, anchor=2)) == [("messages.1", 0), ("messages.3", 24)]


def test_without_a_rolling_breakpoint_only_the_named_ones_stand() -> None:
    request = many(SHARED, TASK)
    once = ModelRequest(rung=HAIKU, system=SYSTEM, messages=request.messages, rolling_cache=False, anchor=1)
    assert marks(once) == [("system", 0), ("messages.0", 0)]


@pytest.mark.parametrize("anchor", [-1, 4, 99])
def test_an_anchor_outside_the_conversation_is_none(anchor: int) -> None:
    request = many(SHARED, TASK)
    assert len(marks(asked(messages=request.messages, anchor=anchor))) == 2


@pytest.mark.parametrize("rung", [HAIKU, HIGH, SONNET], ids=str)
async def test_what_is_primed_is_read_by_every_agent_that_shares_it(rung: Rung) -> None:
    async with offline({"text": "One."}) as here:
        prime = asked(
            rung=rung, system=SYSTEM, tools=(READ,), messages=(said(SHARED),), max_tokens=0, anchor=0
        )
        primed = await here.model.send(prime)
        assert primed.blocks == ()
        assert primed.usage.output_tokens == 0
        assert left(primed) == primed.usage.prompt_tokens > 1300
        assert here.server.log[-1].stream is False
        for mark in "ab":
            own = Text(text=words(50, mark))
            reply = await here.model.send(
                asked(rung=rung, system=SYSTEM, tools=(READ,), messages=(said(SHARED, own),))
            )
            assert reply.usage.cache_read_tokens == left(primed)


async def test_priming_writes_up_to_the_last_named_breakpoint_and_no_further() -> None:
    async with offline({"text": "One."}) as here:
        primed = await here.model.send(
            asked(system=SYSTEM, tools=(READ,), messages=(said(SHARED, TASK),), max_tokens=0)
        )
        assert primed.usage.input_tokens == 100
        assert len(here.points) == 2


async def test_a_prime_asks_for_no_format() -> None:
    async with offline({"text": "{}"}) as here:
        schema = {"type": "object", "properties": {}, "additionalProperties": False}
        primed = await here.model.send(asked(system=SYSTEM, max_tokens=0, output_schema=schema))
        assert left(primed) == 600


async def test_the_server_says_why_the_cache_did_not_serve() -> None:
    async with offline({"text": "One."}, {"text": "Two."}) as here:
        first = await here.model.send(asked(system=SYSTEM, tools=(READ,)))
        assert first.miss is None
        again = await here.model.send(asked(system=SYSTEM, previous_id=first.id))
        assert again.miss == CacheMiss(reason="tools_changed", tokens=left(first))
        gone = await here.model.send(asked(system=SYSTEM, previous_id="msg_of_another_day"))
        assert gone.miss is None
