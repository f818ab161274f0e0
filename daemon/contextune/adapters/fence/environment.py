"""The environment of a command that an agent or the Gate runs: what is listed here and nothing else."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Mapping

KEPT = ("PATH", "HOME", "USER", "LOGNAME", "LANG", "LC_ALL", "LC_CTYPE", "TZ", "TMPDIR", "SHELL")
"""Variables of the daemon that a command gets too."""
WINDOWS_KEPT = ("SYSTEMROOT", "COMSPEC", "PATHEXT", "TEMP", "TMP", "USERPROFILE")
"""Without these programs of Windows do not start."""

FIXED = {
    "TERM": "dumb",
    "NO_COLOR": "1",
    "PAGER": "cat",
    "GIT_PAGER": "cat",
    "GIT_EDITOR": "true",
    "EDITOR": "true",
    "GIT_TERMINAL_PROMPT": "0",
    "DEBIAN_FRONTEND": "noninteractive",
    "PYTHONDONTWRITEBYTECODE": "1",
    "PYTHONUNBUFFERED": "1",
}
"""No colours, no pagers, no editors, no questions, and no files beside the sources."""

_SECRET = re.compile(
    r"^(?:ANTHROPIC|GITHUB|GH|AWS|AZURE|GOOGLE|OPENAI)_"
    r"|(?:^|_)(?:TOKEN|KEY|SECRET|PASSWORD|PASSWD|CREDENTIALS?|AUTH)S?$"
    r"|^(?:LD_PRELOAD|LD_LIBRARY_PATH|DYLD_.*|SSH_AUTH_SOCK|BASH_ENV|ENV)$",
    re.IGNORECASE,
)


def command_environment(given: Mapping[str, str]) -> dict[str, str]:
    """What a command gets: the kept and the fixed variables, then the given ones that can hold no secret."""
    kept = (*KEPT, *WINDOWS_KEPT) if sys.platform == "win32" else KEPT
    environment = {name: os.environ[name] for name in kept if name in os.environ}
    environment.setdefault("PATH", os.defpath)
    environment.setdefault("LANG", "C.UTF-8")
    environment |= FIXED
    environment |= {name: value for name, value in given.items() if not _SECRET.search(name)}
    return environment
