"""Templates of issues: the repository's own, filled by code."""

from __future__ import annotations

import pytest

from contextune.engine.forge.templates import Template, choose, read
from contextune.engine.forge.texts import block, within

OF = ".github/ISSUE_TEMPLATE/"


@pytest.mark.parametrize(
    ("names", "chosen"),
    [
        ((), None),
        (("bug.md",), "bug.md"),
        (("bug.md", "question.md"), None),
        (("bug.md", "feature_request.yml", "config.yml"), "feature_request.yml"),
        (("Task.md", "feature.md"), "Task.md"),
        (("contextune.md", "task.md"), "contextune.md"),
        (("config.yml",), None),
    ],
)
def test_the_template_that_fits_is_chosen(names: tuple[str, ...], chosen: str | None) -> None:
    found = choose(["README.md", *(OF + name for name in names), OF + "deep/task.md"])
    assert found == (None if chosen is None else OF + chosen)


def test_markdown_keeps_what_is_around_our_part() -> None:
    text = "---\nname: Task\ntitle: '[Task] '\nlabels: work, later\n---\n## What\n\n## Check\n- [ ] docs\n"
    template = read(OF + "task.md", text)
    assert (template.prefix, template.labels) == ("[Task] ", ("contextune", "work", "later"))
    assert template.fill("OURS") == "## What\n\nOURS\n\n\n## Check\n- [ ] docs\n"
    assert read(OF + "task.md", "Before\n{{contextune}}\nafter\n").fill("OURS") == "Before\nOURS\nafter\n"


def test_a_form_is_filled_as_github_fills_it() -> None:
    text = """\
name: Task
labels: [work]
body:
  - type: markdown
    attributes: {value: Thanks}
  - type: textarea
    attributes: {label: What}
  - type: dropdown
    attributes: {label: Where}
"""
    template = read(OF + "task.yml", text)
    assert template.labels == ("contextune", "work")
    assert template.fill("OURS") == "### What\n\nOURS\n\n### Where\n\n_No response_\n"


@pytest.mark.parametrize("text", ["body: 3", "{", "- a", "---\n: :\n---\nx", "!!python/object:os.system {}"])
def test_what_cannot_be_read_is_replaced_by_ours(text: str) -> None:
    for name in ("x.yml", "x.md"):
        assert "OURS" in read(OF + name, text).fill("OURS")
    assert read(OF + "x.yml", text) == Template()


def test_only_our_part_of_a_body_is_replaced() -> None:
    body = f"Mine above.\n\n{block('m1', 'old')}\n\n- [x] mine below\r\n"
    assert within(body, "m1", "new") == body.replace("old", "new")
    assert within("Somebody else's.", "m2", "ours") == f"Somebody else's.\n\n{block('m2', 'ours')}\n"
    assert within(body, "m2", "ours").startswith(body.rstrip())
