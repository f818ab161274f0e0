"""The user's own files: the state folder, settings, prices, and the workspaces that they trust."""

from __future__ import annotations

import fcntl
import os
import secrets
import tomllib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path

import msgspec
from platformdirs import user_config_path, user_state_path

from contextune.core.errors import PlaceProblem, UsageProblem
from contextune.core.settings import SettingsSource

REPOSITORY_SETTINGS = ".contextune.toml"
SETTINGS_LIMIT = 1_000_000
"""Bytes; a settings file is a page, so more is a mistake."""


class UserFiles:
    """Where Contextune keeps and finds what belongs to the user. Blocking, quick."""

    def __init__(self, environment: Mapping[str, str] | None = None) -> None:
        """`CONTEXTUNE_HOME`, if set, holds everything; else the system says where state and settings go."""
        variables = os.environ if environment is None else environment
        home = variables.get("CONTEXTUNE_HOME", "").strip()
        if home:
            self._state = self._config = Path(home).expanduser().absolute()
        else:
            self._state = user_state_path("contextune", appauthor=False)
            self._config = user_config_path("contextune", appauthor=False)

    @property
    def state(self) -> Path:
        """The folder of the journal, the worktrees and the list of trusted workspaces; made if missing.

        Raises PlaceProblem if it can't be made.
        """
        try:
            self._state.mkdir(parents=True, exist_ok=True, mode=0o700)
        except OSError as problem:
            raise PlaceProblem(
                f"The state folder {self._state} can't be made: {problem.strerror}. Point CONTEXTUNE_HOME at "
                "a folder that you can write to."
            ) from None
        return self._state

    @property
    def settings(self) -> Path:
        """The user's settings file; it need not exist."""
        return self._config / "settings.toml"

    @property
    def prices(self) -> Path:
        """The user's own prices; the file need not exist. See `adapters.models.prices.read_own_prices`."""
        return self._config / "prices.toml"

    @property
    def agents(self) -> Path:
        """The folder of the user's own roles; it need not exist."""
        return self._config / "agents"

    @property
    def journal(self) -> Path:
        """The file of the Journal."""
        return self.state / "journal.db"

    def sources(self, root: Path | None) -> tuple[SettingsSource, ...]:
        """The user's settings, then those of the repository at `root`; files that are missing are left out.

        Raises UsageProblem naming file, line and what is wrong.
        """
        layers = [_read_settings(self.settings, from_repository=False)]
        if root is not None:
            layers.append(_read_settings(root / REPOSITORY_SETTINGS, from_repository=True))
        return tuple(layer for layer in layers if layer is not None)

    def is_trusted(self, root: Path) -> bool:
        """Whether the user has trusted this workspace, or one above it."""
        resolved = root.resolve()
        trusted = set(self._listed("trusted"))
        return any(str(folder) in trusted for folder in (resolved, *resolved.parents))

    def trust(self, root: Path, *, trusted: bool = True) -> None:
        """Remember that the user trusts a workspace, or no longer does."""
        self._remember("trusted", root, trusted)

    def is_unfenced(self, root: Path) -> bool:
        """Whether the user allows commands without a Fence in this very workspace."""
        return str(root.resolve()) in self._listed("unfenced")

    def allow_unfenced(self, root: Path, *, allowed: bool = True) -> None:
        """Remember that the user allows commands without a Fence in a workspace, or no longer does."""
        self._remember("unfenced", root, allowed)

    def _remember(self, what: str, root: Path, is_so: bool) -> None:
        name = str(root.resolve())
        with self._alone():
            kept = [entry for entry in self._listed(what) if entry != name]
            if is_so:
                kept.append(name)
            self._replace(self.state / f"{what}.json", msgspec.json.format(msgspec.json.encode(kept)))

    def _listed(self, what: str) -> list[str]:
        path = self._state / f"{what}.json"
        try:
            return msgspec.json.decode(path.read_bytes(), type=list[str])
        except FileNotFoundError:
            return []
        except (OSError, msgspec.DecodeError) as problem:
            raise PlaceProblem(
                f"{path}: expected a JSON list of folders ({problem}). Mend it, or remove it for none."
            ) from None

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Keep a second process from changing the list between our reading and our writing."""
        handle = os.open(self.state / "trusted.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
            yield
        finally:
            os.close(handle)

    @staticmethod
    def _replace(path: Path, content: bytes) -> None:
        beside = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
        try:
            beside.write_bytes(content)
            beside.replace(path)
        except OSError as problem:
            beside.unlink(missing_ok=True)
            raise PlaceProblem(f"{path} can't be written: {problem.strerror}.") from None


def _read_settings(path: Path, *, from_repository: bool) -> SettingsSource | None:
    try:
        # A repository's file is not trusted: no link to elsewhere, no pipe that never ends.
        flags = os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | (os.O_NOFOLLOW if from_repository else 0)
        with os.fdopen(os.open(path, flags), "rb") as file:
            content = file.read(SETTINGS_LIMIT + 1)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as problem:
        raise UsageProblem(f"{path}: can't be read: {problem.strerror}.") from None
    if len(content) > SETTINGS_LIMIT:
        raise UsageProblem(f"{path}: has more than {SETTINGS_LIMIT:,} bytes: expected a short TOML file.")
    try:
        values = tomllib.loads(content.decode("utf-8-sig"), parse_float=Decimal)
    except UnicodeDecodeError as problem:
        line = content.count(b"\n", 0, problem.start) + 1
        raise UsageProblem(f"{path}: line {line}: expected text in UTF-8.") from None
    except tomllib.TOMLDecodeError as problem:
        raise UsageProblem(f"{path}: {problem}. Expected TOML, such as: agents = 4") from None
    return SettingsSource(name=str(path), values=values, from_repository=from_repository)
