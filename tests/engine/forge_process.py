"""A process that writes to GitHub and dies at a request that nobody has died at yet: `kill -9` from within.

`python -m tests.engine.forge_process HOME RUN URL SEEN HOW`: HOW is `before` a reply or `after` it; SEEN is a
file of the requests that were deadly once, a line of JSON each, and are let through. All that is sent goes to
a file beside it.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
from pathlib import Path
from typing import Any

from github.Requester import HTTPRequestsConnectionClass

from contextune.adapters.forge.choice import GitHubChoice
from contextune.compose import make_world
from contextune.engine.application import Application
from tests.engine.world import Served
from tests.forge.github import TOKEN, Sent

KILLED = 9


def deadly(seen: Path, how: str) -> None:
    """Have the first write die that is not in the file, and note it there."""
    known = set(seen.read_text().splitlines())
    record = seen.with_name("sent").open("a")
    reply = HTTPRequestsConnectionClass.getresponse

    def getresponse(self: Any) -> Any:
        sent = Sent(self.verb, self.url, self.input)
        line = json.dumps(sent)
        print(line, file=record, flush=True)
        dies = sent.is_write and line not in known
        if dies:
            with seen.open("a") as file:
                print(line, file=file)
        if dies and how == "before":
            os._exit(KILLED)
        got = reply(self)
        if dies:
            got.read()
            os._exit(KILLED)
        return got

    HTTPRequestsConnectionClass.getresponse = getresponse  # type: ignore[method-assign]


async def go_on(home: Path, run_id: str, url: str) -> None:
    world = make_world(home=home, models=Served("http://localhost:1"))
    choice = GitHubChoice({"GITHUB_API_URL": url, "GITHUB_TOKEN": TOKEN}, between_writes=0)
    object.__setattr__(world, "forges", choice)
    app = Application(world)
    run = await app.run(run_id)
    if run.accepting is not None:
        await app.resume(run_id)
    elif run.state == "review":
        await app.accept(run_id, "pr")
    await app.forge.sync([await app.run(run_id)])
    await app.close()


if __name__ == "__main__":
    home, run_id, url, seen, how = sys.argv[1:]
    deadly(Path(seen), how)
    asyncio.run(go_on(Path(home), run_id, url))
