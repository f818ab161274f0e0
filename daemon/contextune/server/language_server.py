"""The language server: pygls with our features bound to it. Knows LSP and little else."""

from __future__ import annotations

import asyncio
import functools
from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from lsprotocol import types
from pygls.lsp.server import LanguageServer

from contextune import __version__
from contextune.protocol.methods import Method
from contextune.protocol.words import speak
from contextune.server.actions import Actions, wanted
from contextune.server.client import Client
from contextune.server.client_options import is_extension, own_section
from contextune.server.commands import NAMES, execute
from contextune.server.early import Early
from contextune.server.failures import sentence
from contextune.server.hovers import hover, todo_at
from contextune.server.languages import language_of
from contextune.server.methods import REQUESTS, answer
from contextune.server.names import FIX, KIND, PREFIX, Name
from contextune.server.places import path_of
from contextune.server.protocol import Protocol, converter
from contextune.server.session import Compose, Session

FACTS = 1.0
"""Seconds that a hover waits for what a Todo is expected to cost."""


class ContextuneServer(LanguageServer):
    """One server for one client. Must be made inside a running event loop."""

    protocol: Protocol

    def __init__(self, compose: Compose, early: Early | None = None) -> None:
        """`early` has answered for this server until now."""
        super().__init__("contextune", __version__, protocol_cls=Protocol, converter_factory=converter)
        self.client = Client(self)
        self._early = early
        self.session = Session(self.client, compose)
        for method, (handler, options) in self._features().items():
            self.feature(method, options)(functools.partial(handler))
        for request in REQUESTS:
            self.feature(request.name)(functools.partial(self._request, request))
        for name in NAMES:
            self.command(PREFIX + name)(self._command(name))

    def report_server_error(self, error: Exception, source: Any) -> None:  # noqa: ARG002  # pygls gives both
        """Show what went wrong while a notification was handled: nobody waits for its answer."""
        self.client.say(sentence(error), "error")

    def _features(self) -> Mapping[str, tuple[Any, Any]]:
        actions = types.CodeActionOptions(code_action_kinds=[KIND, FIX], resolve_provider=False)
        return {
            types.INITIALIZE: (self._initialize, None),
            types.INITIALIZED: (self._initialized, None),
            types.WORKSPACE_DID_CHANGE_CONFIGURATION: (self._settings_changed, None),
            types.WORKSPACE_DID_CHANGE_WORKSPACE_FOLDERS: (self._folders_changed, None),
            types.TEXT_DOCUMENT_DID_OPEN: (self._opened, None),
            types.TEXT_DOCUMENT_DID_CHANGE: (self._changed, None),
            types.TEXT_DOCUMENT_DID_SAVE: (self._saved, types.SaveOptions(include_text=False)),
            types.TEXT_DOCUMENT_DID_CLOSE: (self._closed, None),
            types.TEXT_DOCUMENT_CODE_ACTION: (self._code_actions, actions),
            types.TEXT_DOCUMENT_CODE_LENS: (self._code_lenses, types.CodeLensOptions(resolve_provider=False)),
            types.TEXT_DOCUMENT_HOVER: (self._hover, None),
        }

    async def _request(self, method: Method, params: Any) -> Any:
        return await answer(self.session, method, params)

    def _command(self, name: Name) -> Callable[..., Awaitable[Any]]:
        # pygls reads how many arguments to expect off the function itself, so it cannot be a partial one.
        async def run(*arguments: Any) -> Any:
            return await execute(self.session, name, arguments)

        return run

    # The life of a session.

    def _initialize(self, params: types.InitializeParams) -> None:
        speak(language_of(params.locale))
        self.client.is_extension = is_extension(params.initialization_options)
        self.session.editor_settings = own_section(params.initialization_options) or {}

    def _initialized(self, _params: types.InitializedParams) -> None:
        uris = [folder.uri for folder in self.workspace.folders.values()]
        if not uris and self.workspace.root_uri:
            uris = [self.workspace.root_uri]
        self.session.change_folders(_paths(uris), [])

    def _settings_changed(self, params: types.DidChangeConfigurationParams) -> None:
        self.session.settings_changed(own_section(params.settings))

    def _folders_changed(self, params: types.DidChangeWorkspaceFoldersParams) -> None:
        added, removed = params.event.added, params.event.removed
        self.session.change_folders(
            _paths([folder.uri for folder in added]), _paths([folder.uri for folder in removed])
        )

    # Text of open files.

    def _opened(self, params: types.DidOpenTextDocumentParams) -> None:
        file = _file(params.text_document.uri)
        if file is not None:
            self.client.open_uris[file] = params.text_document.uri
            self.session.buffers.opened(file, params.text_document.text)

    def _changed(self, params: types.DidChangeTextDocumentParams) -> None:
        file = _file(params.text_document.uri)
        if file is not None:
            document = self.workspace.get_text_document(params.text_document.uri)
            self.session.buffers.changed(file, document.source)

    def _saved(self, params: types.DidSaveTextDocumentParams) -> None:
        file = _file(params.text_document.uri)
        if file is not None:
            self.session.buffers.saved(file)

    def _closed(self, params: types.DidCloseTextDocumentParams) -> None:
        file = _file(params.text_document.uri)
        if file is not None:
            self.client.open_uris.pop(file, None)
            self.session.lenses.closed(file)
            self.session.buffers.closed(file)

    # What an editor asks for while one types: all from memory.

    async def _code_actions(self, params: types.CodeActionParams) -> list[types.CodeAction]:
        file, folder = self._locate(params.text_document.uri)
        if file is None or folder is None:
            return []
        await self.session.first_todos(folder)
        if folder not in self.session.folders:
            return []
        actions = Actions(
            file,
            folder,
            self.session.todos_of(file),
            self.session.marks,
            in_folder=len(self.session.folders[folder]),
            extension=self.client.is_extension,
        )
        radar = self.session.radar.actions(
            file, params.range, params.context, extension=self.client.is_extension
        )
        asked = self.client.questions.actions() if wanted(params.context) else ()
        return [*asked, *radar, *actions.at(params.range, params.context)]

    def _code_lenses(self, params: types.CodeLensParams) -> Sequence[types.CodeLens | dict[str, Any]]:
        file, folder = self._locate(params.text_document.uri)
        if file is None or folder is None:
            return []
        told = self._early.known(params.text_document.uri) if self._early is not None else None
        if told is not None and not self.session.has_todos(folder):
            return told
        todos = self.session.todos_of(file)
        known = self.session.known
        # Our extension asks by itself, for all of a folder.
        if not self.client.is_extension and known.lacks(todos):
            self.session.spawn(known.look(folder, todos))
        return self.session.lenses.of(file)

    async def _hover(self, params: types.HoverParams) -> types.Hover | None:
        file, folder = self._locate(params.text_document.uri)
        if file is None:
            return None
        if folder is not None:
            await self.session.first_todos(folder)
        todo = todo_at(params.position, self.session.todos_of(file))
        if todo is None or folder is None:
            return self.session.radar.hover(file, params.position.line)
        known = self.session.known
        if known.lacks([todo]):
            await asyncio.wait([self.session.spawn(known.look(folder, [todo]))], timeout=FACTS)
        marks, extension = self.session.marks, self.client.is_extension
        return hover(file, folder, todo, marks, known=known.of(todo.id), extension=extension)

    def _locate(self, uri: str) -> tuple[Path | None, Path | None]:
        file = _file(uri)
        return file, self.session.folder_of(file) if file is not None else None


def _file(uri: str) -> Path | None:
    path = path_of(uri)
    return path.resolve() if path is not None else None


def _paths(uris: Sequence[str]) -> list[Path]:
    return [path for path in map(path_of, uris) if path is not None]
