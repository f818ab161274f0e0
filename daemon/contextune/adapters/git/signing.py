"""Signing commits as the user does: by their own configuration, never by a repository's."""

from __future__ import annotations

import os
from typing import NamedTuple

from contextune.adapters.git.program import Git

PROGRAMS = {"openpgp": "gpg", "x509": "gpgsm", "ssh": "ssh-keygen"}
"""What git runs for each format where nothing else is configured, after `git help config`."""

PASSED_ON = ("GNUPGHOME", "GPG_TTY", "SSH_AUTH_SOCK", "XDG_RUNTIME_DIR", "DISPLAY", "WAYLAND_DISPLAY")
"""What a signing program needs to find its keys, or to ask for a passphrase."""


class Signing(NamedTuple):
    """How git is to sign: settings that stand above every file, and the variables of the program."""

    config: dict[str, str]
    environment: dict[str, str]


def signing(git: Git) -> Signing:
    """The user's own way of signing. What the repository's configuration says of it is overruled."""

    def configured(key: str) -> str | None:
        answer = git.call("config", "--global", "--includes", "--get", key, allowed=(0, 1, 255))
        return answer.out.decode().strip() if answer.code == 0 else None

    config = {"gpg.format": configured("gpg.format") or "openpgp"}
    for name, program in PROGRAMS.items():
        old = configured("gpg.program") if name == "openpgp" else None
        config[f"gpg.{name}.program"] = configured(f"gpg.{name}.program") or old or program
    config["gpg.program"] = config["gpg.openpgp.program"]
    config["gpg.ssh.defaultKeyCommand"] = configured("gpg.ssh.defaultKeyCommand") or ""
    config["user.signingKey"] = configured("user.signingKey") or ""
    return Signing(config, {name: os.environ[name] for name in PASSED_ON if name in os.environ})
