"""core.model.editor_models.EditorModels over the wire: requests that go from the daemon to the editor."""

from __future__ import annotations

import asyncio
import logging
import secrets
from typing import TypeVar

import msgspec
from lsprotocol import types
from pygls.exceptions import JsonRpcException
from pygls.lsp.server import LanguageServer

from contextune.core.errors import ModelProblem
from contextune.core.model.editor_models import EditorFailure, EditorModel, EditorReply, EditorRequest
from contextune.protocol.model_params import ModelListResult, ModelSendParams, ModelSendResult

log = logging.getLogger(__name__)

LIST = "contextune/model/list"
SEND = "contextune/model/send"

LISTING = 30.0
"""Seconds: providers are extensions, which may have to start first."""
SENDING = 1_800.0
"""Seconds that one reply may take, with the time in which the user is asked."""

R = TypeVar("R", ModelListResult, ModelSendResult)


class WiredEditorModels:
    """The editor at the other end."""

    def __init__(self, server: LanguageServer, *, listing: float = LISTING, sending: float = SENDING) -> None:
        """`listing` and `sending` are the most seconds that the editor may take."""
        self._server = server
        self._listing = listing
        self._sending = sending

    async def list(self) -> tuple[EditorModel, ...]:
        """The models that it offers now."""
        return (await self._ask(LIST, None, ModelListResult, self._listing)).models

    async def send(self, request: EditorRequest) -> EditorReply | EditorFailure:
        """One request, whole."""
        params = ModelSendParams(request=request)
        return (await self._ask(SEND, params, ModelSendResult, self._sending)).outcome

    async def _ask(self, method: str, params: ModelSendParams | None, kind: type[R], seconds: float) -> R:
        protocol = self._server.protocol
        name = "model_" + secrets.token_hex(8)
        asked = protocol.send_request(method, params, msg_id=name)
        try:
            answer = await asyncio.wait_for(asyncio.wrap_future(asked), seconds)
        except asyncio.CancelledError:
            protocol.notify(types.CANCEL_REQUEST, types.CancelParams(id=name))
            raise
        except TimeoutError:
            protocol.notify(types.CANCEL_REQUEST, types.CancelParams(id=name))
            raise ModelProblem(f"The editor did not answer within {seconds:g} s.", begun=True) from None
        except JsonRpcException as problem:
            # Whether the request had left by then is not known.
            raise ModelProblem(f"The editor cannot reach its models: {problem}", begun=True) from None
        try:
            return msgspec.convert(answer, kind)
        except msgspec.ValidationError as problem:
            log.warning("An answer to %s makes no sense: %s", method, problem)
            raise ModelProblem("The editor's answer cannot be read.", begun=True) from None
