"""The way out of the Fence: to the allowed hosts, by the address that was judged, and nowhere else."""

from __future__ import annotations

import asyncio
import http.server
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from contextune.adapters.commands.shell import FencedShell, Reach
from contextune.adapters.fence import proxy as proxies
from contextune.adapters.fence.choice import find_fence
from contextune.adapters.fence.proxy import Proxy
from contextune.core.allow_list import AllowList
from contextune.core.proof.evidence import CommandResult

FENCE = find_fence(readable=[Path(sys.prefix), Path(sys.base_prefix)])
fenced = pytest.mark.skipif(FENCE.name != "bubblewrap", reason=FENCE.detail)


class Answering(http.server.BaseHTTPRequestHandler):
    """Says what it was asked."""

    def do_GET(self) -> None:
        told = [f"{name}={value}" for name, value in self.headers.items()]
        self.send_response(200)
        self.end_headers()
        self.wfile.write(f"inner {self.path} {' '.join(told)}".encode())

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 — its parent's name
        """Nothing."""


@pytest.fixture
def port() -> Iterator[int]:
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answering)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield server.server_address[1]
    server.shutdown()
    thread.join()
    server.server_close()


async def asked(proxy: Proxy, *heads: str) -> list[str]:
    """What a proxy answers to each of some requests."""
    server = await asyncio.start_server(proxy.serve, "127.0.0.1", 0, limit=proxies.HEAD_LIMIT)
    out = []
    for head in heads:
        reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
        writer.write(head.encode())
        out.append((await reader.read()).decode())
        writer.close()
        await writer.wait_closed()
    server.close()
    await proxy.close()
    return out


class AsListed(AllowList):
    """The guard taken away: a name that is listed is taken at its word."""

    def is_open(self, host: str, address: str) -> bool:
        del host, address
        return True


@pytest.mark.parametrize("kind", [AllowList, AsListed])
async def test_a_listed_name_that_points_inside_is_refused(kind: type[AllowList], port: int) -> None:
    async def inside(host: str, _port: int) -> list[str]:
        assert host == "good.example"
        return ["127.0.0.1"]

    proxy = Proxy(kind([f"good.example:{port}"]), inside)
    get = f"GET http://good.example:{port}/x HTTP/1.1\r\n\r\n"
    tunnel = f"CONNECT good.example:{port} HTTP/1.1\r\n\r\nGET /y HTTP/1.0\r\n\r\n"
    answers = await asked(proxy, get, tunnel)
    if kind is AsListed:
        assert ["inner /x" in answers[0], "inner /y" in answers[1]] == [True, True]
        return
    assert all(answer.startswith("HTTP/1.1 403 Forbidden\r\n") for answer in answers)
    assert proxy.refusals() == (
        "\n[refused: good.example stands for an address of this machine or its network. "
        "The setting allowed_hosts opens those by the address alone.]\n"
    )


async def test_it_connects_to_the_address_that_it_judged(monkeypatch: pytest.MonkeyPatch) -> None:
    looked_up = iter([["10.0.0.1", "93.184.216.34"], ["127.0.0.1"]])
    connected: list[tuple[object, ...]] = []

    async def resolve(_host: str, _port: int) -> list[str]:
        return next(looked_up)

    async def connect(*place: object, **_: object) -> None:
        connected.append(place)
        raise OSError

    server_side = Proxy(AllowList(["good.example"]), resolve)
    reader = asyncio.StreamReader()
    reader.feed_data(b"CONNECT good.example:443 HTTP/1.1\r\n\r\n")
    target = proxies._target(await reader.readuntil(b"\r\n\r\n"))
    monkeypatch.setattr(asyncio, "open_connection", connect)
    with pytest.raises(proxies.Refused, match=r"^good\.example does not answer at port 443\.$"):
        await server_side._connect(target)
    assert connected == [("93.184.216.34", 443)]


async def test_the_host_header_is_that_of_the_address_and_nothing_for_the_proxy_goes_on(port: int) -> None:
    proxy = Proxy(AllowList([f"localhost:{port}"]))
    (answer,) = await asked(
        proxy,
        f"GET http://localhost:{port}/a?b HTTP/1.1\r\nHost: other.example\r\nProxy-Authorization: x\r\n"
        "Accept: text/plain\r\n\r\n",
    )
    assert answer.endswith(f"inner /a?b Host=localhost:{port} Connection=close Accept=text/plain")


@pytest.mark.parametrize(
    ("head", "status"),
    [
        ("GET / HTTP/1.1\r\n\r\n", 400),
        ("GET ftp://pypi.org/ HTTP/1.1\r\n\r\n", 400),
        ("GET http://u:p@pypi.org/ HTTP/1.1\r\n\r\n", 400),
        ("CONNECT pypi.org HTTP/1.1\r\n\r\n", 400),
        ("CONNECT pypi.org:99999 HTTP/1.1\r\n\r\n", 400),
        ("CONNECT [::1 HTTP/1.1\r\n\r\n", 400),
        ("nonsense\r\n\r\n", 400),
        ("CONNECT pypi.org:22 HTTP/1.1\r\n\r\n", 403),
        ("CONNECT evil.example:443 HTTP/1.1\r\n\r\n", 403),
        ("GET http://a/ HTTP/1.1\r\nX: " + "x" * 40_000 + "\r\n\r\n", 431),
    ],
)
async def test_anything_else_is_refused(head: str, status: int) -> None:
    (answer,) = await asked(Proxy(AllowList(["pypi.org"])), head)
    assert answer.startswith(f"HTTP/1.1 {status} ")


async def test_connections_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(proxies, "MOST_CONNECTIONS", 0)
    (answer,) = await asked(Proxy(AllowList(["pypi.org"])), "CONNECT pypi.org:443 HTTP/1.1\r\n\r\n")
    assert answer.startswith("HTTP/1.1 503 ")


async def test_bytes_are_bounded(port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(proxies, "MOST_BYTES", 10)
    proxy = Proxy(AllowList([f"localhost:{port}"]))
    (answer,) = await asked(proxy, f"GET http://localhost:{port}/ HTTP/1.1\r\n\r\n")
    assert (answer, proxy.refusals()) == ("", "\n[refused: A command may send and receive 0 GB.]\n")


async def test_a_silent_client_is_let_go(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(proxies, "HEAD_SECONDS", 0.05)
    assert await asked(Proxy(AllowList([])), "CONNECT ") == [""]


async def test_what_is_told_of_refusals_is_bounded() -> None:
    proxy = Proxy(AllowList([]))
    await asked(proxy, *(f"CONNECT h{n % 12}.example:443 HTTP/1.1\r\n\r\n" for n in range(24)))
    lines = proxy.refusals().strip().splitlines()
    assert (len(lines), lines[-1]) == (11, "[refused: 2 more]")


async def run(command: str, folder: Path, *hosts: str) -> CommandResult:
    tree, state = folder / "tree", folder / ("state" * 30)
    tree.mkdir(exist_ok=True)
    fence = find_fence(readable=[Path(sys.prefix), Path(sys.base_prefix)], hidden=[state])
    reach = Reach(AllowList(hosts), state) if hosts else None
    done = await FencedShell(fence, None, reach).run(command, cwd=tree, timeout=60, environment={})
    assert list(state.glob("*")) == []
    return done


def fetch(url: str) -> str:
    """A command that prints what is at a URL, by way of the proxy that its variables name."""
    code = f"import urllib.request as u; print(u.urlopen({url!r}, timeout=20).read().decode())"
    return f'{sys.executable} -c "{code}"'


@fenced
async def test_a_listed_port_of_this_machine_is_there_and_no_other(tmp_path: Path, port: int) -> None:
    url = f"http://localhost:{port}/z"
    assert "inner /z" in (await run(fetch(url), tmp_path, f"localhost:{port}")).output
    for hosts in ((), ("pypi.org",), (f"localhost:{port + 1}",)):
        done = await run(fetch(url), tmp_path, *hosts)
        assert (done.exit_code, "inner" in done.output) == (1, False), hosts


@fenced
async def test_the_agent_is_told_what_was_refused(tmp_path: Path) -> None:
    done = await run(fetch("http://evil.example/"), tmp_path, "pypi.org")
    assert "HTTP Error 403: Forbidden" in done.output
    assert done.output.endswith("\n[refused: The setting allowed_hosts does not list evil.example.]\n")


@fenced
async def test_the_proxy_is_the_only_way_out(tmp_path: Path, port: int) -> None:
    direct = f"(exec 3<>/dev/tcp/127.0.0.1/{port}) && echo through; ls /sys/class/net"
    done = await run(direct, tmp_path, "pypi.org")
    assert "through" not in done.output
    # Nor is there anything to write to beside the socket.
    assert (await run("rm -f /run/contextune/door* || echo held", tmp_path, "pypi.org")).output.endswith(
        "held\n"
    )


@fenced
async def test_signals_are_what_programs_expect(tmp_path: Path) -> None:
    assert (await run("yes | head -n 1; echo ${PIPESTATUS[0]}", tmp_path, "pypi.org")).output == "y\n141\n"


@fenced
async def test_a_command_does_not_wait_for_what_forwards(tmp_path: Path) -> None:
    code = "import os, sys\nwhile True:\n try: os.wait()\n except OSError: sys.exit(7)"
    wait_for_all = f"exec {sys.executable} -c '{code}'"
    assert (await run(wait_for_all, tmp_path, "pypi.org")).exit_code == 7
