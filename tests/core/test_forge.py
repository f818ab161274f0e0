"""What a remote names, whom CODEOWNERS names, and words of others that do nothing."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contextune.core.forge.codeowners import Owners, owners
from contextune.core.forge.forge import Token
from contextune.core.forge.plain import code, fenced, inert, quoted, title
from contextune.core.forge.remote import Slug, parse_remote, permalink, web_host

GITHUB = Slug(host="github.com", owner="ada", name="calc")


@pytest.mark.parametrize(
    ("url", "slug"),
    [
        ("https://github.com/ada/calc.git", GITHUB),
        ("https://github.com/ada/calc", GITHUB),
        ("https://ada:secret@github.com/ada/calc.git/", GITHUB),
        ("git@github.com:ada/calc.git", GITHUB),
        ("ssh://git@ssh.github.com:443/ada/calc.git", GITHUB),
        ("git://www.github.com/ada/calc", GITHUB),
        ("HTTPS://GitHub.com/ada/calc", GITHUB),
        ("http://localhost:4911/ada/calc.git", Slug(host="localhost:4911", owner="ada", name="calc")),
        ("git@ghe.example.com:ada/calc.js", Slug(host="ghe.example.com", owner="ada", name="calc.js")),
        ("/srv/git/calc.git", None),
        ("../calc.git", None),
        ("file:///srv/git/calc.git", None),
        ("C:\\git\\calc", None),
        ("ext::sh -c touch% /tmp/x", None),
        ("https://github.com/ada", None),
        ("https://github.com/ada/calc/extra", None),
        ("https://github.com/../calc", None),
        ("https://github.com/ada/calc?x=y", None),
        ("", None),
    ],
)
def test_what_a_remote_names(url: str, slug: Slug | None) -> None:
    assert parse_remote(url) == slug


@pytest.mark.parametrize(
    ("api", "host"),
    [
        ("https://api.github.com", "github.com"),
        ("https://ghe.example.com/api/v3", "ghe.example.com"),
        ("https://api.acme.ghe.com", "acme.ghe.com"),
        ("http://localhost:4911", "localhost:4911"),
        ("nonsense", ""),
    ],
)
def test_the_host_that_people_see(api: str, host: str) -> None:
    assert web_host(api) == host


def test_a_permalink_is_quoted() -> None:
    link = permalink("https://github.com/ada/calc", "abc", "a b/ü#1?.py", 3)
    assert link == "https://github.com/ada/calc/blob/abc/a%20b/%C3%BC%231%3F.py#L3"


RULES = """\
# who
*            @ada
*.js         @acme/web  @bob  # both
/docs/       @carl mail@example.com
docs/*       @dora
apps/**/x.py @acme/apps
/build/logs/ @nobody-else/team
secret.py
"""


@pytest.mark.parametrize(
    ("path", "users", "teams"),
    [
        ("a.py", ("ada",), ()),
        ("src/a.js", ("bob",), ("web",)),
        ("docs/a.md", ("dora",), ()),
        ("docs/deep/a.md", ("carl",), ()),
        ("apps/one/two/x.py", (), ("apps",)),
        ("build/logs/a", (), ()),
        ("deep/secret.py", (), ()),
    ],
)
def test_the_last_rule_that_fits_names_the_owners(
    path: str, users: tuple[str, ...], teams: tuple[str, ...]
) -> None:
    assert owners(RULES, [path], "acme") == Owners(users, teams)


HOSTILE = (
    "fixes #12, closes GH-3, @everyone see https://evil.example/x.png ![x](http://evil.example) "
    "<img src=x> <!-- contextune:end --> fixes https://github.com/a/b/issues/1 `code` \u202e"
)
ACTIVE = (
    r"(?<!\\)[<>!`\[]",
    r"@\w",
    r"#\d",
    r"(?i)GH-\d",
    r"https?://",
    r"<!--",
    "\u202e",
)


@given(st.one_of(st.just(HOSTILE), st.text(max_size=200)))
def test_words_of_others_do_nothing(words: str) -> None:
    for said in (inert(words), quoted(words)):
        text = re.sub(r"^>", "", said, flags=re.MULTILINE)
        assert [pattern for pattern in ACTIVE if re.search(pattern, text)] == []
    assert not re.search(r"@\w|#\d", title(words))
    assert "\n" not in inert(words) + title(words) + code(words)


@given(st.text(alphabet="`ab \n", max_size=40))
def test_code_does_not_end_before_its_end(words: str) -> None:
    block = fenced(words)
    fence = block[: len(block) - len(block.lstrip("`"))]
    assert block.endswith(f"\n{fence}")
    assert fence not in block[len(fence) : -len(fence)]


def test_a_token_does_not_show_itself() -> None:
    token = Token("ghp_secret")
    assert "secret" not in f"{token} {token!r} {[token]}"
    assert token.reveal() == "ghp_secret"
