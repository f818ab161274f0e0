"""Masking of secrets in text that is kept or shown. Pure: it knows shapes, and values that it is given."""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Any, NamedTuple

MASK = "[masked]"

PART = 262_144
"""Bytes that are looked through at once: meanwhile no other thread of the process goes on."""

_OVERLAP = 4_096
"""Bytes that two parts share: longer than what begins a secret, and than any password in a URL."""

_TOKEN = rb"[\w.~+/=-]+"


class _Kind(NamedTuple):
    """Secrets of one shape. Patterns are tried where one of the needles is, and nowhere else."""

    needles: tuple[bytes, ...]
    """What they begin with, in lower case."""
    pattern: re.Pattern[bytes]
    """From the needle on; its group 1 is kept, and the rest masked."""


def _kind(needles: str, pattern: bytes, secret: bytes = _TOKEN) -> _Kind:
    spelt = tuple(needle.encode() for needle in needles.split())
    return _Kind(spelt, re.compile(rb"(" + pattern + rb")" + secret))


_KINDS = (
    _kind("sk-ant-", rb"\bsk-ant-(?=[\w-]{16})"),  # Anthropic
    _kind("sk-", rb"\bsk-(?!ant-)(?:proj-|svcacct-|admin-)?(?=[\w-]{32})"),  # OpenAI and its kin
    _kind("gsk_ xai- r8_ pplx-", rb"\b(?:gsk_|xai-|r8_|pplx-)(?=\w{30})"),  # Groq, xAI, Replicate, Perplexity
    _kind("ghp_ gho_ ghu_ ghs_ ghr_", rb"\bgh[pousr]_(?=\w{30})"),  # GitHub
    _kind("github_pat_", rb"\bgithub_pat_(?=\w{40})"),
    _kind(
        "glpat- glrt- gldt- glcbt- glptt- glft- glsoat- glagent-",  # GitLab
        rb"\bgl(?:pat|rt|dt|cbt|ptt|ft|soat|agent)-(?=[\w-]{20})",
    ),
    _kind("xox", rb"\bxox[abeoprs]-(?=[\w-]{10})"),  # Slack
    _kind("xapp-", rb"\bxapp-(?=[\w-]{20})"),
    _kind("hooks.slack.com", rb"\bhooks\.slack\.com/(?:services|workflows)/(?=[\w/]{20})"),
    _kind("aiza", rb"\bAIza(?=[\w-]{35})"),  # Google
    _kind("ya29.", rb"\bya29\.(?=[\w-]{20})"),
    _kind("gocspx-", rb"\bGOCSPX-(?=[\w-]{20})"),
    _kind("npm_", rb"\bnpm_(?=\w{36})"),
    _kind("pypi-", rb"\bpypi-(?=AgE[\w-]{50})"),
    _kind("hf_", rb"\bhf_(?=[A-Za-z0-9]{30})"),  # Hugging Face
    _kind("sk_live_ rk_live_ sk_test_ rk_test_", rb"\b[sr]k_(?:live|test)_(?=\w{16})"),  # Stripe
    _kind("whsec_", rb"\bwhsec_(?=[\w+/]{24})"),
    _kind("sg.", rb"\bSG\.(?=[\w-]{16,32}\.[\w-]{32})"),  # SendGrid
    _kind("dop_v1_", rb"\bdop_v1_(?=[0-9a-f]{40})"),  # DigitalOcean
    _kind("dckr_pat_", rb"\bdckr_pat_(?=[\w-]{20})"),
    _kind("hvs.", rb"\bhvs\.(?=[\w-]{24})"),  # Vault
    _kind("shpat_ shpca_ shppa_ shpss_", rb"\bshp(?:at|ca|pa|ss)_(?=[0-9a-fA-F]{32})"),  # Shopify
    _kind("atatt3", rb"\bATATT3(?=[\w=-]{40})"),  # Atlassian
    _kind("absk", rb"\bABSK(?=[A-Za-z0-9+/]{60})"),  # Bedrock
    _kind("akia asia abia acca", rb"\b(?:AKIA|ASIA|ABIA|ACCA)(?=[0-9A-Z]{16}\b)"),  # AWS
    _kind(
        "aws_secret_access_key aws_session_token",
        rb"(?i:aws_(?:secret_access_key|session_token)[\"']?\s{0,8}[:=]\s{0,8}[\"']?)(?=[\w/+=-]{30})",
    ),
    _kind("accountkey=", rb"(?i:AccountKey=)(?=[\w/+=]{40})"),  # Azure
    _kind(
        "authorization",
        rb"(?i:authorization[\"']?\s{0,8}[:=]\s{0,8}[\"']?(?:bearer|basic|token)\s{1,8})(?=[\w.~+/=-]{8})",
    ),
    _kind("x-api-key", rb"(?i:x-api-key[\"']?\s{0,8}[:=]\s{0,8}[\"']?)(?=[\w.~+/=-]{8})"),
    _kind("bearer", rb"(?i:\bbearer\s{1,8})(?=[\w.~+/=-]{24})(?=[A-Za-z_.~+/=-]{0,400}\d)"),
    _kind("eyj", rb"(?<![\w-])eyJ(?=[\w-]{8,4000}\.eyJ[\w-]{8,8000}\.[\w-]{8})"),  # a JSON web token
    _kind(
        "-----begin ",
        rb"-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----",
        rb"(?:(?:\s|\\[nr])*[A-Z][A-Za-z-]{2,20}: [^\r\n\\]{0,100}(?:\r?\n|(?:\\r)?\\n)){0,4}"
        rb"(?:(?:\s|\\[nr])*[A-Za-z0-9+/=]{16,})+(?:(?:\s|\\[nr])*[A-Za-z0-9+/=]{1,15})?",
    ),
    _kind("://", rb"://[^\s/:@\"']*:", rb"[^\s/@\"']+(?=@)"),  # a password in a URL
)
"""Each reads on only as far as its own token: the time it takes is in proportion to the text."""

_HINTS = tuple(
    re.compile(pattern).search
    for pattern in (
        rb"-(?:(?<=\bsk-)|(?<=xai-)|(?<=pplx-|xapp-|pypi-|xox.-|gl.t-)|(?<=gl..t-)|(?<=GOCSPX-|glsoat-)"
        rb"|(?<=glagent-)|(?i:(?<=x-)(?=api-key)))",
        rb"_(?:(?<=hf_|r8_)|(?<=gsk_|npm_|dop_|gh._)|(?<=dckr_)|(?<=whsec_|shp.._)|(?<=github_)(?=pat_)"
        rb"|(?<=[sr]k_)(?=live_|test_)|(?i:(?<=aws_)(?=se)))",
        rb"\.(?:(?<=SG\.)|(?<=hvs\.)|(?<=ya29\.)|(?<=hooks\.)(?=slack))",
        rb"A(?:Iza|KIA|SIA|BIA|CCA|BSK|TATT3)",
        rb"J(?<=eyJ)",
        rb"PRIVATE KEY",
        rb"://[^\s/:@\"']*:[^\s/@\"']+@",
    )
)
"""Where secrets begin, each looked for by one character that is found many times quicker than all of it."""

_NAME = re.compile(
    r"(?:api[_-]?key|access[_-]?key|private[_-]?key|secret(?:[_-]?key)?|token|passw(?:or)?d|passphrase|credentials?)$",
    re.IGNORECASE,
)

_NAMED = re.compile(
    r"""(?P<name>(?:api[_-]?key|access[_-]?key|private[_-]?key|secret|token|passw(?:or)?d|passphrase)
        (?:\\?["'])?\s{0,4}[:=]\s{0,4}(?:\\?["'])?)
        (?!\[masked\])[^\s"'\\,;)}\]]{6,}""",
    re.VERBOSE | re.IGNORECASE,
)


def may_hold_secret(encoded: bytes) -> bool:
    """Whether encoded text may hold a secret of a known shape: the quick test before `redact_all`."""
    if len(encoded) > PART:
        parts = (encoded[at : at + PART + _OVERLAP] for at in range(0, len(encoded), PART))
        return any(_hints_at_secret(part) for part in parts)
    return _hints_at_secret(encoded)


def _hints_at_secret(encoded: bytes) -> bool:
    for hint in _HINTS:
        if hint(encoded) is not None:
            return True
    low = encoded.lower()
    return b"bearer" in low or b"authorization" in low or b"accountkey" in low


def redact(text: str, known: Collection[str] = ()) -> str:
    """The text with keys, tokens, passwords in URLs, private keys and the given values masked."""
    for value in known:
        if len(value) >= 6:
            text = text.replace(value, MASK)
    encoded = text.encode("utf-8", "surrogatepass")
    if not may_hold_secret(encoded):
        return text
    spans = _spans(encoded)
    parts, done = [], 0
    for begin, end in spans:
        if begin >= done:
            parts += [encoded[done:begin], MASK.encode()]
        done = max(done, end)
    return b"".join([*parts, encoded[done:]]).decode("utf-8", "surrogatepass")


def _spans(encoded: bytes) -> list[tuple[int, int]]:
    """Where secrets of known shapes are, in order."""
    low = encoded.lower()
    found = []
    for needles, pattern in _KINDS:
        for needle in needles:
            at = low.find(needle)
            while at >= 0:
                match = pattern.match(encoded, at)
                if match is not None:
                    found.append((match.end(1), match.end()))
                at = low.find(needle, at + len(needle) if match is None else match.end())
    return sorted(found)


def redact_all(value: Any, known: Collection[str] = ()) -> Any:
    """The same for every string within plain lists and dicts, keys included."""
    if isinstance(value, str):
        return redact(value, known)
    if isinstance(value, list | tuple):
        return [redact_all(item, known) for item in value]
    if isinstance(value, dict):
        return {redact_all(key, known): redact_all(item, known) for key, item in value.items()}
    return value


def speaks_of_secret(name: str) -> bool:
    """Whether a name, such as that of a setting, is one of a key, a token or a password."""
    return _NAME.search(name) is not None


def redact_named(text: str) -> str:
    """The text with what is given to such names masked, such as `token=…`.

    The Journal keeps that, since an agent has to read code that assigns to such names as it is.
    """
    return _NAMED.sub(rf"\g<name>{MASK}", text)
