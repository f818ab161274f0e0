"""What scripts import, by the ways in which they say so."""

from __future__ import annotations

import pytest

from contextune.core.source.script_imports import ScriptImports

FILES = ["src/a.ts", "src/b.tsx", "src/lib/index.ts", "src/lib/c.model.ts", "src/d.js", "other/d.mjs", "e.py"]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ('import { x } from "./b";', {"src/b.tsx"}),
        ("import x, {\n  y,\n} from './b'", {"src/b.tsx"}),
        ('import type { X } from "./lib";', {"src/lib/index.ts"}),
        ('import "./d.js";', {"src/d.js"}),
        ('import { x } from "./b.js";', {"src/b.tsx"}),
        ('export * from "./lib/c.model";', {"src/lib/c.model.ts"}),
        ('const d = require("../other/d");', {"other/d.mjs"}),
        ('const d = await import("../other/d.mjs");', {"other/d.mjs"}),
        ('import { x } from "@/b";', {"src/b.tsx"}),
        ('import { x } from "@scope/b";', set()),
        ('import { x } from "react";', set()),
        ('import { x } from "../e.py";', set()),
        ('import { x } from "../../outside";', set()),
        ('import { x } from "./a";', set()),
        ('const words = "no import from anywhere";', set()),
    ],
)
def test_each_way_to_import(text: str, found: set[str]) -> None:
    assert ScriptImports(FILES).imports_of("src/a.ts", text) == found
