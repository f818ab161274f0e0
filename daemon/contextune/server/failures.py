"""What goes wrong, as JSON-RPC errors: a sentence for people, never a traceback."""

from __future__ import annotations

import logging

from pygls.exceptions import JsonRpcException, JsonRpcInternalError

from contextune.core.errors import ContextuneError
from contextune.protocol.words import shown, t

log = logging.getLogger(__name__)

CONTEXTUNE_ERROR = -32000
"""The code of every ContextuneError; `data.kind` tells which."""

INVALID_REQUEST = -32600

REQUEST_FAILED = -32803
"""LSP's code for a request that is right, and cannot be served now."""


def kind_of(problem: ContextuneError) -> str:
    """Such as `usage_problem`."""
    name = type(problem).__name__
    return "".join("_" + letter.lower() if letter.isupper() else letter for letter in name).lstrip("_")


def sentence(problem: BaseException) -> str:
    """What to tell a person. An unforeseen problem is logged with its traceback and named in short."""
    if isinstance(problem, ContextuneError | JsonRpcException):
        return shown(str(problem))
    log.error("Unforeseen problem", exc_info=problem)
    return t("An unforeseen problem: {kind}. The log has the details.", kind=type(problem).__name__)


def rpc_error(problem: BaseException) -> JsonRpcException:
    """The error to answer a request with."""
    if isinstance(problem, JsonRpcException):
        return problem
    if isinstance(problem, ContextuneError):
        return JsonRpcException(shown(str(problem)), CONTEXTUNE_ERROR, {"kind": kind_of(problem)})
    return JsonRpcInternalError(sentence(problem))
