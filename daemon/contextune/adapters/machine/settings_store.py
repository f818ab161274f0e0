"""Settings in force: defaults, the user's file, the repository's, the editor's, then the flags."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from contextune.adapters.machine.user_files import UserFiles
from contextune.core.settings import Settings, SettingsSource, combine


class LayeredSettings:
    """Reads the files anew each time: they are small, and a change counts from the next Quote on."""

    def __init__(self, files: UserFiles, *, offline: bool = False, unfenced: bool = False) -> None:
        """`unfenced` allows commands without a Fence everywhere."""
        self._files = files
        self._editor: dict[Path | None, SettingsSource] = {}
        self._unfenced = unfenced
        self._flags = {"offline": True} if offline else {}

    def load(self, root: Path | None, overrides: Mapping[str, Any]) -> Settings:
        """The settings in force for a repository. Raises UsageProblem naming source and key."""
        flags = SettingsSource(name="command line", values={**self._flags, **overrides})
        trusted = root is not None and self._files.is_trusted(root)
        return combine((*self.sources(root), flags), trusted=trusted)

    def sources(self, root: Path | None) -> tuple[SettingsSource, ...]:
        """The files and the editor, in order; flags come after them. Raises UsageProblem."""
        layers = [*self._files.sources(root)]
        for place in (None, root) if root is not None else (None,):
            source = self._editor.get(place)
            if source is not None:
                layers.append(source)
        return tuple(layers)

    def configure(self, root: Path | None, values: Mapping[str, Any]) -> None:
        """The editor's own settings, keys in snake_case; nothing is kept if one of them is bad."""
        source = SettingsSource(name="editor settings", values=dict(values))
        combine((source,), trusted=True)
        self._editor[root] = source

    def trust(self, root: Path, trusted: bool) -> None:
        """Whether the user trusts what a repository's own settings name."""
        self._files.trust(root, trusted=trusted)

    def is_trusted(self, root: Path) -> bool:
        """Whether the user trusts a repository."""
        return self._files.is_trusted(root)

    def allow_unfenced(self, root: Path, allowed: bool) -> None:
        """Whether commands may run without a Fence in a repository."""
        self._files.allow_unfenced(root, allowed=allowed)

    def is_unfenced(self, root: Path) -> bool:
        """Whether the user allows commands without a Fence in a repository."""
        return self._unfenced or self._files.is_unfenced(root)
