"""One question to an agent that answers in one piece: its price, the consent, the answer."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from contextune.agents.roles import Role
from contextune.cli.asking import consent, someone_is_there
from contextune.cli.output import Output
from contextune.core.errors import UsageProblem
from contextune.engine.application import Application
from contextune.protocol.wording import dollars_text, rung_text


async def put(
    app: Application, who: Role, words: str, given: Namespace, out: Output
) -> Mapping[str, Any] | None:
    """Ask an agent once and show its answer; None if nobody agreed to the price."""
    if not await _agreed(app.agents.price(who, words), who, given, out):
        return None
    overrides: dict[str, Any] = {"offline": True} if given.offline else {}
    if given.budget is not None:
        overrides["budget"] = given.budget
    answer = await app.agents.ask(given.path, who, words, overrides=overrides)
    if out.as_json:
        out.line({"kind": "answer", "role": who.name, **answer})
    _show(answer, out)
    return answer


async def _agreed(price: Decimal | None, who: Role, given: Namespace, out: Output) -> bool:
    cost = "an unknown price" if price is None else f"at most {dollars_text(price)}"
    about = f"Asking the {who.name} ({rung_text(who.rung)}) costs {cost}."
    if given.yes or given.offline:
        out.note(about)
        return True
    if not someone_is_there():
        raise UsageProblem(f"{about} Nobody is there to agree to that. Add --yes.")
    return await consent(out, f"{about} Ask?")


def _show(answer: Mapping[str, Any], out: Output, indent: int = 0) -> None:
    """An answer of any shape: words as they are, the rest below its key."""
    for key, value in answer.items():
        if isinstance(value, list) and value:
            out.say(f"{key}:", "bold", indent=indent)
            for item in value:
                if isinstance(item, dict):
                    out.say("-", indent=indent + 2)
                    _show(item, out, indent + 4)
                else:
                    out.say(f"- {item}", indent=indent + 2)
        elif value not in ("", [], None):
            out.say(f"{key}: {value}" if key != "text" else str(value), indent=indent)
