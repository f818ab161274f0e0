"""What an arm does to the requests beneath the gateway: the same words, with less use of the prompt cache."""

from __future__ import annotations

from dataclasses import dataclass

import msgspec

from contextune.core.model.conversation import Block, ModelReply, ModelRequest, Text
from contextune.core.model.money import Usage
from contextune.core.ports import Leave, Model, at_once


@dataclass(frozen=True)
class Unprimed:
    """A Model that is sent everything but the requests that only write the cache."""

    inner: Model

    @property
    def is_full(self) -> bool:
        """As the model that is sent the rest."""
        return self.inner.is_full

    async def send(self, request: ModelRequest, *, leave: Leave = at_once) -> ModelReply:
        """Pass a request on; one that only writes the cache is answered here, and costs nothing."""
        if request.max_tokens == 0:
            await leave()
            return ModelReply(
                id="", model=request.rung.model, blocks=(), stop_reason="max_tokens", usage=Usage()
            )
        return await self._pass_on(request, leave)

    async def _pass_on(self, request: ModelRequest, leave: Leave) -> ModelReply:
        return await self.inner.send(request, leave=leave)

    async def count(self, request: ModelRequest) -> int:
        """Pass a request on."""
        return await self.inner.count(request)

    async def close(self) -> None:
        """Release connections."""
        await self.inner.close()


class Unmarked(Unprimed):
    """A Model that is sent the same requests without a single breakpoint, so that nothing is cached."""

    async def _pass_on(self, request: ModelRequest, leave: Leave) -> ModelReply:
        return await self.inner.send(unmarked(request), leave=leave)


def unmarked(request: ModelRequest) -> ModelRequest:
    """A request that asks for no breakpoint anywhere."""
    return msgspec.structs.replace(
        request,
        system=tuple(msgspec.structs.replace(text, cache=False) for text in request.system),
        messages=tuple(
            msgspec.structs.replace(message, blocks=tuple(_plain(block) for block in message.blocks))
            for message in request.messages
        ),
        rolling_cache=False,
        anchor=0,
    )


def _plain(block: Block) -> Block:
    return msgspec.structs.replace(block, cache=False) if isinstance(block, Text) else block
