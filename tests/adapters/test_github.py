"""Sign-in, and where the token goes."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from contextune.adapters.forge.choice import GitHubChoice
from contextune.adapters.forge.tokens import Tokens
from contextune.adapters.git import program, publishing
from contextune.adapters.git.program import Answer
from contextune.core.errors import ForgeProblem, PlaceProblem
from contextune.core.forge.forge import Token
from contextune.core.forge.remote import Slug
from tests.adapters.git_place import Place, isolate


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Place:
    isolate(monkeypatch, tmp_path)
    (tmp_path / "shop").mkdir()
    place = Place(tmp_path / "shop")
    place.git("init", "-q", "-b", "main")
    place.write("a.txt", "a\n")
    place.commit("first")
    return place


def gh(folder: Path, script: str) -> dict[str, str]:
    """An environment in which GitHub's command line is this script."""
    program = folder / "bin" / "gh"
    program.parent.mkdir()
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    return {"PATH": f"{program.parent}{os.pathsep}{os.environ['PATH']}", "ANTHROPIC_API_KEY": "sk-other"}


def test_the_editors_session_comes_before_the_environment_and_gh(tmp_path: Path) -> None:
    said = f'echo "$@" > {tmp_path}/argv; env > {tmp_path}/env; echo gho_ofgh'
    tokens = Tokens("ghe.example.com", gh(tmp_path, said) | {"GITHUB_TOKEN": " ghp_named "})
    tokens.set_editor("gho_editor")
    assert found(tokens) == ("editor", "gho_editor")
    tokens.set_editor(None)
    assert found(tokens) == ("environment", "ghp_named")
    assert not (tmp_path / "argv").exists(), "gh is asked only where nothing else is there"
    tokens = Tokens("ghe.example.com", gh_again(tmp_path))
    assert found(tokens) == ("gh", "gho_ofgh")
    assert (tmp_path / "argv").read_text().split() == ["auth", "token", "--hostname", "ghe.example.com"]
    assert "sk-other" not in (tmp_path / "env").read_text()


def gh_again(folder: Path) -> dict[str, str]:
    return {"PATH": f"{folder / 'bin'}{os.pathsep}{os.environ['PATH']}", "ANTHROPIC_API_KEY": "sk-other"}


def found(tokens: Tokens) -> tuple[str, str | None]:
    source, token = tokens.find()
    return source, None if token is None else token.reveal()


@pytest.mark.parametrize("script", ["exit 1", "echo not logged in", "echo gho_x; exit 4"])
def test_who_is_not_signed_in_to_gh_has_no_token(tmp_path: Path, script: str) -> None:
    assert found(Tokens("github.com", gh(tmp_path, script))) == ("none", None)


def test_without_gh_there_is_none() -> None:
    assert found(Tokens("github.com", {"PATH": "/nowhere"})) == ("none", None)


async def test_a_repository_elsewhere_gets_no_token() -> None:
    choice = GitHubChoice({"GITHUB_TOKEN": "ghp_x", "PATH": ""})
    with pytest.raises(PlaceProblem, match=r"on gitlab\.com, not on github\.com"):
        await choice.at(Slug(host="gitlab.com", owner="a", name="b"))
    assert (await choice.at(Slug(host="github.com", owner="a", name="b"))).slug.name == "b"
    await choice.close()


def test_the_token_is_in_no_argument_and_for_one_host_alone(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[tuple[list[str], dict[str, str]]] = []
    real = program.start

    def start(arguments: Any, **more: Any) -> Answer:
        asked.append(([str(one) for one in arguments], dict(more.get("environment") or {})))
        return real(arguments, **more)

    monkeypatch.setattr(publishing, "start", start)
    bare = place.root.parent / "remote.git"
    place.git("init", "-q", "--bare", str(bare))
    place.git("remote", "add", "origin", str(bare))
    publisher = place.open().publishing
    target = publisher.target()
    assert target is not None
    publisher.push(
        target.push, place.said("rev-parse", "HEAD"), "todo/x", ("github.com", Token("ghp_secret"))
    )
    (push,) = [one for one in asked if "push" in one[0]]
    assert "ghp_secret" not in " ".join(push[0])
    assert push[1]["GIT_CONFIG_KEY_0"] == "http.https://github.com/.extraHeader"
    assert not any("ghp_secret" in value for value in push[1].values()), "it is encoded as git sends it"
    assert place.said("--git-dir", str(bare), "rev-parse", "todo/x") == place.said("rev-parse", "HEAD")
    publisher.push(target.push, place.said("rev-parse", "HEAD"), "todo/x", None)  # again: nothing to do


def test_nothing_of_the_repositorys_own_configuration_runs(place: Place) -> None:
    ran = place.root.parent / "ran"
    for key in ("core.sshCommand", "credential.helper", "core.askPass", "core.gitProxy"):
        place.git("config", key, f"!touch {ran}" if key == "credential.helper" else f"touch {ran}")
    place.write(".git/hooks/pre-push", f"#!/bin/sh\ntouch {ran}\n", 0o755)
    bare = place.root.parent / "remote.git"
    place.git("init", "-q", "--bare", str(bare))
    place.git("remote", "add", "origin", str(bare))
    publisher = place.open().publishing
    target = publisher.target()
    assert target is not None
    commit = place.said("rev-parse", "HEAD")
    publisher.push(target.push, commit, "one", None)
    for url in (f"ext::touch {ran}", "ssh://git@127.0.0.1:1/a/b", "https://127.0.0.1:1/a/b.git"):
        with pytest.raises(ForgeProblem):
            publisher.push(target.push._replace(push_url=url), commit, "two", None)
    assert not ran.exists()


def test_a_branch_with_other_commits_is_not_overwritten(place: Place) -> None:
    bare = place.root.parent / "remote.git"
    place.git("init", "-q", "--bare", str(bare))
    place.git("remote", "add", "origin", str(bare))
    place.git("commit", "-q", "--allow-empty", "-m", "theirs")
    theirs = place.said("rev-parse", "HEAD")
    place.git("push", "-q", "origin", "HEAD:refs/heads/todo/x")
    place.git("reset", "-q", "--hard", "HEAD^")
    publisher = place.open().publishing
    target = publisher.target()
    assert target is not None
    with pytest.raises(ForgeProblem, match="is there already, with other commits"):
        publisher.push(target.push, place.said("rev-parse", "HEAD"), "todo/x", None)
    assert place.said("--git-dir", str(bare), "rev-parse", "todo/x") == theirs


@pytest.mark.parametrize(
    ("config", "chosen"),
    [
        ({}, "origin"),
        ({"branch.main.remote": "team"}, "team"),
        ({"branch.main.remote": "team", "remote.pushDefault": "mine"}, "mine"),
        ({"remote.pushDefault": "mine", "branch.main.pushRemote": "origin"}, "origin"),
    ],
)
def test_the_remote_is_the_one_that_git_would_push_to(
    place: Place, config: dict[str, str], chosen: str
) -> None:
    for name in ("origin", "team", "mine", "upstream"):
        place.git("remote", "add", name, f"https://github.com/{name}/calc.git")
    for key, value in config.items():
        place.git("config", key, value)
    target = place.open().publishing.target()
    assert target is not None
    assert (target.push.name, target.into.name) == (chosen, "upstream")
