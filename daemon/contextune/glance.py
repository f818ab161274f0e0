"""The Todos of one open file before the application is there: few imports, nothing written."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from contextune.adapters.files.ignored import Hidden
from contextune.adapters.machine.settings_store import LayeredSettings
from contextune.adapters.machine.user_files import UserFiles
from contextune.adapters.source.todo_files import SIZE_LIMIT, todos_of
from contextune.core.todos.todo import Todo


def glance(folder: Path, path: str, text: str, editor: Mapping[str, Any]) -> tuple[Todo, ...]:
    """The Todos of a file's text as the editor shows it, as the application would find them.

    `path` leads from the folder to the file, `editor` has the editor's settings with keys in snake_case.
    Raises ContextuneError where settings are wrong. Blocking, quick.
    """
    settings = LayeredSettings(UserFiles())
    settings.configure(None, editor)
    chosen = settings.load(folder, {})
    content = text.encode("utf-8", "replace")
    if len(content) > SIZE_LIMIT or not Hidden(folder, chosen.exclude).without([path]):
        return ()
    return tuple(todos_of(path, content, chosen.markers))
