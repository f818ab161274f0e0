"""The fold of what is written at a forge."""

from __future__ import annotations

import msgspec

from contextune.core.forge.writes import (
    ForgeEvent,
    ForgeStarted,
    ForgeState,
    ForgeWaits,
    ForgeWritten,
    IssuesWanted,
    PullSeen,
    Written,
)


def on_forge(state: ForgeState, event: ForgeEvent) -> ForgeState:
    """What a Run has at the forge after one more event."""
    change = msgspec.structs.replace
    match event:
        case IssuesWanted():
            return change(state, issues=event.per)
        case ForgeStarted():
            others = tuple(one for one in state.started if one.key != event.key)
            return change(state, started=(*others, event), writes=state.writes + (event.what != "push"))
        case ForgeWritten():
            return _written(state, event)
        case ForgeWaits():
            waits = (*(one for one in state.waits if one.key != event.key), event)
            kept = tuple(one for one in state.started if one.key != event.key or event.uncertain)
            refused = len(kept) < len(state.started) and event.what != "push"
            return change(state, waits=waits, started=kept, writes=state.writes - refused)
        case PullSeen():
            return change(state, pulls=(*(one for one in state.pulls if one.key != event.key), event))


def _written(state: ForgeState, event: ForgeWritten) -> ForgeState:
    change = msgspec.structs.replace
    before = state.find(event.key)
    begun = next((one for one in state.started if one.key == event.key), None)
    now = Written(
        key=event.key,
        what=event.what,
        mark=begun.mark if begun else before.mark if before else "",
        digest=event.digest,
        number=event.number if event.number is not None else before.number if before else None,
        url=event.url or (before.url if before else ""),
        times=(before.times if before else 0) + 1,
    )
    return change(
        state,
        written=(*(one for one in state.written if one.key != event.key), now),
        started=tuple(one for one in state.started if one.key != event.key),
        # One without a key stood in the way of everything.
        waits=tuple(one for one in state.waits if one.key not in (event.key, "")),
    )
