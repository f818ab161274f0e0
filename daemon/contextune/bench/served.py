"""The choice of a model for suites: always the server that the suite itself started."""

from __future__ import annotations

from contextune.compose import model_at
from contextune.core.check import Check
from contextune.core.model.editor_models import EditorModels
from contextune.core.ports import Model
from contextune.core.settings import CredentialSource, Provider


class Served:
    """engine.surroundings.world.Models at one address. Reads no environment, and can spend nothing."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._model: Model | None = None

    async def get(self, *, offline: bool, provider: Provider = "anthropic") -> Model:
        """The model at the address."""
        del offline, provider
        if self._model is None:
            self._model = model_at(self._url, "offline")
        return self._model

    def set_key(self, key: str | None) -> None:
        """The editor's key is of no use here."""

    def set_editor(self, editor: EditorModels | None) -> None:
        """It is always the suite's own server."""

    def set_offline(self, offline: bool) -> None:
        """It is always the suite's own server."""

    def require(self, provider: Provider) -> None:
        """Nothing is needed."""

    def source(self, provider: Provider) -> CredentialSource:
        """Where the key comes from."""
        del provider
        return "offline"

    def place(self, provider: Provider) -> str:
        """Where requests go."""
        del provider
        return self._url

    def server(self, provider: Provider) -> Check:
        """Where requests go."""
        del provider
        return Check(name="Model server", state="ok", detail=self._url)

    async def close(self) -> None:
        """Release connections."""
        if self._model is not None:
            await self._model.close()
            self._model = None
