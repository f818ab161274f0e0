"""The extension's manifest mirrors the daemon's settings: same keys, same defaults."""

from __future__ import annotations

import json
import re
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import pytest

from contextune.core.settings import Settings

MANIFEST = Path(__file__).parents[2] / "package.json"
EDITOR_ONLY = {"python", "daemon_path"}
"""Settings that say how the daemon is started, which the daemon itself has no use for."""


def _manifest_settings() -> dict[str, dict[str, Any]]:
    properties = json.loads(MANIFEST.read_text(encoding="utf-8"))["contributes"]["configuration"][
        "properties"
    ]
    names = {key: re.sub(r"([A-Z])", r"_\1", key.removeprefix("contextune.")).lower() for key in properties}
    return {names[key]: schema for key, schema in properties.items() if names[key] not in EDITOR_ONLY}


def _on_the_wire(value: Any) -> Any:
    if isinstance(value, Decimal):
        return float(value)
    return json.loads(msgspec.json.encode(value))


def test_the_manifest_has_the_settings_of_the_daemon_and_no_others() -> None:
    assert sorted(_manifest_settings()) == sorted(field.name for field in msgspec.structs.fields(Settings))


@pytest.mark.parametrize("name", sorted(_manifest_settings()))
def test_the_default_is_the_daemons(name: str) -> None:
    shown = _manifest_settings()[name]["default"]
    assert shown == _on_the_wire(getattr(Settings(), name))


@pytest.mark.parametrize("name", sorted(_manifest_settings()))
def test_the_daemon_takes_the_manifests_default(name: str) -> None:
    field = next(field for field in msgspec.structs.fields(Settings) if field.name == name)
    taken = msgspec.convert(_manifest_settings()[name]["default"], field.type, strict=False)
    assert taken == getattr(Settings(), name)
