"""Which GitHub is meant, and who is signed in there: implements `core.forge.forge.Forges`."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Mapping
from datetime import UTC, datetime

from contextune.adapters.forge.github_forge import GitHubForge
from contextune.adapters.forge.github_requests import HOURLY, Requests
from contextune.adapters.forge.tokens import Tokens
from contextune.core.check import Check
from contextune.core.errors import ForgeProblem, PlaceProblem
from contextune.core.forge.forge import Forge, RequestAllowance, Token, TokenSource
from contextune.core.forge.remote import GITHUB_API, Slug, web_host

SIGN_IN = "Run Contextune: Sign In to GitHub in VS Code, set GITHUB_TOKEN, or run gh auth login."

_SOURCES: Mapping[TokenSource, str] = {
    "editor": "by the editor's session",
    "environment": "by GITHUB_TOKEN",
    "gh": "by gh",
}


class GitHubChoice:
    """GitHub.com, or the server whose API `GITHUB_API_URL` names."""

    def __init__(self, environment: Mapping[str, str] | None = None, *, between_writes: float = 1.0) -> None:
        """`between_writes` is in seconds, as GitHub asks for."""
        environment = os.environ if environment is None else environment
        self._api_url = environment.get("GITHUB_API_URL", "").strip().rstrip("/") or GITHUB_API
        self._host = web_host(self._api_url)
        self._tokens = Tokens(self._host, environment)
        self._between_writes = between_writes
        self._requests: Requests | None = None
        self._signed = ""
        self._forges: dict[str, GitHubForge] = {}

    @property
    def host(self) -> str:
        """The host whose repositories are known here."""
        return self._host

    def set_token(self, token: str | None) -> None:
        """The token of the editor's own session, kept in memory alone."""
        self._tokens.set_editor(token)

    async def source(self) -> TokenSource:
        """Where the token comes from."""
        return (await asyncio.to_thread(self._tokens.find))[0]

    async def token(self) -> Token | None:
        """The token."""
        return (await asyncio.to_thread(self._tokens.find))[1]

    async def at(self, slug: Slug) -> Forge:
        """A repository. Raises PlaceProblem if it is on another host, or nobody is signed in."""
        if slug.host != self._host:
            raise PlaceProblem(
                f"{slug.full_name} is on {slug.host}, not on {self._host}. Set GITHUB_API_URL to its API, "
                f"such as https://{slug.host}/api/v3."
            )
        token = await self.token()
        if token is None:
            raise PlaceProblem(f"Nobody is signed in to GitHub. {SIGN_IN}")
        if self._requests is None or token.reveal() != self._signed:
            self._release()
            self._signed = token.reveal()
            self._requests = Requests(self._api_url, token, between_writes=self._between_writes)
        known = self._forges.get(slug.full_name)
        if known is None:
            known = self._forges[slug.full_name] = GitHubForge(self._requests, slug)
        return known

    async def check(self, slug: Slug) -> Check:
        """Who is signed in, and the requests of this hour. Makes one request, which GitHub does not count."""
        if slug.host != self._host:
            return Check(name="GitHub", state="ok", detail=f"not in use: the remote is on {slug.host}")
        source = await self.source()
        if source == "none":
            detail = f"{slug.full_name}, not signed in. Issues and pull requests need it, nothing else."
            return Check(name="GitHub", state="ok", detail=detail, remedy=SIGN_IN)
        try:
            left = await (await self.at(slug)).allowance()
        except ForgeProblem as problem:
            return Check(name="GitHub", state="warning", detail=f"{slug.full_name}: {problem}")
        return Check(
            name="GitHub",
            state="ok",
            detail=f"{slug.full_name}, signed in {_SOURCES[source]}; {_left(left)}",
        )

    async def close(self) -> None:
        """Release connections."""
        self._release()

    def _release(self) -> None:
        self._forges.clear()
        if self._requests is not None:
            self._requests.close()
        self._requests = None


def _left(left: RequestAllowance) -> str:
    at = datetime.fromtimestamp(left.resets_at / 1000, tz=UTC).astimezone().strftime("%H:%M")
    return (
        f"{left.remaining} of {left.limit} requests left until {at}, {left.made} of {HOURLY} "
        "that Contextune allows itself an hour made by this process"
    )
