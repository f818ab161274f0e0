"""The tools as VS Code's manifest lists them, for agents of the editor.

Run as `python -m contextune.delegation.manifest package.json` to write them into the manifest.
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


def _entry(tool: Tool) -> dict[str, Any]:
    return {
        "name": f"contextune_{tool.name}",
        "displayName": f"Contextune: {tool.title}",
        "toolReferenceName": f"contextune{tool.name.capitalize()}",
        "canBeReferencedInPrompt": True,
        "icon": "extension/media/contextune.svg",
        "userDescription": tool.about.split(". ")[0].rstrip(".") + ".",
        "modelDescription": tool.about,
        "tags": ["contextune", "todo"],
        "inputSchema": schema_of(tool.takes),
    }


def main() -> int:
    """Write the tools into the manifest that is named."""
    file = Path(sys.argv[1])
    manifest = json.loads(file.read_text(encoding="utf-8"))
    manifest["contributes"]["languageModelTools"] = contribution()
    file.write_text(json.dumps(manifest, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
