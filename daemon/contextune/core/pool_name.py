"""How the places are named where commands and Gates run."""

from __future__ import annotations

import re

LOCAL = "local"
RAY = "ray"
"""A cluster on this machine that is begun for the process."""
EXPECTED = "expected local, ray, or the address of a Ray cluster such as ray://cluster.example:10001"


_ADDRESS = re.compile(r"ray://(?:[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\]):[0-9]{1,5}")


def is_pool(name: str) -> bool:
    """Whether a pool can have this name; whether it is there, is seen when it is used."""
    return name in (LOCAL, RAY) or _ADDRESS.fullmatch(name) is not None
