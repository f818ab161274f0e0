"""The answer to `initialize`, before pygls is imported: lsprotocol's types alone take over half a second.

A test compares it with what pygls makes of our features, so that the two cannot drift apart.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from contextune import __version__
from contextune.protocol.revision import REVISION
from contextune.server.names import COMMANDS, FIX, KIND

NOT_INITIALIZED = -32002
NOT_INITIALIZED_TEXT = "The first request must be `initialize`."

_INCREMENTAL = 2
_ENCODINGS = ("utf-8", "utf-16", "utf-32")


def greeting(params: Any) -> dict[str, Any] | None:
    """The result of `initialize`; None if the parameters are not plainly right, for pygls to judge."""
    if not isinstance(params, Mapping) or not isinstance(params.get("capabilities"), Mapping):
        return None
    return {
        "capabilities": {
            "positionEncoding": _encoding(params["capabilities"]),
            "textDocumentSync": {
                "openClose": True,
                "change": _INCREMENTAL,
                "save": {"includeText": False},
            },
            "hoverProvider": True,
            "codeActionProvider": {"codeActionKinds": [KIND, FIX], "resolveProvider": False},
            "codeLensProvider": {"resolveProvider": False},
            "executeCommandProvider": {"commands": list(COMMANDS)},
            "workspace": {
                "workspaceFolders": {"supported": True, "changeNotifications": True},
                "fileOperations": {},
            },
            "experimental": {"contextune": {"protocol": REVISION}},
        },
        "serverInfo": {"name": "contextune", "version": __version__},
    }


def _encoding(capabilities: Mapping[str, Any]) -> str:
    """How columns are counted: the client's first choice that pygls can count in."""
    general = capabilities.get("general")
    wanted = general.get("positionEncodings") if isinstance(general, Mapping) else None
    known = [encoding for encoding in wanted or () if encoding in _ENCODINGS]
    return known[0] if known else "utf-16"
