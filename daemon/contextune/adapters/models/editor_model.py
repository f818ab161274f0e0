"""The editor's own language models behind core.ports.Model: the daemon asks, the extension sends."""

from __future__ import annotations

import secrets

from contextune.adapters.models.anthropic_reply import only_json
from contextune.adapters.models.anthropic_request import with_schema
from contextune.core.errors import ContextuneError, ModelProblem, ModelRefusal, PlaceProblem
from contextune.core.model import conversation as c
from contextune.core.model.editor_models import (
    EditorFailure,
    EditorModel,
    EditorModels,
    EditorReply,
    EditorRequest,
    model_meant,
)
from contextune.core.model.money import Usage
from contextune.core.ports import Leave, at_once

MOST_NAMED = 8
"""Models that an error names."""
MOST_TOKENS = 100_000_000
"""Beyond it a count is no count."""
TOO_MANY = 429


class EditorsModel:
    """One way to all models of an editor. It bills nothing and tells no rates: its models are unpriced."""

    is_full = False

    def __init__(self, editor: EditorModels) -> None:
        self._editor = editor
        self._known: tuple[EditorModel, ...] = ()

    async def send(self, request: c.ModelRequest, *, leave: Leave = at_once) -> c.ModelReply:
        """Send one request by the editor. Raises PlaceProblem where a person has to do something first."""
        model = await self._model(request.rung.model)
        await leave()
        answer = await self._editor.send(asked(request, model))
        if isinstance(answer, EditorFailure):
            if answer.trouble == "missing":
                self._known = ()
            raise problem(answer, model)
        reply = told(answer, model)
        return reply if request.output_schema is None else only_json(reply)

    async def count(self, request: c.ModelRequest) -> int:
        """Raises ModelRefusal: a prompt that is counted has been shown to the provider."""
        raise ModelRefusal(f"The editor counts no prompt for {request.rung.model} ahead.")

    async def close(self) -> None:
        """Nothing is held open."""

    async def _model(self, wanted: str) -> EditorModel:
        found = model_meant(self._known, wanted)
        if found is None:
            self._known = await self._editor.list()
            found = model_meant(self._known, wanted)
        if found is None:
            raise missing(wanted, self._known)
        return found


def missing(wanted: str, offered: tuple[EditorModel, ...]) -> PlaceProblem:
    """That the editor has no such model, and what to do."""
    if not offered:
        return PlaceProblem(
            "VS Code offers no language models. Sign in to GitHub Copilot, install a provider of models, or "
            "set `provider` to another one."
        )
    named = ", ".join(_line(model.full_id) for model in offered[:MOST_NAMED])
    return PlaceProblem(
        f"VS Code offers no model for {wanted}, but such as these: {named}. Name one of them in `ladder` and "
        "`orchestrator`, or set `provider` to another one."
    )


def asked(request: c.ModelRequest, model: EditorModel) -> EditorRequest:
    """A request as the editor takes it: the system prompt first, without thinking of other models."""
    messages = request.messages
    if request.output_schema is not None:
        messages = with_schema(messages, request.output_schema)
    said = [_message(message) for message in messages]
    system = c.Message(role="user", blocks=tuple(c.Text(text=text.text) for text in request.system))
    return EditorRequest(
        vendor=model.vendor,
        id=model.id,
        messages=tuple(message for message in (system, *said) if message.blocks),
        tools=request.tools,
    )


def _message(message: c.Message) -> c.Message:
    return c.Message(
        role=message.role,
        blocks=tuple(shown for block in message.blocks if (shown := _block(block)) is not None),
    )


def _block(block: c.Block) -> c.Block | None:
    match block:
        case c.Text():
            return c.Text(text=block.text) if block.text else None
        case c.ToolUse():
            return block
        case c.ToolResult():
            content = block.content or "(no output)"
            # The editor's results carry no mark of an error.
            marked = f"This call failed: {content}" if block.is_error else content
            return c.ToolResult(tool_use_id=block.tool_use_id, content=marked)
        case c.Thinking() | c.OpaqueBlock():
            return None


def told(answer: EditorReply, model: EditorModel) -> c.ModelReply:
    """The reply. Raises ModelProblem if it makes no sense: a provider may be anybody's extension."""
    calls = [block for block in answer.blocks if isinstance(block, c.ToolUse)]
    ids = [call.id for call in calls]
    counts = (answer.input_tokens, answer.output_tokens)
    usage = Usage(input_tokens=answer.input_tokens, output_tokens=answer.output_tokens)
    if not all(ids) or len(set(ids)) < len(ids):
        raise ModelProblem(f"The reply of {_line(model.full_id)} names two calls alike.", begun=True)
    if not all(0 <= count <= MOST_TOKENS for count in counts):
        raise ModelProblem(f"The reply of {_line(model.full_id)} counts its tokens wrongly.", begun=True)
    return c.ModelReply(
        id="vscode_" + secrets.token_hex(8),
        model=model.full_id,
        blocks=answer.blocks,
        stop_reason="tool_use" if calls else "end_turn",
        usage=usage,
    )


def problem(failure: EditorFailure, model: EditorModel) -> ContextuneError:
    """Why there is no reply, as one of our errors."""
    name, said = _line(model.full_id), _line(failure.text)
    match failure.trouble:
        case "consent":
            return PlaceProblem(
                f"You have not allowed Contextune to send text to {name}. Run Contextune: Use VS Code's "
                "Models to allow it, or set `provider` to another one."
            )
        case "permission":
            return PlaceProblem(
                f"VS Code does not let Contextune use {name}: {said} Allow it by Manage Language Model "
                "Access in the Accounts menu, or set `provider` to another one."
            )
        case "missing":
            return PlaceProblem(
                f"VS Code no longer offers {name}: {said} Name another model in `ladder`, or set `provider` "
                "to another one."
            )
        case "blocked":
            return PlaceProblem(
                f"The provider of {name} takes no more requests of yours: {said} Wait until your allowance "
                "is renewed, or set `provider` to another one."
            )
        case "limited":
            return ModelProblem(
                f"The provider of {name} takes no request just now: {said}",
                status=TOO_MANY,
                begun=failure.begun,
            )
        case "filtered":
            return ModelRefusal(f"The provider of {name} declines the request: {said}")
        case "too_long":
            return ModelProblem(f"The reply of {name} was too long and was broken off.", begun=True)
        case "cancelled":
            return ModelProblem(f"The request to {name} was cancelled.", begun=failure.begun)
        case "other":
            return ModelProblem(f"{name} did not answer: {said}", begun=failure.begun)


def _line(text: str) -> str:
    """Words of others on one line, short enough for a message."""
    line = " ".join(text.split())[:300]
    return "".join(mark for mark in line if mark.isprintable()) or "it gave no reason."
