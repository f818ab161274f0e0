"""Which repository of a forge the URL of a git remote names."""

from __future__ import annotations

import re

from contextune.core.base import Value

GITHUB_API = "https://api.github.com"

_SCP = re.compile(r"(?:[\w.+-]+@)?(?P<host>\[[0-9a-fA-F:]+\]|[\w.-]+):(?!/)(?P<path>[^\\]+)")
"""The short form of ssh: `git@github.com:owner/name.git`."""
_URL = re.compile(
    r"(?P<scheme>https?|ssh|git\+ssh|ssh\+git|git)://(?:[^@/?#]*@)?"
    r"(?P<host>\[[0-9a-f:]+\]|[\w.-]+)(?::(?P<port>\d{1,5}))?(?P<path>/[^?#]*)?",
    re.IGNORECASE | re.ASCII,
)
_PLAIN = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~/")
_NAME = re.compile(r"(?!\.{1,2}$)[\w.-]{1,100}", re.ASCII)


class Slug(Value, frozen=True, kw_only=True):
    """A repository of a forge. `host` is the one people see, with its port where that is no usual one."""

    host: str
    owner: str
    name: str

    @property
    def full_name(self) -> str:
        """`owner/name`."""
        return f"{self.owner}/{self.name}"


def parse_remote(url: str) -> Slug | None:
    """The repository that the URL of a remote names; None for a path, a bundle or anything else."""
    url = url.strip()
    if "://" in url:
        parts = _URL.fullmatch(url)
        if parts is None:
            return None
        # The port of ssh says nothing about the web; the one of http does.
        has_port = parts["port"] and parts["scheme"].lower().startswith("http")
        return _slug(f"{parts['host']}:{parts['port']}" if has_port else parts["host"], parts["path"] or "")
    short = _SCP.fullmatch(url)
    # One letter before the colon is a drive of Windows.
    return None if short is None or len(short["host"]) < 2 else _slug(short["host"], short["path"])


def web_host(api_url: str) -> str:
    """The host that people and git see, of the forge whose API is at a URL.

    GitHub.com has its API on a host of its own, as has each tenant of GHE.com; Enterprise Server below
    `/api/v3` (https://docs.github.com/en/rest/using-the-rest-api/getting-started-with-the-rest-api).
    """
    parts = _URL.fullmatch(api_url.strip())
    if parts is None:
        return ""
    host = parts["host"].lower()
    if host == "api.github.com" or (host.startswith("api.") and host.endswith(".ghe.com")):
        return host.removeprefix("api.")
    return f"{host}:{parts['port']}" if parts["port"] else host


def permalink(web_url: str, commit: str, path: str, line: int) -> str:
    """The address of a line of a file as a commit has it, `web_url` being the repository's own address."""
    quoted = "".join(chr(byte) if byte in _PLAIN else f"%{byte:02X}" for byte in path.encode())
    return f"{web_url}/blob/{commit}/{quoted}#L{line}"


def _slug(host: str, path: str) -> Slug | None:
    host = host.lower()
    host = {"ssh.github.com": "github.com", "www.github.com": "github.com"}.get(host, host)
    names = path.strip("/").removesuffix(".git").split("/")
    if len(names) != 2 or not all(_NAME.fullmatch(name) for name in names):
        return None
    return Slug(host=host, owner=names[0], name=names[1])
