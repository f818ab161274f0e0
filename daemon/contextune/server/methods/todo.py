"""`contextune/todo/*`."""

from __future__ import annotations

from contextune.core.plain_text import plain
from contextune.core.todos.excerpt import BELOW, excerpt
from contextune.protocol.markdown import fenced
from contextune.protocol.params import TodoListParams, TodoListResult
from contextune.protocol.todo_facts import fact_view
from contextune.protocol.todo_views import TodoFactsParams, TodoFactsResult, TodoPreview, TodoPreviewParams
from contextune.server.session import Session


async def every(session: Session, params: TodoListParams) -> TodoListResult:
    """All Todos of a folder."""
    application = await session.application()
    folder = session.folder(params.folder)
    return TodoListResult(folder=str(folder), todos=await application.todos.list(folder))


async def facts(session: Session, params: TodoFactsParams) -> TodoFactsResult:
    """What is known of a folder's Todos beyond their comments; lenses tell their prices from then on."""
    application = await session.application()
    folder = session.folder(params.folder)
    found = await application.facts.of(folder, await application.todos.list(folder))
    session.known.take(found)
    return TodoFactsResult(
        folder=str(folder),
        facts=tuple(fact_view(one.todo_id, one.price, one.writing, one.age, one.doubt) for one in found),
    )


async def preview(session: Session, params: TodoPreviewParams) -> TodoPreview:
    """The code around a Todo, as its user has it."""
    board = (await session.application()).todos
    folder = session.folder(params.folder)
    todo = next((todo for todo in await board.list(folder) if todo.id == params.todo_id), None)
    lines = await board.lines(folder, todo.path) if todo is not None else None
    if todo is None or lines is None:
        return TodoPreview(text="")
    shown = excerpt(todo, [plain(line) for line in lines[: todo.end_line + BELOW]])
    return TodoPreview(text=fenced("\n".join(shown), todo.language) if shown else "")
