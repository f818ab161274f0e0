"""Messages to and from a client at standard input and output: one JSON text a line.

The SDK's own transport reads in a thread that nothing can call back, so that a signal would wait for the
client's next word.
"""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator

from anyio.streams.memory import MemoryObjectReceiveStream, MemoryObjectSendStream
from mcp.shared.message import SessionMessage
from mcp_types import jsonrpc_message_adapter

from contextune.server.pipes import PipeWriter

log = logging.getLogger(__name__)

MOST_LINE = 4 * 1024 * 1024
"""Bytes of one message; a longer one is dropped, to its end."""

Incoming = SessionMessage | Exception


async def lines_of(incoming: AsyncIterator[bytes], most: int = MOST_LINE) -> AsyncIterator[bytes]:
    """The lines of a client without their ends; empty ones and those of more than `most` bytes left out."""
    begun, is_too_long = bytearray(), False
    async for data in incoming:
        *ended, rest = data.split(b"\n")
        for part in ended:
            begun += part
            if not is_too_long and len(begun) <= most and begun.strip():
                yield bytes(begun)
            elif len(begun) > most:
                log.warning("A message of more than %d bytes is left out.", most)
            begun, is_too_long = bytearray(), False
        if is_too_long or len(begun) + len(rest) > most:
            if not is_too_long:
                log.warning("A message of more than %d bytes is left out.", most)
            begun, is_too_long = bytearray(), True
        else:
            begun += rest


async def receive(incoming: AsyncIterator[bytes], into: MemoryObjectSendStream[Incoming]) -> None:
    """Hand over what the client sends until it hangs up; what is no message, as the problem that it is."""
    async with into:
        async for line in lines_of(incoming):
            try:
                message = jsonrpc_message_adapter.validate_json(line, by_name=False)
            except ValueError as problem:
                await into.send(problem)
            else:
                await into.send(SessionMessage(message))


async def send(outgoing: MemoryObjectReceiveStream[SessionMessage], writer: PipeWriter) -> None:
    """Write what the server sends."""
    async with outgoing:
        async for one in outgoing:
            text = one.message.model_dump_json(by_alias=True, exclude_unset=True)
            writer.write(text.encode() + b"\n")
