"""Pushes a branch to a remote of the user's: the only git process that reaches one, and only when asked for.

The push runs in an empty repository of its own that borrows the objects. What a repository's own
configuration could name (`core.sshCommand`, credential helpers, hooks, another URL for the same remote) is
therefore not in force; the user's own configuration is.
"""

from __future__ import annotations

import os
import re
from base64 import b64encode
from pathlib import Path

from contextune.adapters.git.objects import Objects
from contextune.adapters.git.program import Git, start
from contextune.adapters.git.scratch import Scratch
from contextune.core.errors import ForgeProblem, ForgeTrouble
from contextune.core.forge.forge import Token
from contextune.core.forge.publishing import PushTarget, RemotePlace
from contextune.core.redact import redact

_OF_SSH = ("SSH_AUTH_SOCK", "SSH_AGENT_PID", "SSL_CERT_FILE", "SSL_CERT_DIR", "GIT_SSL_CAINFO")
_OF_NETWORK = ("HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy", "NO_PROXY", "no_proxy", "ALL_PROXY")

_SAID: tuple[tuple[str, ForgeTrouble, str], ...] = (
    (r"archived|read-only", "archived", "It is archived, and takes no changes."),
    (
        r"protected branch|GH006|GH013|repository rule",
        "protected",
        "Its rules do not let you push this branch. Ask who looks after the repository, or change "
        "`accept_branch` to a name that its rules allow.",
    ),
    (
        r"SAML|SSO",
        "sso",
        "Its organisation asks for single sign-on: authorise the token, or the ssh key, for it on GitHub.",
    ),
    (
        r"denied to|write access|not granted|403|insufficient permission|pre-receive hook declined",
        "no_push",
        "You may not push there. Fork it, add the fork as a remote and name it in `remote.pushDefault`.",
    ),
    (
        r"non-fast-forward|fetch first|stale info|\[rejected\]",
        "invalid",
        "A branch of this name is there already, with other commits. Delete it there, or change "
        "`accept_branch`.",
    ),
    (
        r"Authentication failed|Permission denied|could not read Username|401|publickey|terminal prompts",
        "sign_in",
        "You are not signed in there. Sign in to GitHub, set GITHUB_TOKEN, or add your ssh key.",
    ),
    (
        r"not found|does not exist|does not appear to be a git repository",
        "gone",
        "There is no such repository, or you may not see it.",
    ),
)


class Publisher:
    """Implements `core.forge.publishing.Publishing`."""

    def __init__(self, git: Git, common_dir: Path, objects: Objects, scratch: Scratch) -> None:
        self._git = git
        self._common_dir = common_dir
        self._objects = objects
        self._scratch = scratch

    def target(self) -> PushTarget | None:
        """`remote.pushDefault`, else the branch's own remote, else `origin`, else the only one there is."""
        names = self._git.run("remote").decode("utf-8", "replace").split()
        branch = self._git.call("symbolic-ref", "--short", "-q", "HEAD", allowed=(0, 1)).out.decode().strip()
        wanted = [
            self._config(f"branch.{branch}.pushRemote"),
            self._config("remote.pushDefault"),
            self._config(f"branch.{branch}.remote"),
            "origin",
        ]
        name = next((one for one in wanted if one in names), names[0] if len(names) == 1 else None)
        if name is None:
            return None
        push = self._place(name)
        return PushTarget(push, self._place("upstream") if "upstream" in names else push)

    def push(self, remote: RemotePlace, commit: str, branch: str, token: tuple[str, Token] | None) -> None:
        """Push a commit as a branch; never by force."""
        environment = {name: os.environ[name] for name in (*_OF_SSH, *_OF_NETWORK) if name in os.environ}
        environment |= {
            "GIT_ALLOW_PROTOCOL": "https:http:ssh:file",
            "GIT_SSH_COMMAND": "ssh -o BatchMode=yes -o ConnectTimeout=20",
        }
        if token is not None:
            environment |= _header(*token)
        with self._scratch.folder() as folder:
            bare = folder / "push.git"
            start(["init", "-q", "--bare", str(bare)], cwd=folder)
            alternates = bare / "objects" / "info" / "alternates"
            alternates.parent.mkdir(parents=True, exist_ok=True)
            alternates.write_bytes(os.fsencode(self._common_dir / "objects") + b"\n")
            shallow = self._common_dir / "shallow"
            if shallow.exists():
                (bare / "shallow").write_bytes(shallow.read_bytes())
            answer = start(
                [
                    "push",
                    "--porcelain",
                    "--no-verify",
                    "--",
                    remote.push_url,
                    f"{commit}:refs/heads/{branch}",
                ],
                cwd=bare,
                environment={"GIT_DIR": str(bare), **environment},
                config={"push.recurseSubmodules": "no", "http.lowSpeedLimit": "1", "http.lowSpeedTime": "60"},
            )
        if answer.code != 0:
            raise _problem(remote.name, f"{answer.words}\n{answer.out.decode('utf-8', 'replace')}")

    def commits(self, before: str, after: str) -> list[str]:
        """The commits of a line of history, the oldest first."""
        return self._git.run("rev-list", "--reverse", "--first-parent", f"{before}..{after}").decode().split()

    def _place(self, name: str) -> RemotePlace:
        fetched = self._git.run("remote", "get-url", name).decode("utf-8", "replace").strip()
        pushed = self._git.run("remote", "get-url", "--push", name).decode("utf-8", "replace").strip()
        return RemotePlace(name, fetched, pushed)

    def _config(self, key: str) -> str:
        return self._git.call("config", "--get", key, allowed=(0, 1)).out.decode("utf-8", "replace").strip()


def _header(host: str, token: Token) -> dict[str, str]:
    """The token as configuration in the environment of this one process, for one host alone."""
    secret = b64encode(f"x-access-token:{token.reveal()}".encode()).decode()
    return {
        "GIT_CONFIG_COUNT": "1",
        "GIT_CONFIG_KEY_0": f"http.https://{host}/.extraHeader",
        "GIT_CONFIG_VALUE_0": f"Authorization: Basic {secret}",
    }


def _problem(remote: str, words: str) -> ForgeProblem:
    for pattern, trouble, sentence in _SAID:
        if re.search(pattern, words, re.IGNORECASE):
            return ForgeProblem(f"The branch was not pushed to {remote}. {sentence}", trouble=trouble)
    gist = redact(" ".join(words.split()))[:300]
    return ForgeProblem(
        f"The branch was not pushed to {remote}: it was not reached. {gist}",
        trouble="offline",
        uncertain=True,
    )
