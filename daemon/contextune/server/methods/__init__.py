"""The `contextune/*` requests: one short function each, one module a resource, bound by one table."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import msgspec
from pygls.exceptions import JsonRpcInvalidParams

from contextune.protocol.methods import METHODS, Method
from contextune.protocol.wire import View
from contextune.server.methods import (
    cost,
    credential,
    debug,
    doctor,
    forge,
    quote,
    radar,
    review,
    run,
    task,
    todo,
    tool,
    words,
    workspace,
    worktree,
)
from contextune.server.session import Session

Handler = Callable[[Session, Any], Awaitable[View]]

HANDLERS: Mapping[str, Handler] = {
    "contextune/todo/list": todo.every,
    "contextune/todo/facts": todo.facts,
    "contextune/todo/preview": todo.preview,
    "contextune/quote/create": quote.create,
    "contextune/quote/arrange": quote.arrange,
    "contextune/quote/change": quote.change,
    "contextune/quote/merge": quote.merge,
    "contextune/quote/move": quote.move,
    "contextune/quote/split": quote.split,
    "contextune/quote/restore": quote.restore,
    "contextune/quote/leave": quote.leave,
    "contextune/run/start": run.start,
    "contextune/run/list": run.every,
    "contextune/run/get": run.get,
    "contextune/run/pause": run.pause,
    "contextune/run/resume": run.resume,
    "contextune/run/adjust": run.adjust,
    "contextune/run/rungs": run.rungs,
    "contextune/run/cancel": run.cancel,
    "contextune/run/accept": run.accept,
    "contextune/run/rebase": run.rebase,
    "contextune/run/undo": run.undo,
    "contextune/run/discard": run.discard,
    "contextune/review/content": review.content,
    "contextune/review/hunks": review.hunks,
    "contextune/review/reject": review.reject,
    "contextune/review/takeBack": review.take_back,
    "contextune/review/edit": review.edit,
    "contextune/review/comment": review.comment,
    "contextune/review/removeComment": review.remove_comment,
    "contextune/review/sendComments": review.send_comments,
    "contextune/task/pause": task.pause,
    "contextune/task/resume": task.resume,
    "contextune/task/cancel": task.cancel,
    "contextune/task/retry": task.retry,
    "contextune/task/rungs": task.rungs,
    "contextune/task/tell": task.tell,
    "contextune/task/rewind": task.rewind,
    "contextune/task/answer": task.answer,
    "contextune/task/origin": task.origin,
    "contextune/task/transcript": task.transcript,
    "contextune/task/turnChanges": task.turn_changes,
    "contextune/radar/choose": radar.choose,
    "contextune/words/ask": words.ask,
    "contextune/cost/summary": cost.summary,
    "contextune/cost/dashboard": cost.dashboard,
    "contextune/cost/compare": cost.compare,
    "contextune/cost/export": cost.export,
    "contextune/credential/set": credential.set_key,
    "contextune/forge/signIn": forge.sign_in,
    "contextune/forge/sync": forge.sync,
    "contextune/workspace/trust": workspace.trust,
    "contextune/workspace/allowUnfenced": workspace.allow_unfenced,
    "contextune/tool/prepare": tool.prepare,
    "contextune/tool/call": tool.call,
    "contextune/doctor/check": doctor.check,
    "contextune/debug/bundle": debug.bundle,
    "contextune/worktree/list": worktree.every,
    "contextune/worktree/clean": worktree.clean,
    "contextune/worktree/restore": worktree.restore,
    "contextune/worktree/mend": worktree.mend,
}

REQUESTS: tuple[Method, ...] = tuple(method for method in METHODS if method.direction == "request")


async def answer(session: Session, method: Method, params: Any) -> View:
    """Decode, call, return. Raises JsonRpcInvalidParams naming the path of what is wrong."""
    if method.params is None:
        if params:
            raise JsonRpcInvalidParams("Expected no parameters.")
        decoded: Any = None
    else:
        try:
            decoded = msgspec.convert({} if params is None else params, method.params)
        except msgspec.ValidationError as problem:
            raise JsonRpcInvalidParams(str(problem)) from None
        except UnicodeEncodeError:
            raise JsonRpcInvalidParams("Object contains unknown field, whose name is no text") from None
    return await HANDLERS[method.name](session, decoded)
