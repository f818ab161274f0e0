"""What the server at the other end knows of the Messages API, and how it names Anthropic's models."""

from __future__ import annotations

import re
from dataclasses import dataclass

from contextune.core.settings import Provider

FIRST_PARTY_HOST = "api.anthropic.com"


@dataclass(frozen=True, slots=True, kw_only=True)
class Features:
    """What a server knows beyond plain messages with tools. What it does not know is never sent to it."""

    effort: bool = False
    """`output_config.effort`."""
    thinking: bool = False
    """`thinking`, with which a request turns thinking off."""
    structured: bool = False
    """`output_config.format`: a JSON Schema that the reply must satisfy."""
    counting: bool = False
    """`POST /v1/messages/count_tokens`."""
    priming: bool = False
    """`max_tokens` 0, which only writes the prompt to the cache."""
    diagnostics: bool = False
    """`diagnostics`: why the cache did not hold what the previous request had left there."""

    @property
    def is_full(self) -> bool:
        """Whether requests can be counted, the cache be written ahead, and its misses be explained."""
        return self.counting and self.priming and self.diagnostics


ALL = Features(effort=True, thinking=True, structured=True, counting=True, priming=True, diagnostics=True)
PLAIN = Features()
"""A local model's server, or a gateway of which nothing is known."""
CLOUD = Features(effort=True, thinking=True)
"""Claude on somebody else's cloud: effort and thinking are the model's own. The rest differs from cloud to
cloud: Vertex has structured output off until an organization's policy allows it, Bedrock counts nothing."""


def features_of(provider: Provider, host: str) -> Features:
    """What the server at a host knows, as far as its provider and its name tell."""
    if provider != "anthropic":
        return CLOUD
    return ALL if host == FIRST_PARTY_HOST else PLAIN


_PLAIN_ID = re.compile(r"(?P<name>claude-[a-z]+-\d(?:-\d{1,2})?)(?:-(?P<date>\d{8}))?")
"""`claude-haiku-5-5`, `claude-haiku-4-5-20251001`: Anthropic's own ids. Any other form is a provider's."""
_DATES = {"claude-haiku-4-5": "20251001", "claude-sonnet-4-5": "20250929", "claude-opus-4-5": "20251101"}
"""Models that Anthropic also knows by a name without a date, and Bedrock and Vertex only by one with it."""
_BEDROCK_VERSIONED = frozenset({"claude-opus-4-6"})
"""Models without a date whose id has a version all the same."""


def provider_id(provider: Provider, model: str) -> str:
    """The id by which a provider knows a model; one that is in the provider's form already stays as it is.

    On Bedrock it is that of the global endpoint, whose prices are Anthropic's own.
    """
    found = _PLAIN_ID.fullmatch(model)
    if found is None or provider in ("anthropic", "foundry"):
        return model
    name, date = found["name"], found["date"] or _DATES.get(found["name"])
    if provider == "vertex":
        return f"{name}@{date}" if date else name
    version = f"-{date}-v1:0" if date else "-v1" if name in _BEDROCK_VERSIONED else ""
    return f"global.anthropic.{name}{version}"


_WITHOUT_EFFORT = ("claude-3", "claude-haiku-4", "claude-sonnet-4-5", "claude-opus-4-1")


def takes_effort(model: str) -> bool:
    """Whether a model has efforts: the older ones refuse a request that names one."""
    return not any(name in model for name in _WITHOUT_EFFORT)
