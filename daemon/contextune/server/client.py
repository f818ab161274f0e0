"""The editor as the rest of the server sees it: what can be said to it, shown and asked."""

from __future__ import annotations

import asyncio
import logging
import uuid
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from pathlib import Path
from typing import Any, Literal

from lsprotocol import types
from pygls.exceptions import JsonRpcException, JsonRpcMethodNotFound
from pygls.lsp.server import LanguageServer

from contextune.protocol.methods import METHODS
from contextune.protocol.wire import View
from contextune.protocol.words import spoken, t
from contextune.server.client_options import SECTION
from contextune.server.editor_models import WiredEditorModels
from contextune.server.open_questions import OpenQuestions
from contextune.server.places import uri_of

log = logging.getLogger(__name__)


ANSWER = 10.0
"""Seconds that an editor has to answer what no person is asked."""

BEHIND = 1024 * 1024
"""Bytes left unread from which on views are held back. Answers never are."""

_LEVELS = {
    "error": types.MessageType.Error,
    "warning": types.MessageType.Warning,
    "info": types.MessageType.Info,
}
_NOTIFICATIONS = {method.params: method.name for method in METHODS if method.direction == "notification"}


class Progress:
    """A progress bar in the editor. Says nothing if the editor has none."""

    def __init__(self, server: LanguageServer, token: str | None) -> None:
        self._server = server
        self._token = token

    def report(self, message: str, percentage: int | None = None) -> None:
        """What is being done; `percentage` may only rise."""
        if self._token is not None:
            value = types.WorkDoneProgressReport(cancellable=True, message=message, percentage=percentage)
            self._server.work_done_progress.report(self._token, value)

    def end(self, message: str) -> None:
        """Close the bar."""
        if self._token is not None:
            self._server.work_done_progress.end(self._token, types.WorkDoneProgressEnd(message=message))
            self._server.work_done_progress.tokens.pop(self._token, None)


class Client:
    """One connected editor."""

    def __init__(self, server: LanguageServer) -> None:
        self._server = server
        self._pending: set[asyncio.Future[Any]] = set()
        self.is_extension = False
        self.models = WiredEditorModels(server)
        """The editor's own language models."""
        self.questions = OpenQuestions()
        """What an editor without buttons is asked."""
        self.open_uris: dict[Path, str] = {}
        """Files open in the editor, by the spelling of their URI that the editor uses."""

    @property
    def is_behind(self) -> bool:
        """Whether so much waits to be read that news of what changes anyway should wait, too."""
        # pygls types its writers by `write` alone; ours all know more.
        return getattr(self._server.protocol.writer, "unread", 0) > BEHIND

    @property
    def _capabilities(self) -> types.ClientCapabilities:
        return self._server.client_capabilities

    def changed(self, view: View) -> None:
        """Send one of the `contextune/*` notifications; the view tells which."""
        self._server.protocol.notify(_NOTIFICATIONS[type(view)], view)

    def say(self, text: str, level: Literal["error", "warning", "info"] = "info") -> None:
        """Show a message."""
        self._server.window_show_message(types.ShowMessageParams(type=_LEVELS[level], message=text))

    async def ask(
        self, text: str, choices: Sequence[str], level: Literal["warning", "info"] = "info"
    ) -> str | None:
        """Show a message with buttons; None if it was dismissed, or the editor cannot show it.

        Where an editor knows no such messages, code actions answer.
        """
        actions = [types.MessageActionItem(title=choice) for choice in choices]
        params = types.ShowMessageRequestParams(type=_LEVELS[level], message=text, actions=actions)
        try:
            chosen = await self._server.window_show_message_request_async(params)
        except JsonRpcMethodNotFound:
            self.say(t("Answer by a code action of any line: {question}", question=text), level)
            return await self.questions.ask(text, choices)
        except JsonRpcException as problem:
            log.warning("The editor cannot ask: %s", problem)
            self.say(text, level)
            return None
        return chosen.title if chosen is not None else None

    async def choose(
        self, text: str, choices: Sequence[str], level: Literal["warning", "info"] = "info"
    ) -> str | None:
        """Ask with buttons of ours, shown in the editor's language; the answer is the marked English."""
        shown = {spoken(choice): choice for choice in choices}
        return shown.get(await self.ask(text, list(shown), level) or "")

    async def progress(self, title: str, message: str, on_cancel: Callable[[], None]) -> Progress:
        """Open a progress bar that can be cancelled."""
        window = self._capabilities.window
        if window is None or not window.work_done_progress:
            return Progress(self._server, None)
        token = str(uuid.uuid4())
        bars = self._server.work_done_progress
        try:
            await asyncio.wait_for(bars.create_async(token), ANSWER)
        except (JsonRpcException, TimeoutError) as problem:
            log.warning("The editor shows no progress: %s", problem or "no answer")
            return Progress(self._server, None)

        def done(cancelled: Future[Any]) -> None:
            if cancelled.cancelled():
                on_cancel()

        bars.tokens[token].add_done_callback(done)
        value = types.WorkDoneProgressBegin(title=title, cancellable=True, message=message, percentage=0)
        bars.begin(token, value)
        return Progress(self._server, token)

    async def settings(self, folders: Sequence[Path]) -> list[Mapping[str, Any]] | None:
        """The editor's settings: for all folders first, then each folder's; None if it cannot tell."""
        workspace = self._capabilities.workspace
        if workspace is None or not workspace.configuration:
            return None
        items = [types.ConfigurationItem(section=SECTION)]
        items += [types.ConfigurationItem(section=SECTION, scope_uri=uri_of(folder)) for folder in folders]
        params = types.ConfigurationParams(items=items)
        asked = self._server.workspace_configuration_async(params)
        try:
            told = await asyncio.wait_for(asked, ANSWER)
        except (JsonRpcException, TimeoutError) as problem:
            log.warning("The editor does not tell its settings: %s", problem or "no answer")
            return None
        return [values if isinstance(values, Mapping) else {} for values in told or []]

    def refresh_lenses(self) -> None:
        """Have the editor ask for code lenses anew, if it can be told to."""
        workspace = self._capabilities.workspace
        lens = workspace.code_lens if workspace is not None else None
        if lens is not None and lens.refresh_support:
            self._forget(self._server.protocol.send_request_async(types.WORKSPACE_CODE_LENS_REFRESH))

    def publish(self, file: Path, diagnostics: Sequence[types.Diagnostic]) -> None:
        """Show these diagnostics, and no others of ours, in a file."""
        params = types.PublishDiagnosticsParams(uri=self.uri(file), diagnostics=diagnostics)
        self._server.text_document_publish_diagnostics(params)

    def uri(self, file: Path) -> str:
        """A file's URI as the editor spells it."""
        return self.open_uris.get(file) or uri_of(file)

    def _forget(self, answer: asyncio.Future[Any]) -> None:
        self._pending.add(answer)

        def settled(done: asyncio.Future[Any]) -> None:
            self._pending.discard(done)
            if not done.cancelled() and done.exception() is not None:
                log.debug("The editor answered with an error: %s", done.exception())

        answer.add_done_callback(settled)
