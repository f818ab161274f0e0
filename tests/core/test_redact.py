from __future__ import annotations

import pytest

from contextune.core.redact import (
    MASK,
    may_hold_secret,
    redact,
    redact_all,
    redact_named,
    speaks_of_secret,
)

KEY = (
    "-----BEGIN RSA PRIVATE KEY-----\n"
    + ("MIIEowIBAAKCAQEAx0" * 3 + "\n") * 4
    + "abc==\n-----END RSA PRIVATE KEY-----"
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("key sk-ant-api03-" + "aB3_" * 20 + ".", "key sk-ant-[masked]"),
        ("ghp_" + "a1B2" * 9 + " end", "ghp_[masked] end"),
        ("github_pat_" + "11ABCDEFG0_" * 6, "github_pat_[masked]"),
        ("Authorization: Bearer abcdef0123456789", "Authorization: Bearer [masked]"),
        ('{"x-api-key": "abcdef0123"}', '{"x-api-key": "[masked]"}'),
        ("AKIAIOSFODNN7EXAMPLE", "AKIA[masked]"),
        (
            "aws_secret_access_key = wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
            "aws_secret_access_key = [masked]",
        ),
        ("git clone https://user:hunter22@host/x.git", "git clone https://user:[masked]@host/x.git"),
        ("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.SflKxwRJSMeKKF2QT4", "eyJ[masked]"),
        ("sk-proj-" + "aB3_" * 12, "sk-proj-[masked]"),
        ("gsk_" + "aB3d" * 13, "gsk_[masked]"),
        ("xai-" + "aB3d" * 20, "xai-[masked]"),
        ("glrt-" + "aB3d" * 5, "glrt-[masked]"),
        ("xoxb-123456789012-abcDEF", "xoxb-[masked]"),
        ("xapp-1-A0123456789-0123456789-abcdef", "xapp-[masked]"),
        (
            "https://hooks.slack.com/services/T0123/B0123/abcDEF0123456789",
            "https://hooks.slack.com/services/[masked]",
        ),
        ("AIza" + "aB3_-" * 7, "AIza[masked]"),
        ("ya29.a0Af" + "aB3_-" * 7, "ya29.[masked]"),
        ("GOCSPX-" + "aB3_" * 7, "GOCSPX-[masked]"),
        ("npm_" + "aB3d" * 9, "npm_[masked]"),
        ("pypi-AgEIcHlwaS5vcmc" + "aB3_" * 20, "pypi-[masked]"),
        ("hf_" + "aBcD" * 9, "hf_[masked]"),
        ("sk_live_" + "aB3d" * 6, "sk_live_[masked]"),
        ("rk_test_" + "aB3d" * 6, "rk_test_[masked]"),
        ("whsec_" + "aB3d" * 8, "whsec_[masked]"),
        ("SG." + "aB3_" * 5 + "ab." + "aB3_" * 10, "SG.[masked]"),
        ("dop_v1_" + "0a1b" * 16, "dop_v1_[masked]"),
        ("dckr_pat_" + "aB3_" * 7, "dckr_pat_[masked]"),
        ("hvs." + "aB3_" * 8, "hvs.[masked]"),
        ("shpat_" + "0a1b" * 8, "shpat_[masked]"),
        ("ATATT3xFfGF0" + "aB3_" * 20, "ATATT3[masked]"),
        ("ABSK" + "aB3d" * 20, "ABSK[masked]"),
        ("ASIAIOSFODNN7EXAMPLE", "ASIA[masked]"),
        ("AWS_SESSION_TOKEN='" + "aB3/" * 20 + "'", "AWS_SESSION_TOKEN='[masked]'"),
        ("AccountName=x;AccountKey=" + "aB3/" * 21 + "==;End", "AccountName=x;AccountKey=[masked];End"),
        ("bearer " + "aBcD" * 10 + "1", "bearer [masked]"),
        (f"a\n{KEY}\nb", "a\n-----BEGIN RSA PRIVATE KEY-----[masked]\n-----END RSA PRIVATE KEY-----\nb"),
    ],
)
def test_masks_keys_of_known_shapes(text: str, expected: str) -> None:
    assert redact(text) == expected
    assert may_hold_secret(text.encode())


@pytest.mark.parametrize(
    "text",
    [
        "commit 3f786850e387550fdab836ed7e6dc881de23001b",
        "task-ant-hill, sk-ant-, ghp_short, the bearer of good news told internationalization_of_text",
        "if 'BEGIN RSA PRIVATE KEY' in text: raise ValueError(text)",
        "http://localhost:8080/path@2x.png and git@host:repo.git",
        "def authorization(self) -> str: ...",
        "x" * 100_000,
    ],
)
def test_leaves_other_text_alone(text: str) -> None:
    assert redact(text) == text


def test_masks_given_values_anywhere() -> None:
    value = {"a": ["my-local-key in text", 3, None], "b": {"c": "my-local-key"}}
    assert redact_all(value, ["my-local-key", "3"]) == {"a": [f"{MASK} in text", 3, None], "b": {"c": MASK}}


def test_masks_names_of_what_a_model_sends_too() -> None:
    assert redact_all({"my-local-key": 1}, ["my-local-key"]) == {MASK: 1}


def test_an_encrypted_key_with_headers_is_masked_whole() -> None:
    key = KEY.replace(
        "-----\nMII", "-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,0123456789ABCDEF\n\nMII", 1
    )
    assert redact(key) == "-----BEGIN RSA PRIVATE KEY-----[masked]\n-----END RSA PRIVATE KEY-----"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("DB_PASSWORD=hunter22 pytest", "DB_PASSWORD=[masked] pytest"),
        ('{"apiKey": "hunter22", "a": 1}', '{"apiKey": "[masked]", "a": 1}'),
        (r"{\"token\": \"hunter22\"}", r"{\"token\": \"[masked]\"}"),
        ("api-key: hunter22", "api-key: [masked]"),
        ("secret=[masked] and no more", "secret=[masked] and no more"),
        (
            '{"promptTokens": 123456789, "worstCase": "0.0048"}',
            '{"promptTokens": 123456789, "worstCase": "0.0048"}',
        ),
        ("The token is spent; passwords are asked for.", "The token is spent; passwords are asked for."),
    ],
)
def test_masks_what_is_given_to_names_of_secrets(text: str, expected: str) -> None:
    assert redact_named(text) == expected


def test_knows_names_of_secrets() -> None:
    names = ("api_key", "apiKey", "token", "GITHUB_TOKEN", "db-password", "secret", "credentials")
    assert [name for name in names if not speaks_of_secret(name)] == []
    assert [n for n in ("gate", "budget", "keep_awake", "max_tokens", "keys") if speaks_of_secret(n)] == []


MEGABYTE = 1_000_000


@pytest.mark.parametrize(
    "piece",
    [
        *(
            "eyJ",
            "eyJ-",
            "eyJa.",
            "eyJaaaaaaaa.",
            "a.",
            "a-",
            "a://",
            "://",
            "://:",
            ":",
            "a://b:",
            "sk-",
            "sk-ant-",
        ),
        *(
            "bearer ",
            "bearer " + "a" * 24 + " ",
            "authorization: ",
            "authorization ",
            "x-api-key=",
            "aws_secret_access_key ",
        ),
        *(
            "-----BEGIN RSA PRIVATE KEY-----",
            "-----BEGIN ",
            "-----BEGIN A PRIVATE KEY-----\n",
            "a" * 15 + "\n",
            "\\n",
        ),
        *(
            "token=",
            "token",
            "token = ",
            "password: ",
            "AccountKey=",
            "SG.",
            "SG." + "a" * 20 + ".",
            "A: b\n",
            " ",
            "=",
            "/",
        ),
    ],
)
def test_a_megabyte_on_one_line_takes_time_in_proportion(piece: str) -> None:
    """Whatever is repeated: a pattern that begins anew within what it has read would take hours here."""
    text = piece * (MEGABYTE // len(piece))
    redact(text)
    redact_named(text)
    may_hold_secret(text.encode())
    redact("-----BEGIN RSA PRIVATE KEY-----" + text)
    redact("https://user:" + text)
