"""What `--help` says beyond a line for each argument. Lines of at most 80 characters, as they are shown."""

from __future__ import annotations

ABOUT = "Turns the TODO comments of a repository into finished, tested, merged work."

EPILOG = """\
exit status:
    0  all Tasks accepted, or nothing to do
    1  some Task failed, or something else went wrong
    2  bad usage
    3  stopped by the budget
    4  the environment is wrong: no repository, no API key, no git
  130  interrupted; a Run can be resumed

environment:
  ANTHROPIC_API_KEY    the key of the model's server
  ANTHROPIC_BASE_URL   another server of the Messages API; one on this machine
                       needs no key
  GITHUB_TOKEN         signs in to GitHub, for pull requests and issues; else gh
  GITHUB_API_URL       the API of a GitHub Enterprise Server
  CONTEXTUNE_HOME      the folder of all state and settings

to begin, in a git repository:
  contextune todos            what there is to do
  contextune run --todo ID    plan, price, and after your consent do the work
  contextune demo             the whole flow, played by the offline model
"""

PLAN_HELP = """\
a plan file:
  JSON with the Tasks, in place of the planner. A line that
  `contextune quote --json` printed is one: keep it in a file, change it, run it
  with --plan. By hand, this much is enough:

    {"tasks": [{"id": "sizes", "title": "Read sizes as people write them",
                "brief": "Accept spaces, capitals and a trailing cm; add tests.",
                "todoIds": ["t_2c85ffdd64"], "files": ["parcel/sizes.py"],
                "dependsOn": [], "complexity": "simple"}]}

  `id` is lower-case letters, digits and hyphens. `complexity` is simple,
  standard or hard. `gate`, a command, may replace the Run's own for one Task, and
  `role` names the agent that does it, if it is not the parallel-task-executor.
"""

COURSES = (
    "wait: its next turn waits until they have ended. rebase: it waits, then builds on them. go-on: it waits "
    "no longer. `contextune show RUN` tells who overlaps with whom, and where."
)
DISCARD_HELP = (
    "CHANGE is TASK:FILE, or TASK:FILE:HUNK for a part of it, as `contextune show RUN --review` lists "
    "them. The result is put together without it and tested anew; --take-back CHANGE puts it back. Without "
    "any CHANGE the whole result goes, and Salvage refs keep it."
)
RUN_HELP = """\
what happens:
  The plan and its price are shown first, and nothing is spent on agents before
  you agree. Your branch, index and files stay as they are until the Run is
  accepted: by --accept at its end, or by `contextune accept`. Ctrl-C stops at a
  safe point; `contextune resume` goes on.

"""

AGENTS_HELP = """\
agents of your own:
  Markdown files with front matter, as ours or as Claude Code's, in the folder
  `agents` beside your settings.toml, in ~/.claude/agents, and, in a repository
  that you trust, in .claude/agents and .contextune/agents. One with the name of
  ours stands in for it; any other joins, and does a Task by `agents run`, or
  where a plan file names it as the `role` of a Task. docs/agents.md has the keys.

run:
  An agent that works gets a worktree of its own, a quote before and the Gate
  after. One that answers in one piece is asked once, after its price is told.
  `agents run test-runner` and `agents run performance-analyzer` are code, and
  cost nothing without --words. `agents run test-runner --issue` makes one issue
  on GitHub of the tests that fail, once you agree.
"""

COST_HELP = """\
what is compared:
  contextune cost --compare 2026-11-01..2026-11-07 2026-11-08..2026-11-14
  contextune cost --compare r_1a2b3c4d r_5e6f7a8b
  contextune cost --compare claude-haiku-5-5 claude-sonnet-5-5

A request counts on the day on which it left, planning and shadow samples among
them; the day is the local one.
"""

MCP_HELP = """\
to connect, for example:
  claude mcp add contextune -- contextune mcp
  docs/mcp.md has Copilot and Cline, each tool, and what it may do.

what it may do:
  It serves the repository of PATH alone. Other agents list Todos, read results
  and costs; what spends or changes asks you first, in their program. The table
  [other_agents] of your settings.toml allows, asks or denies tool by tool:

    [other_agents]
    quote = "allow"
    accept = "deny"
"""

GITHUB_HELP = """\
what is written there:
  Nothing, unless you ask: `contextune accept RUN --pr` and `run --accept pr` push
  a branch and open a pull request, and the setting `issues` makes issues. What
  GitHub does not take, because you are offline or for its limits, waits for this
  command, or for an editor that is open. docs/github.md has the rest.
"""
