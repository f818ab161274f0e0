"""How many files this process may hold open: sockets, pipes of commands, worktrees being watched."""

from __future__ import annotations

import sys


def raise_limit() -> int | None:
    """Allow this process what the system allows at most. Returns that; None if nothing bounds it.

    Commands of agents have a limit of their own.
    """
    if sys.platform == "win32":
        return None
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    # macOS refuses more than it keeps to itself, whatever the hard limit says.
    for wanted in (hard, 65_536, 10_240):
        if soft != resource.RLIM_INFINITY and (wanted == resource.RLIM_INFINITY or wanted > soft):
            try:
                resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
            except (OSError, ValueError):
                continue
            soft = wanted
            break
    return None if soft == resource.RLIM_INFINITY else soft
