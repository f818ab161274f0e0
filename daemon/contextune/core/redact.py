"""Masking of secrets in text that is kept or shown. Pure: it knows shapes, and values that it is given."""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Any

MASK = "[masked]"

_SHAPES = re.compile(
    r"""
    (?P<keep>
        \bsk-ant-(?=[\w-]{16})                       # Anthropic
      | \bsk-(?:proj-|svcacct-)?(?=[\w-]{32})        # OpenAI and its kin
      | \bgh[pousr]_(?=\w{30})                       # GitHub
      | \bgithub_pat_(?=\w{40})
      | \bglpat-(?=[\w-]{20})                        # GitLab
      | \bxox[abeprs]-(?=[\w-]{20})                  # Slack
      | \bAIza(?=[\w-]{35})                          # Google
      | \bnpm_(?=\w{36})
      | \bpypi-(?=AgE[\w-]{50})
      | \bhf_(?=[A-Za-z0-9]{30})                     # Hugging Face
      | \b[sr]k_live_(?=\w{20})                      # Stripe
      | \b(?:AKIA|ASIA)(?=[0-9A-Z]{16}\b)            # AWS
      | (?i:\baws_secret_access_key["']?\s*[:=]\s*["']?)(?=[\w/+=-]{30})
      | (?i:\bauthorization["']?\s*[:=]\s*["']?(?:bearer|basic|token)\s+)(?=[\w.~+/=-]{8})
      | (?i:\bx-api-key["']?\s*[:=]\s*["']?)(?=[\w.~+/=-]{8})
      | (?i:\bbearer\s+)(?=[\w.~+/=-]{24})(?=\D*\d)
      | \beyJ(?=[\w-]{8,}\.eyJ[\w-]{8,}\.[\w-]{8})   # a JSON web token
    )
    [\w.~+/=-]+
    | (?P<begin>-----BEGIN\ [A-Z ]*PRIVATE\ KEY(?:\ BLOCK)?-----)
      (?:(?:\s|\\[nr])*[A-Za-z0-9+/=]{16,})+
      (?:(?:\s|\\[nr])*[A-Za-z0-9+/=]{1,15})?
    | (?P<scheme>\b[a-z][a-z0-9+.-]*://[^\s/:@"']*:)[^\s/@"']+(?=@)
    """,
    re.VERBOSE,
)

_HINT = re.compile(
    rb"sk-|gh[pousr]_|github_pat_|glpat-|xox|AIza|npm_|pypi-|hf_|[sr]k_live_|AKIA|ASIA|aws_secret|eyJ"
    rb"|PRIVATE KEY|authorization|x-api-key|bearer|://[^\s/@\"']*:[^\s/@\"']+@",
    re.IGNORECASE,
)

_NEEDLES = (
    *(
        b"sk-",
        b"ghp_",
        b"gho_",
        b"ghu_",
        b"ghs_",
        b"ghr_",
        b"github_pat_",
        b"glpat-",
        b"xox",
        b"aiza",
        b"npm_",
    ),
    *(b"pypi-", b"hf_", b"k_live_", b"akia", b"asia", b"aws_secret", b"eyj", b"private key"),
    *(b"authorization", b"x-api-key", b"bearer", b"://"),
)
"""What `_HINT` begins with, in lower case: to look for each by itself is many times quicker."""


def may_hold_secret(encoded: bytes) -> bool:
    """Whether encoded text may hold a secret of a known shape: the quick test before `redact_all`."""
    low = encoded.lower()
    return any(needle in low for needle in _NEEDLES) and _HINT.search(encoded) is not None


def redact(text: str, known: Collection[str] = ()) -> str:
    """The text with keys, tokens, passwords in URLs, private keys and the given values masked."""
    for value in known:
        if len(value) >= 6:
            text = text.replace(value, MASK)
    return _SHAPES.sub(_mask, text)


def redact_all(value: Any, known: Collection[str] = ()) -> Any:
    """The same for every string within plain lists and dicts; keys of dicts stay as they are."""
    if isinstance(value, str):
        return redact(value, known)
    if isinstance(value, list | tuple):
        return [redact_all(item, known) for item in value]
    if isinstance(value, dict):
        return {key: redact_all(item, known) for key, item in value.items()}
    return value


def _mask(match: re.Match[str]) -> str:
    if match["begin"]:
        return match["begin"] + MASK
    return (match["keep"] or match["scheme"]) + MASK
