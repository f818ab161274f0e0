from __future__ import annotations

import pytest

from contextune.core.redact import MASK, may_hold_secret, redact, redact_all

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
