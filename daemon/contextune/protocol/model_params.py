"""What the daemon asks the editor about its own language models, and what the editor answers."""

from __future__ import annotations

from contextune.core.model.editor_models import EditorFailure, EditorModel, EditorReply, EditorRequest
from contextune.protocol.wire import Params, View


class ModelListResult(Params, frozen=True, kw_only=True):
    """The models that the editor offers now."""

    models: tuple[EditorModel, ...]


class ModelSendParams(View, frozen=True, kw_only=True):
    """One request for one of them."""

    request: EditorRequest


class ModelSendResult(Params, frozen=True, kw_only=True):
    """What came of it."""

    outcome: EditorReply | EditorFailure
