"""Anthropic's models on Bedrock, Vertex and Foundry: the SDK's own clients, their credentials by environment.

Nothing here reaches the network, and the SDK is imported only when a client is made.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Mapping
from typing import TYPE_CHECKING, Literal, NamedTuple

from contextune.core.errors import PlaceProblem

if TYPE_CHECKING:
    from contextune.adapters.models.anthropic_model import Client

Cloud = Literal["bedrock", "vertex", "foundry"]


class _Needed(NamedTuple):
    """One thing that a provider needs: sets of variables, of which one must be there whole, and words."""

    sets: tuple[tuple[str, ...], ...]
    what: str
    remedy: str


BEARER = "AWS_BEARER_TOKEN_BEDROCK"
REGION_GLOBAL = "global"
"""The one region of Vertex whose prices are Anthropic's own."""

_NEEDED: dict[Cloud, tuple[_Needed, ...]] = {
    "bedrock": (
        _Needed((("AWS_REGION",), ("AWS_DEFAULT_REGION",)), "a region", "Set AWS_REGION."),
        _Needed(
            ((BEARER,), ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"), ("AWS_PROFILE",)),
            "credentials",
            f"Set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or {BEARER}.",
        ),
    ),
    "vertex": (
        _Needed((("CLOUD_ML_REGION",),), "a region", f"Set CLOUD_ML_REGION, such as to {REGION_GLOBAL}."),
        _Needed(
            (("ANTHROPIC_VERTEX_PROJECT_ID",), ("GOOGLE_CLOUD_PROJECT",)),
            "a project",
            "Set ANTHROPIC_VERTEX_PROJECT_ID.",
        ),
    ),
    "foundry": (
        _Needed((("ANTHROPIC_FOUNDRY_API_KEY",),), "an API key", "Set ANTHROPIC_FOUNDRY_API_KEY."),
        _Needed(
            (("ANTHROPIC_FOUNDRY_RESOURCE",), ("ANTHROPIC_FOUNDRY_BASE_URL",)),
            "a resource",
            "Set ANTHROPIC_FOUNDRY_RESOURCE to its name, or ANTHROPIC_FOUNDRY_BASE_URL to its address.",
        ),
    ),
}
_LIBRARY: dict[Cloud, str] = {"bedrock": "boto3", "vertex": "google.auth"}
NAMES: dict[Cloud, str] = {"bedrock": "Amazon Bedrock", "vertex": "Vertex AI", "foundry": "Microsoft Foundry"}


def missing(cloud: Cloud, environment: Mapping[str, str]) -> str | None:
    """What the environment lacks for a provider, and what to do about it; None if all of it is there."""
    for needed in _NEEDED[cloud]:
        if not any(all(environment.get(name) for name in names) for names in needed.sets):
            return f"{NAMES[cloud]} needs {needed.what}. {needed.remedy}"
    return None


def address(cloud: Cloud, environment: Mapping[str, str]) -> str:
    """Where a provider's requests go, for people."""
    region = _region(cloud, environment)
    own = environment.get(f"ANTHROPIC_{cloud.upper()}_BASE_URL")
    return own or region or environment.get("ANTHROPIC_FOUNDRY_RESOURCE", "")


def costs_more(cloud: Cloud, environment: Mapping[str, str]) -> bool:
    """Whether the provider's endpoint costs more than the shipped prices say: Vertex's regional ones do."""
    return cloud == "vertex" and _region(cloud, environment) != REGION_GLOBAL


def client_for(cloud: Cloud, environment: Mapping[str, str], *, timeout: float) -> Client:
    """The SDK's client of a provider. Raises PlaceProblem naming the variable or library that is missing."""
    lacking = missing(cloud, environment)
    if lacking is not None:
        raise PlaceProblem(lacking)
    library = _LIBRARY.get(cloud)
    if library is not None and not _is_installed(library):
        raise PlaceProblem(
            f"{NAMES[cloud]} needs the library {library}. Install it with the extra contextune[{cloud}], "
            f"such as by: pip install 'contextune[{cloud}]'"
        )
    import anthropic

    base_url = environment.get(f"ANTHROPIC_{cloud.upper()}_BASE_URL")
    region = _region(cloud, environment)
    match cloud:
        case "bedrock":
            # The SDK refuses a token together with anything that requests could be signed with.
            token = environment.get(BEARER)
            signing = {} if token else environment
            return anthropic.AsyncAnthropicBedrock(
                aws_region=region,
                api_key=token,
                aws_access_key=signing.get("AWS_ACCESS_KEY_ID"),
                aws_secret_key=signing.get("AWS_SECRET_ACCESS_KEY"),
                aws_session_token=signing.get("AWS_SESSION_TOKEN"),
                aws_profile=signing.get("AWS_PROFILE"),
                base_url=base_url,
                max_retries=0,
                timeout=timeout,
            )
        case "vertex":
            project = environment.get("ANTHROPIC_VERTEX_PROJECT_ID") or environment["GOOGLE_CLOUD_PROJECT"]
            return anthropic.AsyncAnthropicVertex(
                region=region, project_id=project, base_url=base_url, max_retries=0, timeout=timeout
            )
        case "foundry":
            key = environment["ANTHROPIC_FOUNDRY_API_KEY"]
            if base_url:
                return anthropic.AsyncAnthropicFoundry(
                    api_key=key, base_url=base_url, max_retries=0, timeout=timeout
                )
            resource = environment["ANTHROPIC_FOUNDRY_RESOURCE"]
            return anthropic.AsyncAnthropicFoundry(
                api_key=key, resource=resource, max_retries=0, timeout=timeout
            )


def _region(cloud: Cloud, environment: Mapping[str, str]) -> str:
    names = {"bedrock": ("AWS_REGION", "AWS_DEFAULT_REGION"), "vertex": ("CLOUD_ML_REGION",)}
    return next((value for name in names.get(cloud, ()) if (value := environment.get(name))), "")


def _is_installed(library: str) -> bool:
    try:
        return importlib.util.find_spec(library) is not None
    except ModuleNotFoundError:
        return False
