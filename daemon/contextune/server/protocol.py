"""JSON-RPC as this server speaks it: msgspec on the wire, JSON for our methods, errors as sentences."""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Callable
from concurrent.futures import Future
from functools import partial
from typing import Any

import attrs
import cattrs
import msgspec
from lsprotocol import converters, types
from pygls.exceptions import (
    FeatureNotificationError,
    JsonRpcException,
    JsonRpcInvalidParams,
    JsonRpcMethodNotFound,
    JsonRpcRequestCancelled,
)
from pygls.protocol import JsonRPCNotification, JsonRPCRequestMessage, LanguageServerProtocol, lsp_method
from pygls.protocol.json_rpc import JsonRPCResponseMessage

from contextune.server.envelope import is_id
from contextune.server.failures import INVALID_REQUEST, REQUEST_FAILED, rpc_error
from contextune.server.frames import PARSE_ERROR, Malformed, frame, written
from contextune.server.hello import NOT_INITIALIZED, NOT_INITIALIZED_TEXT
from contextune.server.pipes import Silence, Writer

log = logging.getLogger(__name__)

MAX_OPEN = 1_000
"""Requests that may wait for an answer at a time, the client's and ours together."""

TOO_MANY = f"{MAX_OPEN:,} requests wait for an answer. Wait for some before you ask for more."

# pygls logs whole messages, and one of ours carries an API key.
logging.getLogger("pygls").setLevel(logging.CRITICAL)


def converter() -> cattrs.Converter:
    """LSP's own types as pygls has them; parameters of every other method stay as JSON has them."""
    made = converters.get_converter()
    for kind in (JsonRPCRequestMessage, JsonRPCNotification, JsonRPCResponseMessage):
        made.register_structure_hook(kind, _as_it_is)
    # cattrs makes a text of anything, and a whole number of what is none.
    for plain in (str, int, bool):
        made.register_structure_hook(plain, _plain)
    return made


def _plain(data: Any, kind: type[Any]) -> Any:
    if kind not in (str, int, bool):
        return kind(data)  # LSP's enums are texts and numbers, too
    if kind is int and isinstance(data, float) and data.is_integer():
        return int(data)  # JSON has one kind of number
    if type(data) is not kind:
        raise TypeError
    return data


def _as_it_is(data: Any, kind: type[Any]) -> Any:
    """Members that JSON-RPC does not know are left out."""
    return kind(**{field.name: data.get(field.name) for field in attrs.fields(kind)})


def _as_on_the_wire(said: str) -> str:
    """Paths such as `$.params.text_document` with the names that members have in JSON."""
    return re.sub(r"\$\S*", lambda path: re.sub(r"_([a-z])", lambda m: m[1].upper(), path[0]), said)


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
        try:
            self._receive(data, request_id)
        except Exception as problem:  # noqa: BLE001  # no message may end the session
            self._refuse(request_id, rpc_error(problem))

    def _receive(self, data: dict[str, Any], request_id: int | str | None) -> None:
        if self._workspace is not None and data.get("method") == types.INITIALIZE:
            self._refuse(request_id, JsonRpcException("The session is initialized already.", INVALID_REQUEST))
        elif self._workspace is None and data.get("method") not in {types.INITIALIZE, types.EXIT}:
            self._refuse(request_id, JsonRpcException(NOT_INITIALIZED_TEXT, NOT_INITIALIZED))
        elif self._shutdown and request_id is not None:
            self._refuse(request_id, JsonRpcException("The session is shut down.", INVALID_REQUEST))
        elif request_id is not None and request_id in self._request_futures:
            # An answer under that id would be taken for the one to the request that has it.
            self._refuse(None, JsonRpcException(f"The id {request_id!r} is in use.", INVALID_REQUEST))
        elif request_id is not None and len(self._request_futures) >= MAX_OPEN:
            self._refuse(request_id, JsonRpcException(TOO_MANY, REQUEST_FAILED))
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
            if known is not None and "id" in data and not attrs.fields_dict(known).keys() >= {"id"}:
                raise JsonRpcMethodNotFound(f"{method} is a notification: it has no answer.")
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
            said = "; ".join(cattrs.transform_error(problem))
            raise JsonRpcInvalidParams(_as_on_the_wire(said)) from None

    def _handle_request(self, msg_id: int | str, method_name: str, params: Any) -> None:
        """Begin to answer a request."""
        handler = self._get_handler(method_name)
        self._ctx_msg_id.set(msg_id)
        answer = partial(self._send_handler_result, msg_id=msg_id)
        self._execute_handler(msg_id, handler, answer, (params,))

    def _handle_cancel_notification(self, msg_id: Any) -> None:
        """The client no longer wants a request's answer. It gets one all the same: that it was cancelled."""
        future = self._request_futures.get(msg_id) if is_id(msg_id) else None
        # What we ask the client stands in the same table, and is not the client's to cancel.
        if isinstance(future, asyncio.Future):
            future.cancel()

    def _handle_response(
        self, msg_id: int | str, result: Any | None = None, error: types.ResponseError | None = None
    ) -> None:
        """The client answers what we asked, perhaps when nobody waits any more."""
        if isinstance(self._request_futures.get(msg_id), asyncio.Future):
            log.warning("The client answers a request of its own.")
            return
        future = self._request_futures.pop(msg_id, None)
        if future is None or future.done():
            log.info("An answer came that nobody waits for.")
        elif error is not None:
            future.set_exception(JsonRpcException.from_error(error))
        else:
            future.set_result(result)

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
