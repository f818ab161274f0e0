"""What goes wrong at the model's server, in the words of core.errors; and what its headers tell."""

from __future__ import annotations

import time
from collections.abc import Mapping
from datetime import datetime
from email.utils import parsedate_to_datetime
from json import JSONDecodeError
from typing import get_args

import aiohttp
import anthropic

from contextune.adapters.models.message_stream import Refused, Unreadable
from contextune.core.errors import (
    ContextuneError,
    CreditProblem,
    KeyRefused,
    ModelProblem,
    ModelRefusal,
    PlaceProblem,
    RequestTooLong,
)
from contextune.core.model.money import Usage
from contextune.core.model.pressure import Allowance, Resource

TOO_LARGE = 413
TOO_LONG = "prompt is too long"
"""What Anthropic's servers say, with status 400, of a prompt beyond the model's window."""
NO_CREDIT = 402
NO_CREDIT_WORDS = ("credit balance is too low", "reached your specified api usage limits")
"""What they say, with status 400, of an account that is empty, or at the limit that its owner set: users of
other tools quote both (anthropics/claude-code, issues 66314 and 38035)."""
TRANSIENT = frozenset({408, 409, 425, 429, 500, 502, 503, 504, 529})
STATUS_OF = {
    "rate_limit_error": 429,
    "api_error": 500,
    "timeout_error": 504,
    "overloaded_error": 529,
    # Bedrock's own names for the same
    "throttlingException": 429,
    "internalServerException": 500,
    "modelStreamErrorException": 500,
    "serviceUnavailableException": 503,
    "modelTimeoutException": 504,
}
"""Errors that a retry may mend and that can come within a stream, whose own status is 200; and the status of
each as an answer of its own."""

DROPPED = frozenset({"ReadError", "WriteError", "RemoteProtocolError"})
"""What the SDK's transport calls a connection that was made and then broke off: there is a server, and it may
answer later."""

SENT = frozenset({"ReadError", "WriteError", "ReadTimeout", "WriteTimeout"})
"""What it calls a connection that broke while the request was on its way or was being answered: the server
may have used tokens for it. For one that it closed without a word it has not."""

CREDENTIAL_LIBRARIES = frozenset({"google", "botocore", "boto3"})


def translate(
    problem: Exception,
    url: str,
    *,
    answered: bool = False,
    begun: bool = False,
    usage: Usage | None = None,
) -> ContextuneError:
    """An exception of the SDK, or of what it stands on, as one of ours.

    `answered` tells whether the server had taken the request, `begun` whether its reply had started, and
    `usage` what that told of its usage until then.
    """

    match problem:
        case ContextuneError():
            return problem
        case anthropic.APIStatusError():
            status, headers = problem.response.status_code, problem.response.headers
            words = problem.api_message or problem.message
            return _refused(status, headers, problem.type or "", words, begun=begun, usage=usage)
        case Refused():
            return _refused(
                problem.status, problem.headers, problem.kind, problem.words, begun=begun, usage=usage
            )
        case aiohttp.ClientConnectorError() | aiohttp.InvalidURL():
            return _no_server(url)
        case aiohttp.ClientError() | TimeoutError() | ConnectionError():
            # A server that closes the connection instead of an answer has not taken the request.
            unsent = isinstance(problem, aiohttp.ConnectionTimeoutError | aiohttp.ServerDisconnectedError)
            lost = answered or not unsent
            return ModelProblem(
                f"The connection to {url} broke off.", begun=begun, uncertain=lost, usage=usage
            )
        case anthropic.APIConnectionError():  # APITimeoutError is one
            cause = type(problem.__cause__).__name__
            if not (begun or cause in DROPPED or isinstance(problem, anthropic.APITimeoutError)):
                return _no_server(url)
            lost = answered or cause in SENT
            return ModelProblem(
                f"The connection to {url} broke off.", begun=begun, uncertain=lost, usage=usage
            )
        case (
            anthropic.APIError()
            | Unreadable()
            | UnicodeDecodeError()
            | JSONDecodeError()
            | LookupError()
            | TypeError()
            | AttributeError()
        ):
            return ModelProblem(
                f"The reply cannot be read: {_words(problem)}.", begun=begun, uncertain=answered, usage=usage
            )
        case _ if not begun and not answered and _is_before_sending(problem):
            return PlaceProblem(f"The request to {url} cannot be made: {_words(problem)}")
        case _:
            return ModelProblem(
                f"The reply broke off: {_words(problem)}.", begun=begun, uncertain=answered, usage=usage
            )


def _no_server(url: str) -> PlaceProblem:
    return PlaceProblem(f"No server answers at {url}. Check the address, the network and ANTHROPIC_BASE_URL.")


def _is_before_sending(problem: Exception) -> bool:
    """Whether credentials could not be found or a library is missing, so that nothing was sent."""
    library = type(problem).__module__.partition(".")[0]
    return library in CREDENTIAL_LIBRARIES or isinstance(
        problem, ImportError | RuntimeError | ValueError | anthropic.AnthropicError
    )


def _words(problem: Exception) -> str:
    return " ".join(str(problem).split()) or type(problem).__name__


def _refused(
    status: int, headers: Mapping[str, str], kind: str, words: str, *, begun: bool, usage: Usage | None
) -> ContextuneError:
    if status == 200:
        status = STATUS_OF.get(kind, status)
    allowances = allowances_in(headers)
    if status in (401, 403) and not begun:
        return KeyRefused(f"The model's server does not accept the API key: {words}")
    if not begun and (status == NO_CREDIT or any(some in words.lower() for some in NO_CREDIT_WORDS)):
        said = words.rstrip(". ")
        return CreditProblem(
            f"The model's server takes no request of this account: {said}. "
            "Put that right, then resume the run."
        )
    told_not_to = headers.get("x-should-retry") == "false" and not begun
    if not told_not_to and (begun or status in TRANSIENT or kind in STATUS_OF):
        return ModelProblem(
            f"The model's server answers {status}: {words}",
            retry_after=retry_after(headers, time.time()),
            begun=begun,
            usage=usage,
            status=status,
            allowances=allowances,
        )
    refusal = ModelRefusal(
        f"The model's server refuses the request ({status}): {words}", status=status, allowances=allowances
    )
    if status == TOO_LARGE or TOO_LONG in words.lower():
        return RequestTooLong(str(refusal), status=status, allowances=allowances)
    return refusal


def retry_after(headers: Mapping[str, str], now: float) -> float | None:
    """Seconds that the server asks to wait, 0 or more; None if it does not say. `now` in seconds since 1970.

    `retry-after-ms` is the finer one and wins; `retry-after` is in seconds, or a date.
    """
    milliseconds = _number(headers.get("retry-after-ms"))
    if milliseconds is not None:
        return milliseconds / 1000
    told = headers.get("retry-after")
    seconds = _number(told)
    if seconds is not None or told is None:
        return seconds
    try:
        return max(0.0, parsedate_to_datetime(told).timestamp() - now)
    except (ValueError, OverflowError):
        return None


def allowances_in(headers: Mapping[str, str]) -> tuple[Allowance, ...]:
    """What the rate limits leave, of each resource of which all three headers are there and make sense."""
    found = (_allowance(headers, resource) for resource in get_args(Resource))
    return tuple(allowance for allowance in found if allowance is not None)


def _allowance(headers: Mapping[str, str], resource: Resource) -> Allowance | None:
    told = [
        headers.get(f"anthropic-ratelimit-{resource}-{what}", "") for what in ("limit", "remaining", "reset")
    ]
    try:
        reset = datetime.fromisoformat(told[2])
        return Allowance(
            resource=resource,
            limit=int(told[0]),
            remaining=int(told[1]),
            reset_at=int(reset.timestamp() * 1000),
        )
    except (ValueError, OverflowError):
        return None


def _number(text: str | None) -> float | None:
    try:
        value = float(text or "")
    except ValueError:
        return None
    return value if 0 <= value < float("inf") else None
