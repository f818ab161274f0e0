"""Which pool the settings name; what another machine needs is imported only when one is named."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from typing import Protocol

from contextune.core.errors import PlaceProblem
from contextune.core.pool_name import LOCAL
from contextune.core.workplaces import Pool


class Closing(Pool, Protocol):
    """A pool that holds other machines."""

    def close(self) -> None:
        """Let go of them. Blocking."""
        ...


class PoolChoice:
    """core.workplaces.Pools: this machine, and clusters by what connects to them."""

    def __init__(self, local: Pool, connect: Callable[[str], Closing] | None = None) -> None:
        """`connect` makes the pool of a name that is not this machine's; raises PlaceProblem."""
        self._local = local
        self._connect = connect
        self._known: dict[str, Closing] = {}
        self._connecting = threading.Lock()

    def of(self, name: str) -> Pool:
        """The pool of this name, begun when it is first used. Raises PlaceProblem.

        Blocks, perhaps for seconds.
        """
        if name == LOCAL:
            return self._local
        if self._connect is None:
            raise PlaceProblem(f"The pool {name} can't be used here: only this machine's own is.")
        with self._connecting:
            known = self._known.get(name)
            if known is None:
                known = self._known[name] = self._connect(name)
            return known

    async def close(self) -> None:
        """End what was begun on other machines."""
        while self._known:
            _, pool = self._known.popitem()
            await asyncio.to_thread(pool.close)
