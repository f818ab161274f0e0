"""One repository on GitHub: implements `core.forge.forge.Forge` on PyGithub."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, TypeVar

from contextune.adapters.forge.github_checks import read_checks
from contextune.adapters.forge.github_problem import unclear
from contextune.adapters.forge.github_requests import NONE, Requests, Values
from contextune.core.errors import ForgeProblem
from contextune.core.forge.forge import (
    Checks,
    Closing,
    ForgeRepository,
    Issue,
    IssueState,
    NewPull,
    PullRequest,
    RequestAllowance,
    ReviewComment,
)
from contextune.core.forge.remote import Slug

if TYPE_CHECKING:
    from github import Github
    from github.Repository import Repository

T = TypeVar("T")

PAGE = 100
PAGES = 10
"""Pages of a listing that are looked through at most."""
OF_THE_HOUSE = frozenset({"OWNER", "MEMBER", "COLLABORATOR"})


class GitHubForge:
    """Issues and pull requests of one repository."""

    def __init__(self, requests: Requests, slug: Slug) -> None:
        self._requests = requests
        self._slug = slug
        self._name = slug.full_name

    @property
    def slug(self) -> Slug:
        """Which repository."""
        return self._slug

    async def repository(self) -> ForgeRepository:
        """The repository as it is now; GitHub leads from an old name to the new one."""
        found = understood(_repository, await self._get(""))
        self._name = found.full_name
        return found

    async def issue(self, number: int) -> Issue:
        """An issue."""
        return understood(_issue, await self._get(f"/issues/{number}"))

    async def issues(self, label: str, limit: int) -> list[Issue]:
        """Open issues with a label, the newest first."""
        found = await self._get(
            "/issues", {"state": "open", "labels": label, "per_page": PAGE, "sort": "created"}
        )
        return understood(lambda some: [_issue(one) for one in some if "pull_request" not in one], found)[
            :limit
        ]

    async def find_issue(self, mark: str, since: int) -> Issue | None:
        """The oldest issue made or changed since then whose body holds a mark."""
        moment = datetime.fromtimestamp(since / 1000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        values: Values = {
            "state": "all",
            "since": moment,
            "sort": "created",
            "direction": "asc",
            "per_page": PAGE,
        }
        for page in range(1, PAGES + 1):
            found = await self._get("/issues", {**values, "page": page})
            holding = [one for one in understood(list, found) if mark in (one.get("body") or "")]
            for one in holding:
                if "pull_request" not in one:
                    return understood(_issue, one)
            if len(found) < PAGE:
                return None
        raise ForgeProblem(
            f"Too many issues of {self._name} changed to tell whether one was made. Look for {mark} there.",
            trouble="unclear",
            uncertain=True,
        )

    async def create_issue(self, title: str, body: str, labels: Sequence[str]) -> Issue:
        """Make an issue."""
        return await self._write(
            lambda repository: _issue(repository.create_issue(title, body, labels=list(labels)).raw_data)
        )

    async def edit_issue(
        self, number: int, body: str, state: IssueState, closing: Closing | None = None
    ) -> Issue:
        """Give an issue another body and state."""
        from github.GithubObject import NotSet
        from github.Issue import Issue as GitHubIssue

        def edit(repository: Repository) -> Issue:
            issue = GitHubIssue(repository.requester, attributes={}, url=f"{repository.url}/issues/{number}")
            issue.edit(body=body, state=state, state_reason=closing or NotSet)
            return Issue(
                number=issue.number,
                url=_link(issue.html_url),
                title=issue.title,
                body=issue.body or "",
                state="closed" if issue.state == "closed" else "open",
                labels=tuple(label.name for label in issue.labels),
            )

        return await self._write(edit)

    async def has_label(self, name: str) -> bool:
        """Whether the repository has a label; case does not count, as at GitHub."""
        found = await self._get("/labels", {"per_page": PAGE})
        return understood(lambda some: any(one["name"].lower() == name.lower() for one in some), found)

    async def create_label(self, name: str, colour: str, description: str) -> None:
        """Make a label; nothing happens where there is one."""
        try:
            await self._write(lambda repository: repository.create_label(name, colour, description))
        except ForgeProblem as problem:
            if problem.trouble != "invalid" or not await self.has_label(name):
                raise

    async def pull(self, number: int) -> PullRequest:
        """A pull request."""
        return understood(_pull, await self._get(f"/pulls/{number}"))

    async def find_pull(self, head: str, mark: str) -> PullRequest | None:
        """The oldest pull request from a branch whose body holds a mark."""
        owner, _, branch = head.rpartition(":")
        whole = f"{owner or self._name.partition('/')[0]}:{branch}"
        found = await self._get(
            "/pulls",
            {"state": "all", "head": whole, "sort": "created", "direction": "asc", "per_page": PAGE},
        )
        holding = understood(lambda some: [one for one in some if mark in (one.get("body") or "")], found)
        return understood(_pull, holding[0]) if holding else None

    async def create_pull(self, new: NewPull) -> PullRequest:
        """Open a pull request."""
        return await self._write(
            lambda repository: _pull(
                repository.create_pull(
                    new.base, new.head, title=new.title, body=new.body, draft=new.draft
                ).raw_data
            )
        )

    async def edit_pull(self, number: int, body: str) -> PullRequest:
        """Give a pull request another body."""
        from github.PullRequest import PullRequest as GitHubPull

        def edit(repository: Repository) -> PullRequest:
            pull = GitHubPull(repository.requester, attributes={}, url=f"{repository.url}/pulls/{number}")
            pull.edit(body=body)
            return PullRequest(
                number=pull.number,
                url=_link(pull.html_url),
                title=pull.title,
                body=pull.body or "",
                state="closed" if pull.state == "closed" else "open",
                draft=pull.draft,
                merged=pull.merged,
                head=pull.head.sha,
                base=pull.base.ref,
            )

        return await self._write(edit)

    async def mark_ready(self, number: int) -> None:
        """Make a draft an ordinary pull request: only GraphQL can."""
        found = await self._get(f"/pulls/{number}")
        if not found.get("draft"):
            return

        def ready(github: Github) -> None:
            self._requests.count()
            github.requester.graphql_named_mutation(
                "markPullRequestReadyForReview",
                {"pullRequestId": str(found["node_id"])},
                "pullRequest { isDraft }",
            )

        await self._requests.do(self._name, ready)

    async def request_reviewers(self, number: int, users: Sequence[str], teams: Sequence[str]) -> None:
        """Ask people and teams for a review."""
        from github.GithubObject import NotSet
        from github.PullRequest import PullRequest as GitHubPull

        def ask(repository: Repository) -> None:
            pull = GitHubPull(repository.requester, attributes={}, url=f"{repository.url}/pulls/{number}")
            pull.create_review_request(reviewers=list(users) or NotSet, team_reviewers=list(teams) or NotSet)

        await self._write(ask)

    async def review_comments(self, number: int) -> list[ReviewComment]:
        """What was said of lines in a pull request."""
        values: Values = {"sort": "created", "direction": "asc", "per_page": PAGE}
        found = await self._get(f"/pulls/{number}/comments", values)
        return understood(lambda some: [_comment(one) for one in some], found)

    async def reply(self, number: int, comment_id: int, body: str) -> None:
        """Answer in the thread of a review comment."""
        from github.PullRequest import PullRequest as GitHubPull

        def answer(repository: Repository) -> None:
            pull = GitHubPull(repository.requester, attributes={}, url=f"{repository.url}/pulls/{number}")
            pull.create_review_comment_reply(comment_id, body)

        await self._write(answer)

    async def checks(self, commit: str) -> Checks:
        """The checks of a commit."""
        return understood(read_checks, await self._get(f"/commits/{commit}/check-runs", {"per_page": PAGE}))

    async def allowance(self) -> RequestAllowance:
        """How many requests are left; asking costs none."""
        return await self._requests.allowance(self._name)

    async def _get(self, path: str, values: Values = NONE) -> Any:
        return await self._requests.get(self._name, f"/repos/{self._name}{path}", values)

    async def _write(self, act: Callable[[Repository], T]) -> T:
        name = self._name

        def write(github: Github) -> T:
            self._requests.count()
            return act(github.get_repo(name))

        return await self._requests.do(name, write)


def understood(read: Callable[[Any], T], data: Any) -> T:
    """What a reply says. Raises ForgeProblem if it is none of GitHub's."""
    try:
        return read(data)
    except (AttributeError, IndexError, KeyError, TypeError, ValueError) as problem:
        raise unclear(problem) from None


def _link(said: object) -> str:
    """An address for a browser. Raises ForgeProblem for any other: an editor opens what stands here."""
    url = str(said)
    if not url.startswith(("https://", "http://")):
        raise unclear(ValueError("an address that is none of the web"))
    return url


def _repository(data: Mapping[str, Any]) -> ForgeRepository:
    may = data.get("permissions") or {}
    return ForgeRepository(
        full_name=str(data["full_name"]),
        url=_link(data["html_url"]),
        default_branch=str(data["default_branch"]),
        archived=bool(data.get("archived")),
        can_push=bool(may.get("push") or may.get("maintain") or may.get("admin")),
        private=bool(data.get("private")),
    )


def _issue(data: Mapping[str, Any]) -> Issue:
    return Issue(
        number=int(data["number"]),
        url=_link(data["html_url"]),
        title=str(data["title"]),
        body=str(data.get("body") or ""),
        state="closed" if data.get("state") == "closed" else "open",
        labels=tuple(str(one["name"]) for one in data.get("labels") or ()),
    )


def _pull(data: Mapping[str, Any]) -> PullRequest:
    return PullRequest(
        number=int(data["number"]),
        url=_link(data["html_url"]),
        title=str(data["title"]),
        body=str(data.get("body") or ""),
        state="closed" if data.get("state") == "closed" else "open",
        draft=bool(data.get("draft")),
        merged=bool(data.get("merged") or data.get("merged_at")),
        head=str(data["head"]["sha"]),
        base=str(data["base"]["ref"]),
    )


def _comment(data: Mapping[str, Any]) -> ReviewComment:
    line = data.get("line") or data.get("original_line")
    return ReviewComment(
        id=int(data["id"]),
        author=str((data.get("user") or {}).get("login") or "ghost"),
        path=str(data["path"]),
        line=int(line) if line else None,
        body=str(data.get("body") or ""),
        reply_to=data.get("in_reply_to_id"),
        trusted=data.get("author_association") in OF_THE_HOUSE,
    )
