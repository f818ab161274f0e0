"""Which model server is used: Anthropic's or one of the user's choice, with a key, or the offline model."""

from __future__ import annotations

import asyncio
import importlib
import os
from collections.abc import Mapping
from typing import Literal

from contextune.core.errors import PlaceProblem
from contextune.core.ports import Model

KEY = "ANTHROPIC_API_KEY"
BASE_URL = "ANTHROPIC_BASE_URL"
OFFLINE_KEY = "offline"


class ModelChoice:
    """Makes the model when it is first needed. The SDK's import runs in a thread."""

    def __init__(self, environment: Mapping[str, str] = os.environ, *, offline: bool = False) -> None:
        self._environment = environment
        self._offline = offline
        self._key: str | None = None
        self._models: dict[tuple[bool, str], Model] = {}
        self._making = asyncio.Lock()
        self._server: object | None = None

    def set_key(self, key: str | None) -> None:
        """The editor's key; kept in memory alone."""
        self._key = key or None

    def set_offline(self, offline: bool) -> None:
        """Whether the offline model is what the settings name."""
        self._offline = offline

    @property
    def source(self) -> Literal["editor", "environment", "offline", "none"]:
        """Where the key comes from."""
        if self._offline:
            return "offline"
        if self._key:
            return "editor"
        return "environment" if self._environment.get(KEY) else "none"

    async def get(self, *, offline: bool) -> Model:
        """A model. Raises PlaceProblem if there is no key."""
        key = OFFLINE_KEY if offline else (self._key or self._environment.get(KEY) or "")
        if not key:
            raise PlaceProblem(f"There is no API key. Set {KEY}, or use the offline model with --offline.")
        async with self._making:
            known = self._models.get((offline, key))
            if known is None:
                known = await self._make(key, offline=offline)
                self._models[offline, key] = known
            return known

    async def warm(self) -> None:
        """Import what is heavy, in a thread."""
        await asyncio.to_thread(importlib.import_module, "contextune.adapters.anthropic_model")

    async def close(self) -> None:
        """Release connections, and stop the offline model if it runs."""
        for model in self._models.values():
            await model.close()
        self._models.clear()
        if self._server is not None:
            from contextune.offline.server import OfflineModel

            if isinstance(self._server, OfflineModel):
                await self._server.close()
            self._server = None

    async def _make(self, key: str, *, offline: bool) -> Model:
        await self.warm()
        from contextune.adapters.anthropic_model import AnthropicModel

        base_url = await self._serve() if offline else self._environment.get(BASE_URL)
        return AnthropicModel(api_key=key, base_url=base_url, offline=offline)

    async def _serve(self) -> str:
        from contextune.offline.script import builtin_scripts
        from contextune.offline.server import OfflineModel

        server = OfflineModel(builtin_scripts())
        self._server = server
        return await server.start()
