"""Which hosts the commands of agents may reach, and which addresses such a name may stand for.

A name is judged before it is looked up, and every address that the look-up gives is judged again: whoever
holds a listed name decides where it points, and may point it at the user's own machine or network.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address, ip_network
from typing import NamedTuple

Address = IPv4Address | IPv6Address

LOCALHOST = "localhost"

WEB_PORTS = (80, 443)
"""The ports of a host that is listed without one."""

NEVER = (ip_address("169.254.169.254"), ip_address("fd00:ec2::254"), ip_address("168.63.129.16"))
"""Where clouds hand out the credentials of a machine. Listing them opens nothing."""

_NOT_PUBLIC = tuple(
    ip_network(text)
    for text in ("0.0.0.0/8", "100.64.0.0/10", "192.0.0.0/24", "fec0::/10", "64:ff9b:1::/48", "::/96")
)
"""What the standard library takes for public in some version, and what leads elsewhere by translation."""

_NAT64 = IPv6Network("64:ff9b::/96")
_NAME = re.compile(r"(?!-)[a-z0-9_-]{1,63}(?<!-)(?:\.(?!-)[a-z0-9_-]{1,63}(?<!-))*")


class AllowedHost(NamedTuple):
    """One entry of the setting."""

    name: str
    """A host name without its `*.`, `localhost`, or an IP address."""
    port: int | None = None
    """None for those of the web."""
    below: bool = False
    """Whether it stands for the names below it, and not for itself."""

    def covers(self, host: str, port: int) -> bool:
        """Whether this entry lists a host, given in its plain spelling, with that port."""
        is_named = host.endswith(f".{self.name}") if self.below else host == self.name
        return is_named and (port in WEB_PORTS if self.port is None else port == self.port)


class AllowList:
    """The setting `allowed_hosts`, ready to judge."""

    def __init__(self, entries: Iterable[str]) -> None:
        """Raises ValueError for an entry that names no host."""
        self._hosts = tuple(allowed_host(entry) for entry in entries)

    @property
    def local_ports(self) -> tuple[int, ...]:
        """The ports of the user's own machine that are listed."""
        found = {one.port for one in self._hosts if one.name == LOCALHOST and one.port is not None}
        return tuple(sorted(found))

    def refusal(self, host: str, port: int) -> str:
        """Why a host may not be reached, as a sentence; empty if it may."""
        name = plain_host(host)
        if any(one.covers(name, port) for one in self._hosts):
            return ""
        if any(one.name == name or (one.below and name.endswith(f".{one.name}")) for one in self._hosts):
            return f"The setting allowed_hosts does not list port {port} of {shown(name)}."
        return f"The setting allowed_hosts does not list {shown(name)}."

    def is_open(self, host: str, address: str) -> bool:
        """Whether a host that is listed may be reached at an address that its name stands for.

        An address of one's own machine or network only if it was listed itself, or as `localhost`.
        """
        found = _translated(ip_address(address.partition("%")[0]))
        if found in NEVER or found.is_multicast or found.is_unspecified:
            return False
        name = plain_host(host)
        if name == LOCALHOST:
            return found.is_loopback
        listed = _address(name)
        return _translated(listed) == found if listed is not None else is_public(found)


def allowed_host(entry: str) -> AllowedHost:
    """Read an entry: a name, `*.` and a name, or an IP address, with a port where it has one.

    Raises ValueError if it is none of them, or `localhost` without a port.
    """
    text, port = entry.strip(), None
    found = re.fullmatch(r"(\[[^\]]*\]|[^:]*):([0-9]{1,5})", text)
    if found:
        text, port = found[1], int(found[2])
        if not 1 <= port <= 65_535:
            raise ValueError(entry)
    below = text.startswith("*.")
    name = plain_host(text.removeprefix("*."))
    is_address = _address(name) is not None
    if (below and is_address) or not (is_address or _NAME.fullmatch(name)):
        raise ValueError(entry)
    if name == LOCALHOST and (port is None or below):
        raise ValueError(entry)
    return AllowedHost(name, port, below)


def plain_host(host: str) -> str:
    """The one spelling of a host: lower case, without the root's dot; an address as Python writes it.

    The addresses of one's own machine are `localhost`.
    """
    name = host.strip("[]") if host.startswith("[") else host
    found = _address(name)
    if found is None:
        return name.lower().removesuffix(".")
    return LOCALHOST if str(found) in ("127.0.0.1", "::1") else str(found)


def is_public(address: Address) -> bool:
    """Whether an address belongs to the internet, and not to a machine, a link or a private network."""
    found = _translated(address)
    if any(found.version == net.version and found in net for net in _NOT_PUBLIC):
        return False
    return found.is_global and not (found.is_multicast or found.is_reserved or found.is_link_local)


def shown(host: str) -> str:
    """A host as a sentence may hold it: what is no part of a name is left out."""
    return re.sub(r"[^A-Za-z0-9_.:-]", "?", host)[:100] or "an empty name"


def _translated(address: Address) -> Address:
    """The IPv4 address that an IPv6 one leads to, if it does."""
    if not isinstance(address, IPv6Address):
        return address
    if address in _NAT64:
        return IPv4Address(int(address) & 0xFFFF_FFFF)
    if address.teredo is not None:
        return address.teredo[1]
    return address.ipv4_mapped or address.sixtofour or address


def _address(text: str) -> Address | None:
    try:
        return ip_address(text)
    except ValueError:
        return None
