"""How layers of settings combine, and what a repository may not say before it is trusted."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from contextune.core.errors import UsageProblem
from contextune.core.model.conversation import Rung
from contextune.core.permission import OtherAgents
from contextune.core.settings import WIDENING, Settings, SettingsSource, combine


def layer(name: str = "user", *, repository: bool = False, **values: Any) -> SettingsSource:
    return SettingsSource(name=name, values=values, from_repository=repository)


def test_without_layers_the_defaults_hold() -> None:
    assert combine((), trusted=False) == Settings()


def test_later_layers_win_key_by_key() -> None:
    combined = combine(
        (layer(agents=2, gate="make a"), layer("repo", agents=3), layer("flags", gate="make b")), trusted=True
    )
    assert (combined.agents, combined.gate) == (3, "make b")


def test_permissions_of_other_agents_are_joined_and_a_denial_stays() -> None:
    layers = (
        layer(other_agents={"accept": "deny", "quote": "allow"}),
        layer("editor", other_agents={"accept": "allow", "run": "deny"}),
        layer("flags", other_agents={"quote": "ask", "run": "allow"}),
    )
    assert combine(layers, trusted=True).other_agents == OtherAgents(accept="deny", quote="ask", run="deny")


def test_values_arrive_as_files_and_flags_spell_them() -> None:
    combined = combine(
        (
            layer(
                agents="8",
                budget="1.50",
                offline="true",
                exclude=["vendor/**"],
                ladder=[{"model": "m", "effort": "high"}],
            ),
        ),
        trusted=True,
    )
    assert combined.agents == 8
    assert combined.budget == Decimal("1.50")
    assert combined.offline is True
    assert combined.exclude == ("vendor/**",)
    assert combined.ladder == (Rung(model="m", effort="high"),)


def test_an_unknown_key_is_named_with_its_source() -> None:
    with pytest.raises(UsageProblem, match=r"^/home/ada/settings\.toml: unknown setting 'agent'\. Known"):
        combine((layer("/home/ada/settings.toml", agent=3),), trusted=True)


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"agents": "many"}, "user: setting 'agents': "),
        ({"prove": "always"}, "user: setting 'prove': "),
        ({"agents": 0}, "user: setting 'agents': expected 1 to 100"),
        ({"agents": 101}, "user: setting 'agents': expected 1 to 100"),
        ({"budget": -1}, "user: setting 'budget': expected dollars, 0 or more"),
        ({"budget": "NaN"}, "user: setting 'budget': expected dollars, 0 or more"),
        ({"budget": "Infinity"}, "user: setting 'budget': expected dollars, 0 or more"),
        ({"gate_timeout": 0}, "user: setting 'gate_timeout': expected seconds, 1 or more"),
        ({"command_timeout": 0}, "user: setting 'command_timeout': expected seconds, 1 or more"),
        ({"max_requests": -1}, "user: setting 'max_requests': expected 0 or more"),
        ({"max_turns": 0}, "user: setting 'max_turns': expected 1 or more"),
        ({"gate_retries": -1}, "user: setting 'gate_retries': expected 0 or more"),
        ({"ladder": []}, "user: setting 'ladder': expected at least one rung"),
        ({"ladder": [{"model": "m", "effort": "huge"}]}, "user: setting 'ladder': "),
        ({"markers": []}, "user: setting 'markers': expected words"),
        ({"markers": ["to do"]}, "user: setting 'markers': expected words"),
        ({"accept": "yes"}, "user: setting 'accept': "),
        ({"offline": "perhaps"}, "user: setting 'offline': "),
        ({"gate": 3}, "user: setting 'gate': "),
        ({"command_memory": 1}, "user: setting 'command_memory': expected bytes, 64000000 or more"),
        ({"command_processes": 1}, "user: setting 'command_processes': expected 8 or more"),
        ({"command_files": 1}, "user: setting 'command_files': expected 64 or more"),
        ({"daemon_agents": 0}, "user: setting 'daemon_agents': expected 1 or more"),
        ({"task_disk": 1}, "user: setting 'task_disk': expected bytes, 1000000 or more"),
        ({"allowed_hosts": ["pypi org"]}, "user: setting 'allowed_hosts': expected names of hosts such as"),
        ({"allowed_hosts": ["localhost"]}, "user: setting 'allowed_hosts': expected names of hosts such as"),
        ({"worktree_disk": -1}, "user: setting 'worktree_disk': expected bytes, 0 or more"),
        ({"task_timeout": 0}, "user: setting 'task_timeout': expected seconds, 1 or more"),
        ({"run_timeout": 0}, "user: setting 'run_timeout': expected seconds"),
        ({"other_agents": {"run": "yes"}}, "user: setting 'other_agents': Invalid enum value 'yes'"),
        ({"other_agents": {"start": "allow"}}, "user: setting 'other_agents': Object contains unknown field"),
        ({"other_agents": "allow"}, "user: setting 'other_agents': Expected `object`, got `str`"),
    ],
)
def test_a_bad_value_names_source_key_and_what_was_expected(values: dict[str, Any], said: str) -> None:
    with pytest.raises(UsageProblem) as problem:
        combine((layer(**values),), trusted=True)
    assert str(problem.value).startswith(said)


def test_a_rule_that_layers_break_together_names_the_last_of_them() -> None:
    with pytest.raises(UsageProblem, match=r"^flags: setting 'agents'"):
        combine((layer(agents=3), layer("flags", agents=500)), trusted=True)


WIDER: dict[str, Any] = {
    "gate": "curl evil",
    "setup": "curl evil",
    "run": "curl evil",
    "teardown": "curl evil",
    "budget": "1000",
    "request_budget": "1000",
    "task_budget": "1000",
    "day_budget": "1000",
    "month_budget": "1000",
    "max_requests": 10**6,
    "ask_budget": "1000",
    "shadow": 1,
    "shadow_budget": "1000",
    "issues": "on",
    "issues_per": "task",
    "pull_requests": "task",
    "provider": "vertex",
    "accept": "merge",
    "pool": "ray://elsewhere:10001",
    "command_memory": 10**15,
    "command_processes": 10**6,
    "command_files": 10**6,
    "task_timeout": 10**6,
    "run_timeout": 10**6,
    "worktree_disk": 10**15,
    "task_disk": 10**15,
    "daemon_agents": 100,
    "other_agents": {"run": "allow", "accept": "allow"},
    "resume": "ask",
    "git_signing": True,
    "prove": "off",
    "allowed_hosts": ["evil.example"],
    "merge_by_syntax": False,
    "protected_branches": [],
    "accept_branch": "mine/{run}",
}


def test_what_names_commands_money_or_branches_is_widening() -> None:
    assert set(WIDER) == WIDENING


@pytest.mark.parametrize("key", sorted(WIDENING))
def test_an_untrusted_repository_cannot_widen(key: str) -> None:
    repository = layer(".contextune.toml", repository=True, **{key: WIDER[key]})
    assert combine((repository,), trusted=False) == Settings()
    assert getattr(combine((repository,), trusted=True), key) != getattr(Settings(), key)
    # What the user says themselves counts, before and after the repository's word.
    mine = layer(**{key: WIDER[key]})
    assert combine((mine, repository), trusted=False) == combine((mine,), trusted=False)


def test_an_untrusted_repository_may_set_what_widens_nothing() -> None:
    combined = combine((layer(repository=True, markers=["LATER"], agents=1),), trusted=False)
    assert (combined.markers, combined.agents) == (("LATER",), 1)
