"""The code lenses of open files while the daemon is still being imported: an editor asks at once, and waits.

What is asked here is LSP as JSON has it, because the library of LSP's types is what is being imported.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from contextune.core.errors import ContextuneError
from contextune.core.todos.todo import Todo
from contextune.protocol.words import speak, t
from contextune.server.client_options import is_extension, own_section, snake_keys
from contextune.server.languages import language_of
from contextune.server.names import WorkTarget, command_of
from contextune.server.places import path_of

Glance = Callable[[Path, str, str, Mapping[str, Any]], Sequence[Todo]]
"""contextune.glance.glance, or its like."""
Message = dict[str, Any]
Answer = Callable[[Any, Any], None]
"""Called with a request's id and its result."""

HEAD_START = 0.05
"""Seconds for a first request before the import begins, which slows everything else down."""
MOST_KEPT = 100
"""Messages that are read ahead of those who will act on them."""
MOST_FILES = 100
"""Open files whose text is held."""


class Early:
    """What one client's messages tell of its open files. Wrong messages are for others to refuse."""

    def __init__(self, initialize: Mapping[str, Any], glance: Glance) -> None:
        """`initialize` are the parameters of that request."""
        options = initialize.get("initializationOptions")
        locale = initialize.get("locale")
        speak(language_of(locale if isinstance(locale, str) else None))
        self._extension = is_extension(options)
        self._settings = snake_keys(own_section(options) or {})
        self._folders = _folders(initialize)
        self._glance = glance
        self._texts: dict[str, str] = {}
        self._found: dict[str, list[Message]] = {}
        self.used = asyncio.Event()
        """Set when the first request was answered."""

    def known(self, uri: str) -> list[Message] | None:
        """The lenses that were told of a file; None if none were, or its text changed since."""
        return self._found.get(uri)

    def hear(self, message: Message) -> None:
        """Take in what a notification tells of open files."""
        params = message.get("params")
        document = params.get("textDocument") if isinstance(params, Mapping) else None
        uri = document.get("uri") if isinstance(document, Mapping) else None
        if not isinstance(document, Mapping) or not isinstance(uri, str):
            return
        method = message.get("method")
        if method == "textDocument/didOpen" and isinstance(document.get("text"), str):
            if len(self._texts) < MOST_FILES:
                self._texts[uri] = document["text"]
        elif method in ("textDocument/didChange", "textDocument/didClose"):
            self._texts.pop(uri, None)
            self._found.pop(uri, None)

    async def lenses(self, message: Message) -> list[Message] | None:
        """The answer to a request for code lenses; None if it is another one, or better answered later."""
        if message.get("method") != "textDocument/codeLens" or "id" not in message:
            return None
        params = message.get("params")
        document = params.get("textDocument") if isinstance(params, Mapping) else None
        uri = document.get("uri") if isinstance(document, Mapping) else None
        text = self._texts.get(uri) if isinstance(uri, str) else None
        if not isinstance(uri, str) or text is None:
            return None
        try:
            found = await asyncio.to_thread(self._look, uri, text)
        except (ContextuneError, OSError):
            return None  # who answers later says what is wrong
        if found is not None:
            self._found[uri] = found
        return found

    def _look(self, uri: str, text: str) -> list[Message] | None:
        file = path_of(uri)
        file = file.resolve() if file is not None else None
        if file is None:
            return None
        holding = [folder for folder in self._folders if file.is_relative_to(folder)]
        if not holding:
            return None
        folder = max(holding, key=lambda one: len(one.parts))
        todos = self._glance(folder, file.relative_to(folder).as_posix(), text, self._settings)
        return [self._lens(folder, todo) for todo in todos]

    def _lens(self, folder: Path, todo: Todo) -> Message:
        start = {"line": todo.line - 1, "character": 0}
        work = WorkTarget(folder=str(folder), todo_ids=(todo.id,))
        return {
            "range": {"start": start, "end": start},
            "command": command_of("delegateTodo", t("Delegate"), work, extension=self._extension),
        }


async def meanwhile(
    messages: AsyncIterator[Any], loading: asyncio.Future[Any], early: Early, answer: Answer
) -> AsyncIterator[Any]:
    """Answer what can be answered until `loading` is done; returns the other messages, and those to come."""
    kept: list[Any] = []
    coming = asyncio.ensure_future(_next(messages))
    try:
        while not loading.done() and len(kept) < MOST_KEPT:
            await asyncio.wait([coming, loading], return_when=asyncio.FIRST_COMPLETED)
            if not coming.done():
                continue
            message = coming.result()
            if message is None:
                break
            lenses = None
            if isinstance(message, dict):
                early.hear(message)
                lenses = await early.lenses(message)
            if lenses is None:
                kept.append(message)
            else:
                answer(message["id"], lenses)
                early.used.set()
            coming = asyncio.ensure_future(_next(messages))
        await loading
    except BaseException:
        coming.cancel()
        raise
    return _others(kept, coming, messages, early)


async def _others(
    kept: list[Any], coming: asyncio.Future[Any], messages: AsyncIterator[Any], early: Early
) -> AsyncIterator[Any]:
    try:
        for message in kept:
            yield message
        while (message := await coming) is not None:
            if isinstance(message, dict):
                early.hear(message)
            yield message
            coming = asyncio.ensure_future(_next(messages))
    finally:
        coming.cancel()


async def _next(messages: AsyncIterator[Any]) -> Any:
    return await anext(messages, None)


def _folders(initialize: Mapping[str, Any]) -> list[Path]:
    listed = initialize.get("workspaceFolders")
    uris = [one.get("uri") for one in listed if isinstance(one, Mapping)] if isinstance(listed, list) else []
    if not uris:
        uris = [initialize.get("rootUri")]
    paths = [path_of(uri) for uri in uris if isinstance(uri, str)]
    return [path.resolve() for path in paths if path is not None]
