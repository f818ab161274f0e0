"""`contextune/todo/*`."""

from __future__ import annotations

from contextune.protocol.params import TodoListParams, TodoListResult
from contextune.protocol.todo_facts import about, fact_view
from contextune.protocol.todo_views import TodoFactsParams, TodoFactsResult
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
    session.price_todos({one.todo_id: about(one.price) for one in found})
    return TodoFactsResult(
        folder=str(folder),
        facts=tuple(fact_view(one.todo_id, one.price, one.writing, one.age, one.doubt) for one in found),
    )
