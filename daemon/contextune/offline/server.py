"""The server: its life, its routes, who may ask, and what every response carries."""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import ExitStack
from hashlib import blake2b
from pathlib import Path

import msgspec
from aiohttp import web
from aiohttp.typedefs import Handler

from contextune.offline.errors import ApiError
from contextune.offline.faults import Fault, Faults, Injected
from contextune.offline.limits import Limiter, RateLimit
from contextune.offline.log import Entry, LoggedRequest
from contextune.offline.messages import Caller, Ids, MessagesEndpoint, hang_up
from contextune.offline.models import DISPLAY_NAME, MODELS, find_model
from contextune.offline.pace import Latency, ServerClosing
from contextune.offline.player import Player
from contextune.offline.script import Script, builtin_scripts, load_script
from contextune.offline.validate import check_version, too_large

HOST = "127.0.0.1"
"""The only address that the server listens on."""
MAX_BODY = 32 * 1024 * 1024
"""Bytes of a request (platform.claude.com, "Claude API errors", request size limits)."""
NO_AI_HEADER = "x-contextune-offline"
NO_AI = "scripted replies, no AI"
_REQUEST_ID = web.RequestKey("request_id", str)

Endpoint = Callable[[web.Request, Caller, Entry], Awaitable[web.StreamResponse]]


def refuses_bad_keys(key: str) -> bool:
    """The usual rule: any key is good unless it begins with `sk-bad`."""
    return not key.startswith("sk-bad")


class OfflineModel:
    """A server of the Messages API on loopback that plays scripts.

    `clock` gives seconds since the epoch; cache lifetimes, rate limits and the log go by it, pauses do not.
    """

    def __init__(
        self,
        scripts: Sequence[Script],
        *,
        clock: Callable[[], float] = time.time,
        limits: RateLimit | None = None,
        latency: Latency | None = None,
        accept_key: Callable[[str], bool] = refuses_bad_keys,
        on_log: Callable[[LoggedRequest], None] | None = None,
    ) -> None:
        self.log: list[LoggedRequest] = []
        """Every request that has been answered, in the order of their ends."""
        self._clock = clock
        self._accept_key = accept_key
        self._on_log = on_log
        self._ids = Ids()
        self._count = 0
        self._faults = Faults()
        self._player = Player(scripts, self._faults)
        self._closing = asyncio.Event()
        self._runner: web.AppRunner | None = None
        self._messages = MessagesEndpoint(
            player=self._player,
            faults=self._faults,
            limiter=Limiter(limits, clock),
            latency=latency or Latency(),
            clock=clock,
            ids=self._ids,
            closing=self._closing,
        )

    async def start(self, port: int = 0) -> str:
        """Listen on `port`, or on a free one, and return the base URL. Raises OSError if it is taken."""
        runner = web.AppRunner(
            self._application(), access_log=None, handler_cancellation=True, shutdown_timeout=1.0
        )
        await runner.setup()
        try:
            await web.TCPSite(runner, HOST, port).start()
        except OSError:
            await runner.cleanup()
            raise
        self._runner = runner
        return f"http://{HOST}:{runner.addresses[0][1]}"

    async def close(self) -> None:
        """Stop listening and end every reply; waiting ones are cut off. Safe to call twice."""
        self._closing.set()
        if self._runner is not None:
            runner, self._runner = self._runner, None
            await runner.cleanup()

    def unused(self) -> list[str]:
        """The replies that were never played and the faults that never struck, one line each."""
        return self._player.unused()

    def pending_faults(self) -> list[Injected]:
        """The faults from `inject` that have not struck as often as they may."""
        return self._faults.pending()

    def inject(
        self,
        fault: Fault,
        *,
        conversation: str | None = None,
        model: str | None = None,
        turn: int | None = None,
    ) -> None:
        """Let the next `fault.times` requests that fit meet `fault`. `turn` counts from 1."""
        self._faults.inject(Injected(fault=fault, conversation=conversation, model=model, turn=turn))

    def _application(self) -> web.Application:
        app = web.Application(client_max_size=MAX_BODY, middlewares=[_json_errors])
        app.on_response_prepare.append(_sign)
        app.router.add_post("/v1/messages", self._endpoint(self._messages.create))
        app.router.add_post("/v1/messages/count_tokens", self._endpoint(self._messages.count_tokens))
        app.router.add_get("/v1/models", self._endpoint(_list_models))
        app.router.add_get("/v1/models/{id}", self._endpoint(_get_model))
        app.router.add_get("/contextune/script", self._show_script)
        app.router.add_get("/contextune/log", self._show_log)
        app.router.add_get("/contextune/faults", self._show_faults)
        app.router.add_post("/contextune/faults", self._add_fault)
        app.router.add_delete("/contextune/faults", self._clear_faults)
        return app

    def _endpoint(self, answer: Endpoint) -> Handler:
        """An endpoint of the API: authenticated, versioned, logged."""

        async def handle(http: web.Request) -> web.StreamResponse:
            request_id = self._ids.new("req")
            http[_REQUEST_ID] = request_id
            self._count += 1
            entry = Entry(self._write_log, self._count, int(self._clock() * 1000), http.path, request_id)
            try:
                caller = self._caller(http)
                entry.note(version=caller.version)
                return await answer(http, caller, entry)
            except ApiError as error:
                entry.note(status=error.status, error=error.kind, error_message=error.message)
                entry.close("refused")
                return web.json_response(
                    error.body(request_id), status=error.status, headers=dict(error.headers)
                )
            except ServerClosing:
                entry.close("stalled")
                hang_up(http)
                raise web.HTTPServiceUnavailable from None
            except asyncio.CancelledError:
                entry.close("client_left")
                raise
            except ConnectionError:
                # The client has gone, which is no failure of the server: nothing is left to be said.
                entry.close("client_left")
                return web.Response()
            except Exception as bug:
                entry.note(status=500, error="api_error", error_message=repr(bug))
                entry.close("error")
                raise

        return handle

    def _caller(self, http: web.Request) -> Caller:
        """Who asks. Raises `ApiError` 401 without a credential or with one that is refused."""
        scheme, _, bearer = http.headers.get("authorization", "").partition(" ")
        key = http.headers.get("x-api-key") or (bearer.strip() if scheme.lower() == "bearer" else "")
        if not key:
            raise ApiError("authentication_error", "x-api-key or Authorization header is required")
        if not self._accept_key(key):
            raise ApiError("authentication_error", "invalid x-api-key")
        return Caller(
            blake2b(key.encode(), digest_size=16).digest(),
            check_version(http.headers.get("anthropic-version")),
            http.headers.get("anthropic-beta", ""),
        )

    def _write_log(self, logged: LoggedRequest) -> None:
        self.log.append(logged)
        if self._on_log is not None:
            self._on_log(logged)

    async def _show_script(self, _: web.Request) -> web.StreamResponse:
        scripts = [
            {
                "name": script.name,
                "about": script.about,
                "conversations": {c.name: len(c.turn) for c in script.conversations},
            }
            for script in self._player.scripts
        ]
        return _json(
            {"about": f"{DISPLAY_NAME}. It plays scripts.", "scripts": scripts, "unused": self.unused()}
        )

    async def _show_log(self, _: web.Request) -> web.StreamResponse:
        return _json({"about": DISPLAY_NAME, "requests": self.log})

    async def _show_faults(self, _: web.Request) -> web.StreamResponse:
        return _json({"pending": self._faults.pending()})

    async def _add_fault(self, http: web.Request) -> web.StreamResponse:
        try:
            injected = msgspec.json.decode(await http.read(), type=Injected)
        except (msgspec.MsgspecError, UnicodeDecodeError) as error:
            return _json({"error": f"not a fault: {error}"}, status=400)
        self._faults.inject(injected)
        return await self._show_faults(http)

    async def _clear_faults(self, http: web.Request) -> web.StreamResponse:
        self._faults.clear()
        return await self._show_faults(http)


async def serve(port: int, scripts: Sequence[Path], log: Path | None) -> None:
    """Serve until cancelled; without `scripts`, the built-in ones. Writes the URL to stdout.

    `log` gets one JSON object a line for each request, appended. Raises `BadScript` for a script that can't
    be used and OSError for a port or a log that can't be had.
    """
    loaded = [load_script(path) for path in scripts] if scripts else builtin_scripts()
    with ExitStack() as stack:
        on_log = None
        if log is not None:
            file = stack.enter_context(log.open("ab", buffering=0))

            def on_log(logged: LoggedRequest) -> None:
                file.write(msgspec.json.encode(logged) + b"\n")

        server = OfflineModel(loaded, on_log=on_log)
        url = await server.start(port)
        try:
            sys.stdout.write(f"{url}\n")
            sys.stdout.flush()
            sys.stderr.write(f"{DISPLAY_NAME}, playing {', '.join(s.name for s in loaded) or 'nothing'}\n")
            await asyncio.Event().wait()
        finally:
            await server.close()


async def _list_models(http: web.Request, _: Caller, entry: Entry) -> web.StreamResponse:
    names = [model.id for model in MODELS]
    limit = _limit(http.query.get("limit", "20"))
    after, before = http.query.get("after_id"), http.query.get("before_id")
    low = names.index(after) + 1 if after in names else 0
    high = names.index(before) if before in names else len(names)
    page = names[low:high][-limit:] if before else names[low:high][:limit]
    entry.close("complete")
    return _json(
        {
            "data": [find_model(name).describe() for name in page],
            "has_more": len(page) < high - low,
            "first_id": page[0] if page else None,
            "last_id": page[-1] if page else None,
        }
    )


def _limit(text: str) -> int:
    if not text.isdigit() or not 1 <= int(text) <= 1_000:
        raise ApiError("invalid_request_error", "limit: Input should be between 1 and 1000")
    return int(text)


async def _get_model(http: web.Request, _: Caller, entry: Entry) -> web.StreamResponse:
    described = find_model(http.match_info["id"]).describe()
    entry.close("complete")
    return _json(described)


async def _sign(http: web.Request, response: web.StreamResponse) -> None:
    """Say on every response that this is no AI, and give the request its id."""
    response.headers[NO_AI_HEADER] = NO_AI
    if request_id := http.get(_REQUEST_ID):
        response.headers["request-id"] = request_id


@web.middleware
async def _json_errors(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Errors of the web server itself in the API's shape."""
    try:
        return await handler(request)
    except web.HTTPRequestEntityTooLarge:
        error = too_large(MAX_BODY)
    except (web.HTTPNotFound, web.HTTPMethodNotAllowed) as missing:
        error = ApiError(
            "not_found_error", f"Not found: {request.method} {request.path}", status=missing.status
        )
    return _json(error.body(request.get(_REQUEST_ID)), status=error.status)


def _json(value: object, *, status: int = 200) -> web.Response:
    return web.Response(body=msgspec.json.encode(value), status=status, content_type="application/json")
