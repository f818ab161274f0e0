"""JSON-RPC as this server speaks it: msgspec on the wire, JSON for our methods, errors as sentences."""

from __future__ import annotations

import logging
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any

import cattrs
import msgspec
from lsprotocol import converters, types
from pygls.exceptions import (
    FeatureNotificationError,
    JsonRpcException,
    JsonRpcInvalidParams,
    JsonRpcRequestCancelled,
)
from pygls.protocol import JsonRPCNotification, JsonRPCRequestMessage, LanguageServerProtocol, lsp_method
from pygls.protocol.json_rpc import JsonRPCResponseMessage

from contextune.server.failures import INVALID_REQUEST, rpc_error
from contextune.server.frames import PARSE_ERROR, Malformed, frame, written
from contextune.server.hello import NOT_INITIALIZED, NOT_INITIALIZED_TEXT
from contextune.server.pipes import Silence, Writer

log = logging.getLogger(__name__)

# pygls logs whole messages, and one of ours carries an API key.
logging.getLogger("pygls").setLevel(logging.CRITICAL)


def converter() -> cattrs.Converter:
    """LSP's own types as pygls has them; parameters of every other method stay as JSON has them."""
    made = converters.get_converter()
    for kind in (JsonRPCRequestMessage, JsonRPCNotification, JsonRPCResponseMessage):
        made.register_structure_hook(kind, _as_it_is)
    return made


def _as_it_is(data: Any, kind: Callable[..., Any]) -> Any:
    payload = "result" if kind is JsonRPCResponseMessage else "params"
    return kind(**{payload: None, **data})


class Protocol(LanguageServerProtocol):
    """One session with one client, from its `initialize` on. `on_exit` hears the exit status."""

    on_exit: Callable[[int], None]

    def begin(self, request: dict[str, Any], writer: Writer, *, answered: bool) -> None:
        """Take the `initialize` request in; stay silent about it if the client has its answer."""
        self.set_writer(Silence() if answered else writer)
        self.receive(request)
        self.set_writer(writer)

    def receive(self, data: dict[str, Any] | Malformed) -> None:
        """Act on one message. Everything that asks for an answer gets one."""
        if isinstance(data, Malformed):
            self._refuse(None, JsonRpcException(data.text, data.code))
            return
        request_id = data.get("id") if "method" in data else None
        if self._workspace is not None and data.get("method") == types.INITIALIZE:
            self._refuse(request_id, JsonRpcException("The session is initialized already.", INVALID_REQUEST))
        elif self._workspace is None and data.get("method") not in {types.INITIALIZE, types.EXIT}:
            self._refuse(request_id, JsonRpcException(NOT_INITIALIZED_TEXT, NOT_INITIALIZED))
        elif self._shutdown and request_id is not None:
            self._refuse(request_id, JsonRpcException("The session is shut down.", INVALID_REQUEST))
        else:
            try:
                message = self.structure_message(data)
            except JsonRpcException as problem:
                self._refuse(request_id, problem)
            else:
                self.handle_message(message)

    def _refuse(self, request_id: int | str | None, error: JsonRpcException) -> None:
        if request_id is None and error.code not in {INVALID_REQUEST, PARSE_ERROR}:
            log.warning("A message was left out: %s", error)
            return
        answer = {"code": error.code, "message": error.message, "data": error.data}
        self._send_data({"jsonrpc": "2.0", "id": request_id, "error": answer})

    def structure_message(self, data: dict[str, Any]) -> Any:
        """A message's JSON as its type. Raises JsonRpcInvalidParams naming the path of what is wrong."""
        method = data.get("method")
        if method is not None:
            known = self.get_message_type(method)
            kind = known or (JsonRPCRequestMessage if "id" in data else JsonRPCNotification)
        elif "error" in data:
            kind = types.ResponseErrorMessage
        else:
            kind = self._result_types.pop(data.get("id", ""), None) or JsonRPCResponseMessage
        try:
            return self._converter.structure(data, kind)
        except Exception as problem:  # noqa: BLE001  # cattrs raises whatever a hook does
            if method is None:
                return JsonRPCResponseMessage(id=data.get("id", ""), jsonrpc="2.0", result=None)
            raise JsonRpcInvalidParams("; ".join(cattrs.transform_error(problem))) from None

    def _serialize_message(self, data: Any) -> Any:
        return msgspec.to_builtins(data)

    def _send_data(self, data: Any) -> None:
        if self.writer is None:
            return
        plain = self._converter.unstructure(data)
        self.writer.write(frame(written(plain, self._serialize_message)))

    def _send_handler_result(self, future: Future[Any], *, msg_id: int | str) -> None:
        self._request_futures.pop(msg_id, None)
        if future.cancelled():
            self._refuse(msg_id, JsonRpcRequestCancelled("The request was cancelled."))
        elif (problem := future.exception()) is not None:
            self._refuse(msg_id, rpc_error(problem))
        else:
            self._send_response(msg_id, result=future.result())

    def _check_handler_result(self, future: Future[Any]) -> None:
        if not future.cancelled() and isinstance(problem := future.exception(), Exception):
            self._server._report_server_error(problem, FeatureNotificationError)

    @lsp_method(types.EXIT)
    def lsp_exit(self, *_: Any) -> None:  # type: ignore[override]  # pygls runs plain functions as well
        """The client wants the process to end: with 0 after `shutdown`, with 1 without."""
        self.on_exit(0 if self._shutdown else 1)
