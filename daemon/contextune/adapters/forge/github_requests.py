"""Requests to GitHub by PyGithub, in one thread of their own: conditional, counted, never repeated.

PyGithub blocks and is not safe in several threads, and GitHub asks for requests one after the other
(https://docs.github.com/en/rest/using-the-rest-api/best-practices-for-using-the-rest-api).
"""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict, deque
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, TypeVar

from contextune.adapters.forge import github_problem
from contextune.core.errors import ForgeProblem
from contextune.core.forge.forge import RequestAllowance, Token

if TYPE_CHECKING:
    from github import Github

T = TypeVar("T")
Values = Mapping[str, str | int]
NONE: Values = {}

HOURLY = 1_000
"""Requests that one process makes in an hour at most; GitHub allows a person 5,000 in all."""
TIMEOUT = 15
"""Seconds for an answer."""
KNOWN = 512
"""Answers that are kept for conditional requests, which cost nothing where nothing has changed."""
API_VERSION = "2022-11-28"


class Requests:
    """One GitHub and one token."""

    def __init__(self, api_url: str, token: Token, *, between_writes: float = 1.0) -> None:
        self._api_url = api_url
        self._token = token
        self._between_writes = between_writes
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="github")
        self._github: Github | None = None
        self._known: OrderedDict[str, tuple[str, Any]] = OrderedDict()
        self._made: deque[float] = deque()

    async def do(self, about: str, act: Callable[[Github], T]) -> T:
        """Run something of PyGithub's in the thread. `about` names the repository, for sentences.

        Raises ForgeProblem. Where the caller is cancelled, a request under way still arrives.
        """
        return await asyncio.get_running_loop().run_in_executor(self._thread, self._guarded, about, act)

    async def get(self, about: str, path: str, values: Values = NONE) -> Any:
        """A reply as JSON; one that has not changed since is not sent again."""
        return await self.do(about, lambda github: self.read(github, path, values))

    def read(self, github: Github, path: str, values: Values = NONE) -> Any:
        """The same, within the thread."""
        requester = github.requester
        key = f"{path}?{sorted(values.items())}"
        known = self._known.get(key)
        headers = {"If-None-Match": known[0]} if known else {}
        self._made.append(time.monotonic())
        status, found, text = requester.requestJson(
            "GET", path, parameters={name: str(value) for name, value in values.items()}, headers=headers
        )
        if status == 304 and known is not None:
            self._known.move_to_end(key)
            return known[1]
        data = _decoded(text)
        if status >= 400:
            raise requester.createException(status, found, data)
        if not 200 <= status < 300 or data is None:
            raise ValueError(f"status {status}")
        tag = found.get("etag")
        if tag:
            self._known[key] = (tag, data)
            self._known.move_to_end(key)
            if len(self._known) > KNOWN:
                self._known.popitem(last=False)
        return data

    def count(self) -> None:
        """Note that a request is made by one of PyGithub's own methods."""
        self._made.append(time.monotonic())

    async def allowance(self, about: str) -> RequestAllowance:
        """What GitHub leaves for this hour; asking costs nothing."""
        data = await self.get(about, "/rate_limit")
        core = data["resources"]["core"]
        return RequestAllowance(
            int(core["limit"]), int(core["remaining"]), int(core["reset"]) * 1000, self._recent()
        )

    def close(self) -> None:
        """Release connections; what is under way is not waited for."""
        self._thread.shutdown(wait=False, cancel_futures=True)
        if self._github is not None:
            self._github.close()

    def _recent(self) -> int:
        while self._made and time.monotonic() - self._made[0] > 3600:
            self._made.popleft()
        return len(self._made)

    def _guarded(self, about: str, act: Callable[[Github], T]) -> T:
        # 0.4 s to import, and only where GitHub is asked for something.
        from github import GithubException
        from requests.exceptions import RequestException

        if self._recent() >= HOURLY:
            wait = 3600 - (time.monotonic() - self._made[0])
            raise ForgeProblem(
                f"{HOURLY} requests went to GitHub within an hour, which is Contextune's own limit. "
                f"{github_problem.LATER}",
                trouble="limited",
                retry_after=wait,
            )
        try:
            return act(self._connect())
        except GithubException as problem:
            headers = {str(k).lower(): str(v) for k, v in (problem.headers or {}).items()}
            raise github_problem.answered(problem.status, headers, problem.data, about) from None
        except RequestException as problem:
            raise github_problem.unreachable(self._api_url, problem) from None
        except (AssertionError, RuntimeError, KeyError, TypeError, ValueError, AttributeError) as problem:
            raise github_problem.unclear(problem) from None

    def _connect(self) -> Github:
        if self._github is None:
            from github import Auth, Github

            self._github = Github(
                base_url=self._api_url,
                auth=Auth.Token(self._token.reveal()),
                timeout=TIMEOUT,
                retry=None,
                user_agent="contextune",
                seconds_between_requests=None,
                seconds_between_writes=self._between_writes,
                api_version=API_VERSION,
                lazy=True,
            )
        return self._github


def _decoded(text: object) -> Any:
    import json

    if not isinstance(text, str) or not text:
        return None
    try:
        return json.loads(text)
    except ValueError:
        return {"data": text}
