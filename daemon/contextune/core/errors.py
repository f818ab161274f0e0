"""Everything that can go wrong, drawn once.

ContextuneError                 a sentence for people; `exit_status` is the CLI's
├── UsageProblem            2   a bad argument, setting, id
│   └── NothingToDo         0   what was asked for is done already, or there is nothing of it
├── PlaceProblem            4   the environment is wrong: no repository, no key, no git
│   ├── KeyRefused          4   the server does not take the key
│   └── CreditProblem       4   the account has no credit left, or is at its limit
├── BudgetReached           3   a reservation would exceed a budget
├── PlanRejected            1   the orchestrator's plan stayed invalid after one correction
├── GitProblem              1   git said no; carries its words
├── MergeRefused            1   Accept or Undo would lose bytes
├── ForgeProblem            1   GitHub did not do what was asked; what waits is sent later
├── PromptTooLong           1   a prompt would pass its model's price cliff; the agent must shorten it
├── ModelProblem            1   the model's server failed in a way that a retry may mend
│   └── ModelRefusal        1   the model declined, or the request is invalid: a retry would not help
│       └── RequestTooLong  1   the server takes no request of that length: a shorter one may do
├── ToolProblem                 the model should adapt: the text goes back to it as an error result
│   └── WorkerLost              the machine that ran a command is gone, and what the command changed with it
└── AttemptEnd                  an attempt is over; not an error of anyone
    ├── Finished                the model says that it is done; the Gate decides
    ├── Asked                   the model needs an answer from the user
    ├── LimitReached            turns, time or money of the attempt are used up
    ├── Stuck                   it goes round in circles
    └── HandedOver              the conversation is too long: a fresh one goes on with the same work
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from contextune.core.model.money import Usage
    from contextune.core.model.pressure import Allowance

ForgeTrouble = Literal[
    "offline",
    "limited",
    "slow_down",
    "server",
    "sign_in",
    "sso",
    "gone",
    "forbidden",
    "archived",
    "no_push",
    "protected",
    "invalid",
    "unclear",
]
"""Why a forge did not do what was asked; the first four pass by themselves."""

BudgetScope = Literal["request", "requests", "task", "run", "day", "month"]
"""What a budget is for; `requests` counts those of a Run that have no price."""


class ContextuneError(Exception):
    """A problem told in one sentence that names the thing, what was expected and what to do."""

    exit_status = 1


class UsageProblem(ContextuneError):
    """What was asked for makes no sense as written."""

    exit_status = 2


class NothingToDo(UsageProblem):
    """There is nothing of what was to be worked on."""

    exit_status = 0


class PlaceProblem(ContextuneError):
    """The environment lacks something: a repository, a key, git, a server."""

    exit_status = 4


class KeyRefused(PlaceProblem):
    """The model's server does not accept the API key."""


class CreditProblem(PlaceProblem):
    """The account at the model's server has no credit left, or is at the limit that its owner set there."""


class BudgetReached(ContextuneError):
    """A request was not sent because its reservation would exceed a budget.

    `needed` is the least, in dollars, that the budget of this scope would have to be for it to be sent; a
    count of requests where the scope is `requests`.
    """

    exit_status = 3

    def __init__(self, message: str, *, scope: BudgetScope = "run", needed: Decimal = Decimal(0)) -> None:
        super().__init__(message)
        self.scope = scope
        self.needed = needed


class PromptTooLong(ContextuneError):
    """A request was not sent: its prompt is longer than `limit` tokens, where every token costs more."""

    def __init__(self, message: str, *, tokens: int, limit: int) -> None:
        super().__init__(message)
        self.tokens = tokens
        self.limit = limit


class PlanRejected(ContextuneError):
    """The plan stayed invalid after the orchestrator saw what was wrong with it."""


class GitProblem(ContextuneError):
    """A git command failed; the text holds git's own words."""


class MergeRefused(ContextuneError):
    """Moving the user's branch would overwrite something that is not in it."""


class ForgeProblem(ContextuneError):
    """A forge did not do what was asked.

    `retry_after` is its own hint in seconds; `uncertain` tells whether it may have done it all the same, so
    that this is looked up before anything is asked for again.
    """

    def __init__(
        self,
        message: str,
        *,
        trouble: ForgeTrouble,
        retry_after: float | None = None,
        uncertain: bool = False,
    ) -> None:
        super().__init__(message)
        self.trouble = trouble
        self.retry_after = retry_after
        self.uncertain = uncertain

    @property
    def passes(self) -> bool:
        """Whether it mends by itself, so that what waits may be sent later without anyone doing anything."""
        return self.trouble in ("offline", "limited", "slow_down", "server")


class ModelProblem(ContextuneError):
    """The model's server failed.

    `retry_after` is its own hint in seconds, if it gave one; `begun` tells whether a reply had started, so
    that tokens were used, and `usage` which, as far as the reply told before it broke off. `uncertain` tells
    whether tokens may have been used although nothing of the reply came. `status` is the HTTP status, and
    `allowances` what the rate limits leave, where the server said so.
    """

    def __init__(
        self,
        message: str,
        *,
        retry_after: float | None = None,
        begun: bool = False,
        uncertain: bool = False,
        usage: Usage | None = None,
        status: int | None = None,
        allowances: tuple[Allowance, ...] = (),
    ) -> None:
        super().__init__(message)
        self.retry_after = retry_after
        self.begun = begun
        self.uncertain = uncertain
        self.usage = usage
        self.status = status
        self.allowances = allowances


class ModelRefusal(ModelProblem):
    """The request was understood and declined; sending it again would not help.

    With a `status` it was the server that refused the request for what it is, and that says nothing of the
    model; without one the model, or what its provider filters by, declined to answer.
    """


class RequestTooLong(ModelRefusal):
    """The server takes no request of that length."""


class ToolProblem(ContextuneError):
    """A tool could not do what the model asked; the model reads this text and adapts."""


class WorkerLost(ToolProblem):
    """The machine that ran a command is gone: nothing that the command changed is left of it."""


class AttemptEnd(ContextuneError):
    """The end of an attempt, carried as an exception so that every tool can end one."""


class Finished(AttemptEnd):
    """The model says that the Task is done. `remaining` is what it left undone, or empty."""

    def __init__(self, call_id: str, summary: str, remaining: str) -> None:
        super().__init__(summary)
        self.call_id = call_id
        self.summary = summary
        self.remaining = remaining


class Asked(AttemptEnd):
    """The model needs an answer before it can go on."""

    def __init__(self, call_id: str, question: str, choices: Sequence[str]) -> None:
        super().__init__(question)
        self.call_id = call_id
        self.question = question
        self.choices = tuple(choices)


class LimitReached(AttemptEnd):
    """An attempt used up its turns, its time or its money."""


class Stuck(AttemptEnd):
    """An attempt repeats what it did, to no effect."""


class HandedOver(AttemptEnd):
    """The conversation outgrew what its model reads at the low price; a fresh one goes on with the work."""
