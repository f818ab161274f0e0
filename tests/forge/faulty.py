"""A GitHub with faults: it passes requests on to the emulator, but for those that a fault is for."""

from __future__ import annotations

import http.client
import json
import re
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from tests.forge.github import GitHub


@dataclass(slots=True)
class Fault:
    """What happens to requests whose verb and path match; `times` tells how often, None for always."""

    matches: str = ".*"
    status: int | None = None
    """None cuts the connection off."""
    headers: Mapping[str, str] = field(default_factory=dict)
    body: object = field(default_factory=dict)
    after: bool = False
    """Whether the request is done before."""
    change: Callable[[dict[str, Any]], None] | None = None
    """Changes the emulator's own reply instead."""
    times: int | None = None


class FaultyGitHub:
    """The address of it, and its faults: those that are left."""

    def __init__(self, behind: GitHub) -> None:
        self.behind = behind
        self.faults: list[Fault] = []
        self.requests: list[str] = []
        self.tags: dict[str, str] = {}
        """Paths whose replies carry an ETag; a request that knows it gets 304."""
        self.not_modified = 0
        self.url = ""

    def fault_of(self, line: str) -> Fault | None:
        """The fault that a request meets now."""
        for one in self.faults:
            if re.search(one.matches, line) and one.times != 0:
                if one.times is not None:
                    one.times -= 1
                return one
        return None


@contextmanager
def faulty(behind: GitHub) -> Iterator[FaultyGitHub]:
    """Serves on loopback until the end of the context."""
    state = FaultyGitHub(behind)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *_: object) -> None: ...

        def handle_any(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            sent = self.rfile.read(length) if length else None
            line = f"{self.command} {self.path}"
            state.requests.append(line)
            fault = state.fault_of(line)
            tag = next((tag for path, tag in state.tags.items() if self.path.endswith(path)), None)
            if tag is not None and self.headers.get("If-None-Match") == tag:
                state.not_modified += 1
                self.reply(304, {"etag": tag}, b"")
                return
            done = None if fault is not None and not (fault.after or fault.change) else self.passed_on(sent)
            if fault is None or fault.change is not None:
                assert done is not None
                status, body = done
                if fault is not None and fault.change is not None:
                    changed = json.loads(body)
                    fault.change(changed)
                    body = json.dumps(changed).encode()
                self.reply(status, {"etag": tag} if tag else {}, body)
            elif fault.status is None:
                self.close_connection = True
                self.connection.close()
            else:
                text = fault.body if isinstance(fault.body, str) else json.dumps(fault.body)
                self.reply(fault.status, fault.headers, text.encode())

        do_GET = do_POST = do_PATCH = do_PUT = do_DELETE = handle_any  # noqa: N815 - the server's own names

        def passed_on(self, sent: bytes | None) -> tuple[int, bytes]:
            there = http.client.HTTPConnection("localhost", behind.port, timeout=20)
            kept = {k: v for k, v in self.headers.items() if k.lower() in ("authorization", "content-type")}
            there.request(self.command, self.path, sent, kept)
            got = there.getresponse()
            body = got.read().replace(behind.url.encode(), state.url.encode())
            there.close()
            return got.status, body

        def reply(self, status: int, headers: Mapping[str, str], body: bytes) -> None:
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    state.url = f"http://localhost:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield state
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
