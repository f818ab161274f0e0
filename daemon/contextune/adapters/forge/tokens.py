"""Where the token for GitHub comes from: the editor's session, GITHUB_TOKEN, or GitHub's own command line.

It stays in the memory of this process, and in the one header that carries it.
"""

from __future__ import annotations

import os
import subprocess
import threading
import time
from collections.abc import Mapping

from contextune.core.forge.forge import Token, TokenSource

KEPT = 300.0
"""Seconds for which the answer of `gh` is good, so that a sign-out there is noticed."""
PATIENCE = 10.0
"""Seconds for `gh auth token`, which reads a file or the system's key ring."""

_PASSED_ON = (
    *("PATH", "HOME", "USER", "LOGNAME", "APPDATA", "LOCALAPPDATA", "SYSTEMROOT", "USERPROFILE"),
    *("XDG_CONFIG_HOME", "XDG_RUNTIME_DIR", "DBUS_SESSION_BUS_ADDRESS", "GH_CONFIG_DIR"),
)
"""What `gh` gets of the environment: where its own configuration is, and none of the daemon's keys."""


class Tokens:
    """The token of one host. Safe to share between threads."""

    def __init__(self, host: str, environment: Mapping[str, str] | None = None) -> None:
        self._host = host
        self._environment = os.environ if environment is None else environment
        self._editor: Token | None = None
        self._gh: tuple[float, Token | None] | None = None
        self._asking = threading.Lock()

    def set_editor(self, token: str | None) -> None:
        """The token of the editor's session; None when it signed out."""
        words = (token or "").strip()
        self._editor = Token(words) if words else None

    def find(self) -> tuple[TokenSource, Token | None]:
        """The token and where it came from. Blocking where `gh` has to be asked."""
        if self._editor is not None:
            return "editor", self._editor
        named = self._environment.get("GITHUB_TOKEN", "").strip()
        if named:
            return "environment", Token(named)
        token = self._of_gh()
        return ("gh", token) if token is not None else ("none", None)

    def _of_gh(self) -> Token | None:
        with self._asking:
            if self._gh is None or time.monotonic() - self._gh[0] > KEPT:
                self._gh = (time.monotonic(), self._ask())
            return self._gh[1]

    def _ask(self) -> Token | None:
        variables = {name: self._environment[name] for name in _PASSED_ON if name in self._environment}
        try:
            answer = subprocess.run(
                ["gh", "auth", "token", "--hostname", self._host],
                env={**variables, "GH_PROMPT_DISABLED": "1", "NO_COLOR": "1"},
                stdin=subprocess.DEVNULL,
                capture_output=True,
                timeout=PATIENCE,
                check=False,
            )
        except (OSError, subprocess.SubprocessError):
            return None
        said = answer.stdout.decode("ascii", "replace").strip()
        return Token(said) if answer.returncode == 0 and said and " " not in said else None
