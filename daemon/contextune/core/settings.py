"""The settings of a Run, and the rule by which several sources of them combine."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from functools import cache
from typing import Any, Literal

import msgspec

from contextune.core.allow_list import allowed_host
from contextune.core.base import Value
from contextune.core.errors import BudgetScope, UsageProblem
from contextune.core.model.conversation import Rung
from contextune.core.permission import OtherAgents, narrowed
from contextune.core.pool_name import EXPECTED, is_pool
from contextune.core.todos.todo import MARKERS

AcceptMode = Literal["none", "merge", "squash", "pr"]

Resume = Literal["always", "ask"]
Routing = Literal["learn", "fixed"]
Prove = Literal["ask", "off"]
Issues = Literal["off", "ask", "on"]
ForgePer = Literal["run", "task"]
CredentialSource = Literal["editor", "environment", "offline", "vscode", "none"]
"""Where what pays for requests comes from: a key, a plan of the user's at the editor, or nothing yet."""
Provider = Literal["anthropic", "bedrock", "vertex", "foundry", "vscode"]

MOST_AGENTS = 100
"""Agents of one Run at the same time, at most."""

EDITOR_REQUESTS = 200
"""Requests of one Run to the editor's own models where `max_requests` is not set: they use up a plan of the
user's, whose allowance nobody here can see."""

BUDGET_SETTINGS: dict[BudgetScope, str] = {
    "request": "request_budget",
    "requests": "max_requests",
    "task": "task_budget",
    "run": "budget",
    "day": "day_budget",
    "month": "month_budget",
}
"""The setting that holds the budget of each scope."""

SONNET = "claude-sonnet-5-5"
"""The orchestrator's tier, and the price that savings are stated against."""
HAIKU = "claude-haiku-5-5"
OPUS = "claude-opus-5-5"

DEFAULT_LADDER = (
    Rung(model=HAIKU, effort="low"),
    Rung(model=HAIKU, effort="high"),
    Rung(model=SONNET, effort="medium"),
    Rung(model=OPUS, effort="medium"),
)


class Settings(Value, frozen=True, kw_only=True):
    """Everything a user can set. Money in dollars, times in seconds, sizes in bytes."""

    markers: tuple[str, ...] = MARKERS
    exclude: tuple[str, ...] = ()
    """Glob patterns of paths in which no Todos are sought."""
    agents: int = 4
    """Agents of one Run that work at the same time."""
    daemon_agents: int = 16
    """The same for all Runs of one process together."""
    budget: Decimal = Decimal("2.00")
    """The most that one Run may cost, in dollars."""
    request_budget: Decimal | None = None
    """The most that one request may cost, in dollars; None for no such bound. Likewise the next ones."""
    task_budget: Decimal | None = None
    day_budget: Decimal | None = None
    """For all Runs of the user that day, of every process; the day is the local one."""
    month_budget: Decimal | None = None
    max_requests: int | None = None
    """The most requests without a price that one Run may send; None for `EDITOR_REQUESTS` to the editor's own
    models, and for no such bound elsewhere."""
    ask_budget: Decimal = Decimal("0.01")
    """The most that one question may cost by which a model reads plain words; 0 to ask none."""
    gate: str | None = None
    """The command that accepts a Task; None to detect it."""
    gate_timeout: int = 900
    command_timeout: int = 120
    """The time limit of one command of an agent."""
    setup: str | None = None
    """Run in a new worktree before its agent starts."""
    run: str | None = None
    """Starts the program from a Task's worktree, so that a person can try its result."""
    teardown: str | None = None
    """Run in a worktree before it is given back."""
    orchestrator: Rung = Rung(model=SONNET, effort="low")
    ladder: tuple[Rung, ...] = DEFAULT_LADDER
    """Where a Task climbs when its Gate stays red. A rung with `tries` runs so many agents side by side."""
    routing: Routing = "learn"
    """learn: each Task begins on the rung that served its kind best here; fixed: on the first one."""
    shadow: int = 0
    """One accepted Task in so many is done again on Sonnet and on Opus, to compare costs; 0 for none."""
    shadow_budget: Decimal = Decimal("0.50")
    """The most that the shadow samples of one Run may cost, in dollars."""
    provider: Provider = "anthropic"
    """Whose servers the requests go to; `anthropic` stands for any server of the Messages API, `vscode` for
    the language models of the editor itself."""
    pool: str = "local"
    """Where commands and Gates run: local, ray (a cluster begun on this machine) or ray://HOST:PORT."""
    command_memory: int = 4_000_000_000
    """Bytes of memory that one command of an agent may use, with all that it starts."""
    command_processes: int = 512
    """Processes and threads that one command may have at a time."""
    command_files: int = 4_096
    """Files that one process of a command may hold open."""
    task_disk: int = 5_000_000_000
    """Bytes that the files of a worktree may take that came or changed since its set-up."""
    allowed_hosts: tuple[str, ...] = ()
    """Hosts that the commands of agents may reach, such as `pypi.org`, `*.npmjs.org` or `localhost:5432`."""
    task_timeout: int = 7_200
    """Seconds that the commands, tools and tests of one attempt may take in all."""
    run_timeout: int | None = None
    """Seconds that a Run may be at work; then it is paused. None for no such bound."""
    worktree_disk: int = 20_000_000_000
    """Bytes of all worktrees of a repository; beyond, unneeded ones are given back, oldest first."""
    keep_awake: bool = True
    """Whether the machine is kept from sleeping while a Run works."""
    resume: Resume = "always"
    """always: an editor goes on by itself with a Run whose process is gone; ask: it asks first."""
    max_turns: int = 40
    """Turns of one attempt."""
    gate_retries: int = 1
    """How often a red Gate goes back to the same attempt before the Task climbs."""
    prove: Prove = "ask"
    """ask: an agent whose change no test runs is asked once for the missing test; off: nobody looks."""
    merge_by_syntax: bool = True
    """Whether mergiraf, where it is on PATH, merges what git cannot; the tests judge the result."""
    accept: AcceptMode = "none"
    protected_branches: tuple[str, ...] = ("main", "master", "release/*")
    """Branches that Accept does not move unless it is told to, where they have an upstream."""
    accept_branch: str = "todo/{title}"
    """What the branch is called that Accept makes instead; `{title}` and `{run}` stand for the Run's."""
    git_signing: bool = False
    """Whether commits that Accept puts on the branch are signed, as the user's own git configuration says."""
    issues: Issues = "off"
    """on: a Run makes issues on GitHub and keeps them; ask: its user is asked each time."""
    issues_per: ForgePer = "run"
    """run: one issue for a Run, with a list of its Tasks; task: one for each Task."""
    pull_requests: ForgePer = "run"
    """run: one pull request for a Run; task: one for each Task, each on top of the one before."""
    base: str | None = None
    """A commit to start from in place of what the user sees."""
    offline: bool = False
    """Use the offline model: scripted, no AI, costs nothing."""
    other_agents: OtherAgents = OtherAgents()
    """What agents of other programs may ask of this one, tool by tool."""

    @property
    def uses_editor_models(self) -> bool:
        """Whether requests go to the language models of the editor itself, which have no price."""
        return self.provider == "vscode" and not self.offline


WIDENING = frozenset(
    {"gate", "setup", "run", "teardown", "budget", "accept", "shadow", "shadow_budget", "provider"}
    | {"max_requests"}
    | {"request_budget", "task_budget", "day_budget", "month_budget", "ask_budget"}
    | {"command_memory", "command_processes", "command_files", "worktree_disk", "task_timeout", "run_timeout"}
    | {"task_disk", "daemon_agents", "resume", "git_signing", "allowed_hosts", "prove", "merge_by_syntax"}
    | {"protected_branches", "accept_branch", "other_agents", "issues", "issues_per", "pull_requests"}
    | {"pool"}
)
"""Keys that name commands, servers or limits, raise a budget, move branches or let others in: taken from a
repository only if it is trusted."""


class SettingsSource(Value, frozen=True, kw_only=True):
    """One layer of settings: where it comes from, for error messages, and what it says."""

    name: str
    values: dict[str, Any]
    from_repository: bool = False


@cache
def _fields() -> dict[str, msgspec.structs.FieldInfo]:
    """The settings by name. To read their types anew takes milliseconds, and each worktree asks."""
    return {field.name: field for field in msgspec.structs.fields(Settings)}


def combine(sources: tuple[SettingsSource, ...], *, trusted: bool) -> Settings:
    """Combine layers, later ones winning. Keys in snake_case.

    A repository's own layer cannot widen anything until the workspace is trusted: its widening keys are then
    left out. Raises UsageProblem naming source, key and what was expected.
    """
    fields = _fields()
    merged: dict[str, Any] = {}
    for source in sources:
        for key, value in source.values.items():
            field = fields.get(key)
            if field is None:
                near = ", ".join(sorted(fields))
                raise UsageProblem(f"{source.name}: unknown setting {key!r}. Known settings: {near}.")
            if source.from_repository and not trusted and key in WIDENING:
                continue
            try:
                now = msgspec.convert(value, field.type, strict=False)
            except msgspec.ValidationError as problem:
                raise UsageProblem(f"{source.name}: setting {key!r}: {problem}.") from None
            if key in merged and isinstance(now, OtherAgents) and isinstance(value, Mapping):
                now = narrowed(merged[key], now, value)
            merged[key] = now
    settings = Settings(**merged)
    _check(settings, sources)
    return settings


def _check(settings: Settings, sources: tuple[SettingsSource, ...]) -> None:
    rules: tuple[tuple[str, bool, str], ...] = (
        ("agents", 1 <= settings.agents <= MOST_AGENTS, f"expected 1 to {MOST_AGENTS}"),
        ("daemon_agents", settings.daemon_agents >= 1, "expected 1 or more"),
        ("budget", settings.budget.is_finite() and settings.budget >= 0, "expected dollars, 0 or more"),
        *((key, _is_amount(getattr(settings, key)), "expected dollars, 0 or more") for key in _AMOUNTS),
        ("shadow", settings.shadow >= 0, "expected a count of Tasks, or 0"),
        ("gate_timeout", settings.gate_timeout >= 1, "expected seconds, 1 or more"),
        ("command_timeout", settings.command_timeout >= 1, "expected seconds, 1 or more"),
        ("command_memory", settings.command_memory >= 64_000_000, "expected bytes, 64000000 or more"),
        ("command_processes", settings.command_processes >= 8, "expected 8 or more"),
        ("command_files", settings.command_files >= 64, "expected 64 or more"),
        ("task_disk", settings.task_disk >= 1_000_000, "expected bytes, 1000000 or more"),
        ("worktree_disk", settings.worktree_disk >= 0, "expected bytes, 0 or more"),
        ("task_timeout", settings.task_timeout >= 1, "expected seconds, 1 or more"),
        ("run_timeout", settings.run_timeout is None or settings.run_timeout >= 1, "expected seconds"),
        ("max_turns", settings.max_turns >= 1, "expected 1 or more"),
        ("max_requests", settings.max_requests is None or settings.max_requests >= 0, "expected 0 or more"),
        ("gate_retries", settings.gate_retries >= 0, "expected 0 or more"),
        (
            "allowed_hosts",
            all(map(_is_host, settings.allowed_hosts)),
            "expected names of hosts such as pypi.org, *.npmjs.org or localhost:5432",
        ),
        (
            "accept_branch",
            bool(settings.accept_branch) and not settings.accept_branch.startswith("contextune/"),
            "expected a name that does not begin with contextune/",
        ),
        ("pool", is_pool(settings.pool), EXPECTED),
        ("ladder", len(settings.ladder) >= 1, "expected at least one rung"),
        ("ladder", all(1 <= r.tries <= 8 for r in settings.ladder), "expected 1 to 8 tries a rung"),
        (
            "markers",
            bool(settings.markers) and all(m.isidentifier() for m in settings.markers),
            "expected words",
        ),
    )
    for key, holds, expected in rules:
        if not holds:
            named = [source.name for source in sources if key in source.values]
            where = named[-1] if named else "defaults"
            raise UsageProblem(f"{where}: setting {key!r}: {expected}.")


_AMOUNTS = ("request_budget", "task_budget", "day_budget", "month_budget", "shadow_budget", "ask_budget")


def _is_host(entry: str) -> bool:
    try:
        allowed_host(entry)
    except ValueError:
        return False
    return True


def _is_amount(value: Decimal | None) -> bool:
    return value is None or (value.is_finite() and value >= 0)
