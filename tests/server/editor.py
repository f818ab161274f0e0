"""An editor in the test's own process: speaks JSON-RPC with a server over memory."""

from __future__ import annotations

import asyncio
import json
from collections import deque
from collections.abc import AsyncIterator, Callable, Mapping
from pathlib import Path
from typing import Any

from contextune.server.frames import Frames, Malformed, frame
from contextune.server.server import LoadGlance, converse
from contextune.server.session import Compose

PATIENCE = 20.0
"""Seconds until a message that does not come fails the test."""

CAPABILITIES = {
    "window": {"workDoneProgress": True},
    "workspace": {"codeLens": {"refreshSupport": True}, "workspaceFolders": True},
}


class RpcError(Exception):
    """The server's error answer."""

    def __init__(self, error: Mapping[str, Any]) -> None:
        super().__init__(error["message"])
        self.code: int = error["code"]
        self.message: str = error["message"]
        self.data: Any = error.get("data")


class Editor:
    """Answers the server's requests by `answers`, keeps everything that it says in `said`."""

    def __init__(self, compose: Compose, glance: LoadGlance | None = None) -> None:
        self.unread = 0
        """What the server takes to wait for this editor, in bytes."""
        self.answers: dict[str, Callable[[Any], Any]] = {}
        self.said: list[tuple[str, Any]] = []
        self.stray: list[dict[str, Any]] = []
        self.order: list[str | int] = []
        """What came, in order: methods, and the ids of answers."""
        self._frames = Frames()
        self._incoming: asyncio.Queue[bytes] = asyncio.Queue()
        self._waiting: dict[int, asyncio.Future[Any]] = {}
        self._came = asyncio.Condition()
        self._next = 0
        self._wakes: set[asyncio.Task[None]] = set()
        self.ids: deque[int | str] = deque()
        self._serving = asyncio.get_running_loop().create_task(converse(self._bytes(), self, compose, glance))

    # What the server writes to.

    def write(self, data: bytes) -> None:
        for message in self._frames.feed(data):
            assert not isinstance(message, Malformed), message
            self._receive(message)

    def close(self) -> None:
        self._incoming.put_nowait(b"")

    # What a test does.

    async def open(
        self,
        *folders: Path,
        options: Mapping[str, Any] | None = None,
        capabilities: Mapping[str, Any] | None = None,
        locale: str | None = None,
    ) -> dict[str, Any]:
        params = {
            "processId": None,
            "rootUri": None,
            "capabilities": CAPABILITIES if capabilities is None else capabilities,
            "initializationOptions": options or {},
            **({} if locale is None else {"locale": locale}),
            "workspaceFolders": [{"uri": folder.as_uri(), "name": folder.name} for folder in folders],
        }
        result: dict[str, Any] = await self.ask("initialize", params)
        self.tell("initialized", {})
        return result

    async def ask(self, method: str, params: Any = None) -> Any:
        self._next += 1
        answer: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._waiting[self._next] = answer
        self.send({"jsonrpc": "2.0", "id": self._next, "method": method, "params": params})
        return await asyncio.wait_for(answer, PATIENCE)

    def tell(self, method: str, params: Any) -> None:
        self.send({"jsonrpc": "2.0", "method": method, "params": params})

    def send(self, message: Any) -> None:
        self.send_bytes(frame(json.dumps(message).encode()))

    def send_bytes(self, data: bytes) -> None:
        self._incoming.put_nowait(data)

    async def hear(self, method: str, match: Callable[[Any], bool] = lambda _: True) -> Any:
        """The first message of a method, told before or yet to come, that matches."""
        found: list[Any] = []

        def came() -> bool:
            found[:] = [params for name, params in self.said if name == method and match(params)]
            return bool(found)

        async with self._came:
            try:
                await asyncio.wait_for(self._came.wait_for(came), PATIENCE)
            except TimeoutError:
                heard = "\n".join(f"{name} {str(params)[:300]}" for name, params in self.said)
                raise AssertionError(f"{method} did not come. Heard:\n{heard}") from None
        return found[0]

    def all(self, method: str) -> list[Any]:
        return [params for name, params in self.said if name == method]

    async def hang_up(self) -> int:
        """End of input; the server's exit status."""
        self.close()
        return await self.ended()

    async def ended(self) -> int:
        return await asyncio.wait_for(self._serving, PATIENCE)

    async def _bytes(self) -> AsyncIterator[bytes]:
        while data := await self._incoming.get():
            yield data

    def _receive(self, message: dict[str, Any]) -> None:
        self.order.append(message.get("method") or message["id"])
        if "method" not in message:
            answer = self._waiting.pop(message["id"], None) if message["id"] is not None else None
            if answer is None:
                self.stray.append(message)
            elif "error" in message:
                answer.set_exception(RpcError(message["error"]))
            else:
                answer.set_result(message["result"])
            return
        params = message.get("params")
        self.said.append((message["method"], params))
        if "id" in message:
            self.ids.append(message["id"])
            self._answer(message, params)
        task = asyncio.get_running_loop().create_task(self._wake())
        self._wakes.add(task)
        task.add_done_callback(self._wakes.discard)

    def _answer(self, message: dict[str, Any], params: Any) -> None:
        reply: dict[str, Any] = {"jsonrpc": "2.0", "id": message["id"]}
        answer: Callable[[Any], Any] = self.answers.get(message["method"], _nothing)
        try:
            reply["result"] = answer(params)
        except RpcError as problem:
            reply["error"] = {"code": problem.code, "message": problem.message}
        except LookupError:
            return  # the test leaves the question open
        self.send(reply)

    async def _wake(self) -> None:
        async with self._came:
            self._came.notify_all()


def _nothing(_: Any) -> None:
    return None
