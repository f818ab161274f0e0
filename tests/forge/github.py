"""A GitHub on loopback (`emulate`), and GitHub's own description of its API to hold requests against."""

from __future__ import annotations

import functools
import json
import os
import re
import selectors
import socket
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import parse_qsl, unquote, urlsplit

import pytest

POINTER = Path(__file__).parents[2] / "build" / "github-emulator.json"
MEND = "node extension/scripts/emulator.mjs installs it"
TOKEN = "test_token_admin"  # the emulator's own, known to everybody
OWNER = "admin"


def parts() -> dict[str, str]:
    """Where the emulator is; skips the test where it is not installed."""
    if not POINTER.exists():
        pytest.skip(f"The GitHub of the tests is not installed: {MEND}.")
    found: dict[str, str] = json.loads(POINTER.read_text())
    if not all(Path(path).exists() for path in found.values()):
        pytest.skip(f"The GitHub of the tests is gone: {MEND}.")
    return found


class GitHub:
    """The emulator, as a test looks at it: past the product, by plain HTTP."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.url = f"http://localhost:{port}"
        self._count = 0

    def new(self, name: str = "calc") -> str:
        """A new repository; its `owner/name`."""
        self._count += 1
        made = self.call("POST", "/user/repos", {"name": f"{name}-{self._count}", "auto_init": True})
        return str(made["full_name"])

    def call(self, verb: str, path: str, body: object = None) -> Any:
        """One request as the owner."""
        request = urllib.request.Request(
            self.url + path,
            data=None if body is None else json.dumps(body).encode(),
            method=verb,
            headers={"Authorization": f"token {TOKEN}", "Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=20) as reply:
            text = reply.read()
        return json.loads(text) if text else None

    def issues(self, name: str) -> list[dict[str, Any]]:
        """All issues of a repository, the oldest first."""
        return list(self.call("GET", f"/repos/{name}/issues?state=all&direction=asc&per_page=100"))

    def pulls(self, name: str) -> list[dict[str, Any]]:
        """All pull requests of a repository, the oldest first."""
        return list(self.call("GET", f"/repos/{name}/pulls?state=all&direction=asc&per_page=100"))


@contextmanager
def started() -> Iterator[GitHub]:
    """An emulator of its own process, until the end of the context."""
    found = parts()
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    process = subprocess.Popen(
        [found["node"], found["emulate"], "--service", "github", "--port", str(port)],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        stdin=subprocess.DEVNULL,
        env={"PATH": os.environ["PATH"], "HOME": os.environ.get("HOME", "/")},
    )
    try:
        _wait_until_ready(process)
        yield GitHub(port)
    finally:
        process.kill()
        process.communicate()


def _wait_until_ready(process: subprocess.Popen[bytes]) -> None:
    assert process.stdout is not None
    said = b""
    with selectors.DefaultSelector() as ready:
        ready.register(process.stdout, selectors.EVENT_READ)
        until = time.monotonic() + 60
        while b"Ready" not in said:
            assert ready.select(until - time.monotonic()), f"The emulator does not start: {said!r}"
            piece = os.read(process.stdout.fileno(), 65_536)
            assert piece, f"The emulator ended: {said!r}"
            said += piece


class Sent(NamedTuple):
    """A request that left for GitHub."""

    verb: str
    url: str
    body: str | None

    @property
    def is_write(self) -> bool:
        return self.verb != "GET"


@contextmanager
def watched(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Sent]]:
    """Every request that PyGithub sends, in order."""
    from github.Requester import HTTPRequestsConnectionClass, HTTPSRequestsConnectionClass

    sent: list[Sent] = []
    for kind in (HTTPRequestsConnectionClass, HTTPSRequestsConnectionClass):
        before = kind.getresponse

        def getresponse(self: Any, before: Any = before) -> Any:
            sent.append(Sent(self.verb, self.url, self.input))
            return before(self)

        monkeypatch.setattr(kind, "getresponse", getresponse)
    yield sent


@functools.cache
def _described() -> tuple[dict[str, Any], list[tuple[re.Pattern[str], int, str]]]:
    description = json.loads(Path(parts()["openapi"]).read_text())
    paths = []
    for path in description["paths"]:
        pattern = re.sub(r"\\\{[^}]+\\\}", "[^/]+", re.escape(path))
        paths.append((re.compile(pattern), path.count("{"), path))
    return description, paths


def violations(sent: Sent) -> list[str]:
    """What of a request GitHub's description does not allow."""
    from jsonschema import Draft202012Validator  # type: ignore[import-untyped]  # it ships without types

    description, paths = _described()
    where = urlsplit(sent.url)
    # The plainest path is meant: `/user/repos` before `/user/{name}`.
    fits = sorted((count, path) for pattern, count, path in paths if pattern.fullmatch(where.path))
    if where.path == "/graphql":
        return []  # it has a description of its own
    if not fits:
        return [f"{sent.verb} {where.path}: no such path"]
    path = fits[0][1]
    operation = description["paths"][path].get(sent.verb.lower())
    if operation is None:
        return [f"{sent.verb} {path}: no such method"]
    found = _query_violations(description, operation, where.query, f"{sent.verb} {path}")
    content = operation.get("requestBody", {}).get("content", {}).get("application/json")
    if sent.body is None:
        needed = operation.get("requestBody", {}).get("required")
        return [*found, f"{sent.verb} {path}: no body"] if needed and sent.verb != "GET" else found
    if content is None:
        return [*found, f"{sent.verb} {path}: takes no body"]
    schema = {**content["schema"], "components": description["components"]}
    errors = Draft202012Validator(schema).iter_errors(json.loads(sent.body))
    known = _resolved(description, content["schema"]).get("properties")
    extra = set(json.loads(sent.body)) - set(known) if known else set()
    return [
        *found,
        *(f"{sent.verb} {path}: {error.message}" for error in errors),
        *(f"{sent.verb} {path}: unknown field {name}" for name in extra),
    ]


def _query_violations(description: Any, operation: Any, query: str, name: str) -> list[str]:
    from jsonschema import Draft202012Validator

    parameters = [_resolved(description, one) for one in operation.get("parameters", ())]
    known = {one["name"]: one["schema"] for one in parameters if one["in"] == "query"}
    found = []
    for key, text in parse_qsl(query, keep_blank_values=True):
        if key not in known:
            found.append(f"{name}: unknown parameter {key}")
            continue
        schema = _resolved(description, known[key])
        value: object = int(text) if schema.get("type") == "integer" and text.isdigit() else unquote(text)
        found += [
            f"{name}: {key}: {error.message}" for error in Draft202012Validator(schema).iter_errors(value)
        ]
    return found


def _resolved(description: Any, value: Any) -> Any:
    while "$ref" in value:
        at: Any = description
        for part in value["$ref"].removeprefix("#/").split("/"):
            at = at[part]
        value = at
    return value
