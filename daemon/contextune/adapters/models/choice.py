"""Which model server is used: Anthropic's or another one, with a key; a cloud's; or the offline model."""

from __future__ import annotations

import asyncio
import importlib
import os
from collections.abc import Mapping
from ipaddress import ip_address
from urllib.parse import urlsplit

from contextune.adapters.models import providers
from contextune.adapters.models.anthropic_server import (
    ALL,
    FIRST_PARTY_HOST,
    PLAIN,
    Features,
    features_of,
)
from contextune.core.check import Check
from contextune.core.errors import PlaceProblem
from contextune.core.model.editor_models import EditorModels
from contextune.core.ports import Model
from contextune.core.settings import CredentialSource, Provider

KEY = "ANTHROPIC_API_KEY"
BASE_URL = "ANTHROPIC_BASE_URL"
OFFLINE_KEY = "offline"
HEAVY = ("contextune.adapters.models.anthropic_model", "anthropic.resources.messages")
"""Modules that take long to import."""
NO_EDITOR = (
    "VS Code's own models can be used from within VS Code alone. Start the work there, or set `provider` to "
    "another one."
)
LOCAL_KEY = "local"
"""Sent to a server on this machine where the user has set no key: local models ask for none."""


class ModelChoice:
    """Makes a model when it is first needed. The SDK's import runs in a thread."""

    def __init__(self, environment: Mapping[str, str] = os.environ, *, offline: bool = False) -> None:
        self._environment = environment
        self._offline = offline
        self._key: str | None = None
        self._editor: EditorModels | None = None
        self._models: dict[tuple[bool, Provider, str], Model] = {}
        self._making = asyncio.Lock()
        self._server: object | None = None

    def set_key(self, key: str | None) -> None:
        """The editor's key; kept in memory alone."""
        self._key = key or None

    def set_editor(self, editor: EditorModels | None) -> None:
        """The editor, where it lends its own models."""
        self._editor = editor

    def editor_key(self) -> str | None:
        """The key that the editor handed over, if it did: a secret to mask."""
        return self._key

    def set_offline(self, offline: bool) -> None:
        """Whether the offline model is what the settings name."""
        self._offline = offline

    def source(self, provider: Provider) -> CredentialSource:
        """Where the credentials of a provider come from."""
        if self._offline:
            return "offline"
        if provider == "anthropic" and self._key:
            return "editor"
        if provider == "vscode":
            return "none" if self._editor is None else "vscode"
        return "none" if self._missing(provider) else "environment"

    def require(self, provider: Provider) -> None:
        """Raise PlaceProblem, saying what to set, if there are no credentials for a provider."""
        missing = None if self._offline else self._missing(provider)
        if missing is not None:
            raise PlaceProblem(missing)

    def place(self, provider: Provider) -> str:
        """The host that requests go to, for people; empty for the offline model."""
        if self._offline:
            return ""
        if provider == "anthropic":
            return _host(self._environment.get(BASE_URL)) or FIRST_PARTY_HOST
        return "VS Code's own models" if provider == "vscode" else providers.NAMES[provider]

    def server(self, provider: Provider) -> Check:
        """Where requests go and what the server there knows."""
        name = "Model server"
        if self._offline:
            return Check(name=name, state="ok", detail=f"the offline model, on this machine: {_words(ALL)}")
        if provider == "anthropic":
            url = self._environment.get(BASE_URL) or f"https://{FIRST_PARTY_HOST}"
            return Check(name=name, state="ok", detail=f"{url}: {_words(features_of(provider, _host(url)))}")
        if provider == "vscode":
            return self._editors()
        known = _words(features_of(provider, ""))
        detail = f"{providers.NAMES[provider]}, {providers.address(provider, self._environment)}: {known}"
        missing = providers.missing(provider, self._environment)
        if missing is not None:
            what, _, remedy = missing.partition(". ")
            return Check(name=name, state="problem", detail=f"{what}.", remedy=remedy)
        if providers.costs_more(provider, self._environment):
            return Check(
                name=name,
                state="warning",
                detail=f"{detail}; regional endpoints cost more than the shipped prices say",
                remedy="Set CLOUD_ML_REGION to global, or name what you pay in prices.toml.",
            )
        return Check(name=name, state="ok", detail=detail)

    async def get(self, *, offline: bool, provider: Provider) -> Model:
        """A model. Raises PlaceProblem if there are no credentials."""
        if not offline:
            missing = self._missing(provider)
            if missing is not None:
                raise PlaceProblem(missing)
        key = OFFLINE_KEY if offline else self._key_for(provider) or ""
        async with self._making:
            known = self._models.get((offline, provider, key))
            if known is None:
                known = await self._make(provider, key, offline=offline)
                self._models[offline, provider, key] = known
            return known

    async def warm(self) -> None:
        """Import what is heavy, in a thread: the SDK, and what that imports when it is first used."""
        await asyncio.to_thread(_warm)

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

    def _missing(self, provider: Provider) -> str | None:
        """What is missing for a provider, and what to do about it."""
        if provider == "vscode":
            return None if self._editor is not None else NO_EDITOR
        if provider != "anthropic":
            return providers.missing(provider, self._environment)
        if self._key_for(provider):
            return None
        return f"There is no API key. Set {KEY}, or use the offline model with --offline."

    def _key_for(self, provider: Provider) -> str | None:
        if provider != "anthropic":
            return None
        local = LOCAL_KEY if _is_local(self._environment.get(BASE_URL)) else None
        return self._key or self._environment.get(KEY) or local

    def _editors(self) -> Check:
        if self._editor is None:
            what, _, remedy = NO_EDITOR.partition(". ")
            return Check(name="Model server", state="problem", detail=f"{what}.", remedy=remedy)
        return Check(
            name="Model server",
            state="ok",
            detail="VS Code's own language models, through the extension, under your plan there; requests "
            f"are counted and unpriced: {_words(PLAIN)}",
        )

    async def _make(self, provider: Provider, key: str, *, offline: bool) -> Model:
        if provider == "vscode" and not offline:
            from contextune.adapters.models.editor_model import EditorsModel

            if self._editor is None:
                raise PlaceProblem(NO_EDITOR)
            return EditorsModel(self._editor)
        await self.warm()
        from contextune.adapters.models.anthropic_model import TIMEOUT, AnthropicModel, ClientModel

        if offline or provider == "anthropic" or provider == "vscode":  # noqa: PLR1714  # narrows the type
            base_url = await self._serve() if offline else self._environment.get(BASE_URL)
            # In a thread: certificates are read.
            return await asyncio.to_thread(
                AnthropicModel, api_key=key, base_url=base_url or None, offline=offline
            )
        client = await asyncio.to_thread(providers.client_for, provider, self._environment, timeout=TIMEOUT)
        return ClientModel(client, features=features_of(provider, client.base_url.host), provider=provider)

    async def _serve(self) -> str:
        from contextune.offline.script import builtin_scripts
        from contextune.offline.server import OfflineModel

        server = OfflineModel(builtin_scripts())
        self._server = server
        return await server.start()


def _warm() -> None:
    for name in HEAVY:
        importlib.import_module(name)


def _host(url: str | None) -> str:
    try:
        return urlsplit(url or "").hostname or ""
    except ValueError:
        return ""


def _is_local(url: str | None) -> bool:
    """Whether an address is of this very machine."""
    host = _host(url)
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


def _words(features: Features) -> str:
    if features.is_full:
        return "all of the API"
    return "not all of the API: no counting of prompts, no priming and no diagnostics of the cache"
