"""docs/mcp.md tells each tool with the permission in force, and its examples are ones that work."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path

import msgspec

from contextune.cli.arguments import parser
from contextune.core.permission import OtherAgents
from contextune.delegation.inputs import LONGEST_WAIT, CostInput, QuoteInput, RunInput
from contextune.delegation.manifest import contribution, words
from contextune.delegation.tools import BY_NAME, TOOLS

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "mcp.md").read_text(encoding="utf-8")
MANIFEST = json.loads((ROOT / "package.json").read_text(encoding="utf-8"))
WORDS = json.loads((ROOT / "package.nls.json").read_text(encoding="utf-8"))


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)


def test_each_tool_has_a_row_with_its_permission_and_what_it_costs() -> None:
    rows = re.findall(r"^\| `(\w+)` \| `(\w+)` \| .+ \| (.+) \|$", PAGE, re.MULTILINE)
    standard = OtherAgents()
    assert [(name, default) for name, default, _ in rows] == [
        (tool.name, getattr(standard, tool.name)) for tool in TOOLS
    ]
    free = {name for name, _, cost in rows if cost == "$0"}
    assert free >= {tool.name for tool in TOOLS if tool.asks is None}
    assert not free & {"quote", "run", "tell", "answer"}


def test_the_settings_of_the_page_are_settings() -> None:
    (given,) = map(tomllib.loads, blocks("toml"))
    table = msgspec.convert(given["other_agents"], OtherAgents)
    assert (table.accept, table.todos) == ("deny", "allow")


def test_the_configurations_of_the_page_start_the_server() -> None:
    found = [json.loads(text) for text in blocks("json")]
    assert len(found) == 3
    for one in found:
        (server,) = (one.get("mcpServers") or one["servers"]).values()
        given = parser().parse_args(server["args"])
        assert (server["command"], given.command) == ("contextune", "mcp")
        assert set(server.get("autoApprove", ())) <= {tool.name for tool in TOOLS if tool.asks is None}
    assert "claude mcp add contextune -- contextune mcp" in PAGE


def test_names_of_inputs_are_those_of_the_tools() -> None:
    known = {field.encode_name for tool in TOOLS for field in msgspec.structs.fields(tool.takes)}
    said = set(re.findall(r"`([a-z]+(?:[A-Z][a-z]+)*)`", PAGE))
    assert {"todoIds", "waitSeconds", "limit", "diff", "runId", "goal"} <= said & known
    assert f"(up to {LONGEST_WAIT})" in PAGE
    assert BY_NAME["quote"].takes is QuoteInput
    assert (BY_NAME["run"].takes, BY_NAME["cost"].takes) == (RunInput, CostInput)


def test_the_manifest_lists_the_same_tools() -> None:
    """If not: `python -m contextune.delegation.manifest package.json`."""
    assert MANIFEST["contributes"]["languageModelTools"] == json.loads(
        json.dumps(contribution(), default=str)
    )
    for entry in contribution():
        assert re.fullmatch(r"[\w-]+", entry["name"])
        assert re.fullmatch(r"[\w-]+", entry["toolReferenceName"])
        assert {entry["displayName"].strip("%"), entry["userDescription"].strip("%")} <= words().keys()
    assert "`#contextuneTodos`" in PAGE


def test_people_read_of_the_tools_what_the_daemon_says() -> None:
    """If not: `python -m contextune.delegation.manifest package.json`."""
    assert {key: WORDS.get(key) for key in words()} == words()
    assert words()["languageModelTools.contextune_todos.displayName"] == "Contextune: List Todos"


def test_the_setting_of_the_editor_has_the_same_names_and_defaults() -> None:
    setting = MANIFEST["contributes"]["configuration"]["properties"]["contextune.otherAgents"]
    standard = msgspec.to_builtins(OtherAgents())
    assert setting["default"] == standard
    assert {name: one["default"] for name, one in setting["properties"].items()} == standard
    assert (
        "contextune.otherAgents"
        in MANIFEST["capabilities"]["untrustedWorkspaces"]["restrictedConfigurations"]
    )
