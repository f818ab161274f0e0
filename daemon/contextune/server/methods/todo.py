"""`contextune/todo/*`."""

from __future__ import annotations

from contextune.protocol.params import TodoListParams, TodoListResult
from contextune.server.session import Session


async def every(session: Session, params: TodoListParams) -> TodoListResult:
    """All Todos of a folder."""
    application = await session.application()
    folder = session.folder(params.folder)
    return TodoListResult(folder=str(folder), todos=await application.todos.list(folder))
