"""The tools as VS Code's manifest lists them, for agents of the editor.

Run as `python -m contextune.delegation.manifest package.json` to write them into the manifest, and what
people read of them into the `package.nls.json` beside it. What models read stays in the manifest, in English.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from contextune.delegation.tools import TOOLS, Tool, schema_of


def contribution() -> list[dict[str, Any]]:
    """What `contributes.languageModelTools` holds."""
    return [_entry(tool) for tool in TOOLS]


def words() -> dict[str, str]:
    """What people read of them in English, by the keys that `contribution` names."""
    return {key: text for tool in TOOLS for key, text in _words(tool).items()}


def _key(tool: Tool, part: str) -> str:
    return f"languageModelTools.contextune_{tool.name}.{part}"


def _words(tool: Tool) -> dict[str, str]:
    return {
        _key(tool, "displayName"): f"Contextune: {tool.title}",
        _key(tool, "userDescription"): tool.about.split(". ")[0].rstrip(".") + ".",
    }


def _entry(tool: Tool) -> dict[str, Any]:
    return {
        "name": f"contextune_{tool.name}",
        "displayName": f"%{_key(tool, 'displayName')}%",
        "toolReferenceName": f"contextune{tool.name.capitalize()}",
        "canBeReferencedInPrompt": True,
        "icon": "extension/media/contextune.svg",
        "userDescription": f"%{_key(tool, 'userDescription')}%",
        "modelDescription": tool.about,
        "tags": ["contextune", "todo"],
        "inputSchema": schema_of(tool.takes),
    }


def main() -> int:
    """Write the tools into the manifest that is named."""
    file = Path(sys.argv[1])
    manifest = json.loads(file.read_text(encoding="utf-8"))
    manifest["contributes"]["languageModelTools"] = contribution()
    english = file.with_name("package.nls.json")
    said = json.loads(english.read_text(encoding="utf-8"))
    _write(file, manifest)
    _write(english, said | words())
    return 0


def _write(file: Path, value: dict[str, Any]) -> None:
    file.write_text(json.dumps(value, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    raise SystemExit(main())
