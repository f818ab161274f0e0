"""What Tasks share, told from real small repositories in Python and TypeScript."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import pytest

from contextune.adapters.git.repository import open_repository
from contextune.adapters.source.outline import LayoutOutliner
from contextune.adapters.source.scan import RipgrepScanner
from contextune.core.overlap.overlaps import find_overlaps, serialised
from contextune.core.overlap.touches import TaskFacts
from contextune.core.planning.default_plan import default_plan
from contextune.core.planning.plan import Overlap, Plan, Task
from contextune.core.source.suite_layout import SuiteLayout
from contextune.core.todos.todo import MARKERS, Todo
from contextune.engine.quotes.independence import read_facts
from tests.engine.world import new_repository


class Seen(NamedTuple):
    """A Plan and what was found of it."""

    plan: Plan
    facts: tuple[TaskFacts, ...]
    overlaps: tuple[Overlap, ...]

    def told(self) -> list[tuple[str, str, str | None, bool]]:
        return [(one.kind, one.path, one.symbol, one.strong) for one in self.overlaps]


Look = Callable[..., Seen]


@pytest.fixture
def look(tmp_path: Path) -> Look:
    """Compare the Todos of a repository, a Task each, or Tasks of one's own."""

    def made(files: Mapping[str, str], tasks: Sequence[Task] = ()) -> Seen:
        place = new_repository(tmp_path / "repository", files)
        repository = open_repository(place.root)
        base = repository.take_base({}, None).commit
        paths = repository.list_files(base)
        todos: list[Todo] = []
        if not tasks:
            todos = RipgrepScanner().scan(place.root, markers=MARKERS, exclude=(), overlays={})
        plan = Plan(tasks=tuple(tasks)) if tasks else default_plan(todos, SuiteLayout(paths))
        facts = read_facts(repository, base, paths, LayoutOutliner(), plan, todos)
        return Seen(plan, facts, find_overlaps(plan, facts))

    return made


PARSE = "def parse(text):\n    # TODO: accept upper case\n    return text.split('x')\n"


def test_independent_todos_share_nothing(look: Look) -> None:
    seen = look(
        {
            "a.py": "def area(w, h):\n    # TODO: refuse negative sizes\n    return w * h\n",
            "b.ts": "export function greet(name: string) {\n  // TODO: greet politely\n  return name;\n}\n",
            "test_all.py": "from a import area\n\ndef test_area():\n    assert area(1, 2) == 2\n",
        }
    )
    assert seen.overlaps == ()
    assert [facts.changes for facts in seen.facts] == [(("a.py", "area"),), (("b.ts", "greet"),)]


def test_a_todo_that_names_what_another_changes_goes_second(look: Look) -> None:
    seen = look(
        {
            "app.py": "def main():\n    # TODO: say what `parse()` refused\n    pass\n",
            "sizes.py": PARSE,
        }
    )
    (one,) = seen.overlaps
    assert (one.kind, one.path, one.symbol, one.strong) == ("same_symbol", "sizes.py", "parse", True)
    assert one.reason == "“accept upper case” changes `parse()`, which “say what `parse()` refused” names."
    assert serialised(seen.plan, seen.overlaps).waves() == (
        ("accept-upper-case",),
        ("say-what-parse-refused",),
    )


def test_two_goals_that_change_one_symbol_touch_it_both(look: Look) -> None:
    tasks = [
        Task(id="a", title="parse() accepts spaces", brief="Do.", files=("sizes.py",)),
        Task(id="c", title="Speed up `parse`", brief="Do.", files=("sizes.py",)),
    ]
    seen = look({"sizes.py": PARSE}, tasks)
    (one,) = seen.overlaps
    assert one.reason == "“parse() accepts spaces” and “Speed up `parse`” both touch `parse()`."
    assert (one.kind, one.strong, one.first, one.second) == ("same_symbol", True, "a", "c")


def test_a_todo_is_about_the_symbol_right_below_it(look: Look) -> None:
    body = "@cache\ndef parse(text):\n    return text\n"
    seen = look(
        {
            "above.py": f"# TODO: refuse spaces\n# at either end\n{body}",
            "apart.py": f"# TODO: split this module\n\n\n{body}",
            "script.ts": "/** TODO: refuse spaces, too */\nexport function parse(s) {\n  return s;\n}\n",
        }
    )
    assert [facts.changes for facts in seen.facts] == [
        (("above.py", "parse"),),
        (),
        (("script.ts", "parse"),),
    ]


def test_a_method_is_part_of_its_class(look: Look) -> None:
    seen = look(
        {
            "table.py": (
                "# TODO: make it immutable\nclass Table:\n    def __init__(self):\n        self.rows = []\n\n"
                + "\n" * 20
                + "    def to_html(self):\n        # TODO: escape cells\n        return str(self.rows)\n"
            )
        }
    )
    assert seen.told() == [("same_symbol", "table.py", "Table", False)]
    assert "`Table.to_html()` is part of it" in seen.overlaps[0].reason


def test_a_caller_is_told_of_a_change_and_waits_for_one_of_the_interface(look: Look) -> None:
    files = {
        "money.py": "def to_cents(amount):\n    # TODO: round half up\n    return round(amount, 2)\n",
        "app.py": (
            "from money import to_cents\n\n\ndef total(items):\n    # TODO: add the fee\n"
            "    return to_cents(sum(items))\n"
        ),
    }
    seen = look(files)
    (one,) = seen.overlaps
    assert (one.kind, one.path, one.symbol, one.strong) == ("calls", "money.py", "to_cents", False)
    assert one.reason == "“round half up” changes `to_cents()`, which “add the fee” uses in `total()`."


def test_callers_wait_for_a_change_that_they_will_notice(look: Look) -> None:
    seen = look(
        {
            "app.py": (
                "import lib.money as money\n\n\ndef total(items):\n    # TODO: add the fee\n"
                "    return money.to_cents(sum(items))\n"
            ),
            "lib/__init__.py": "",
            "lib/money.py": "def to_cents(amount):\n    # TODO: take a currency parameter\n    pass\n",
        }
    )
    (one,) = seen.overlaps
    assert (one.kind, one.strong, one.first, one.second) == (
        "calls",
        True,
        "take-a-currency-parameter",
        "add-the-fee",
    )


def test_calls_are_seen_through_a_package_that_hands_them_on(look: Look) -> None:
    seen = look(
        {
            "app.py": (
                "from lib import to_cents\n\n\ndef total(items):\n    # TODO: add the fee\n"
                "    return to_cents(sum(items))\n"
            ),
            "lib/__init__.py": "from lib.money import to_cents\n",
            "lib/money.py": "def to_cents(amount):\n    # TODO: round half up\n    return amount\n",
        }
    )
    assert seen.told() == [("calls", "lib/money.py", "to_cents", False)]


def test_a_name_without_an_import_is_another_symbol(look: Look) -> None:
    seen = look(
        {
            "a.py": "def load(x):\n    # TODO: cache it\n    return x\n",
            "b.py": "from json import load\n\ndef read(x):\n    # TODO: close the file\n    return load(x)\n",
        }
    )
    assert seen.overlaps == ()


def test_names_in_comments_and_strings_are_no_calls(look: Look) -> None:
    seen = look(
        {
            "a.py": "def load(x):\n    # TODO: cache it\n    return x\n",
            "b.py": (
                "from a import load\n\n\ndef read(x):\n    # TODO: close the file\n"
                '    x = 1  # load(x) was here\n    return "load(x)"\n'
            ),
        }
    )
    assert seen.overlaps == ()


def test_one_file_in_different_places_runs_side_by_side(look: Look) -> None:
    seen = look(
        {
            "sizes.py": (
                "def girth(p):\n    # TODO: use metres\n    return p\n\n\n"
                "def width(p):\n    # TODO: use inches\n    return p\n"
            )
        }
    )
    (one,) = seen.overlaps
    assert (one.kind, one.strong) == ("same_file", False)
    assert one.reason == "“use metres” and “use inches” both touch sizes.py, in different places."
    assert len(serialised(seen.plan, seen.overlaps).waves()) == 1


def test_lines_close_together_go_one_after_the_other(look: Look) -> None:
    seen = look({"rates.py": "# TODO: use the new rates\nRATE = 2\n# TODO: document the fee\nFEE = 3\n"})
    (one,) = seen.overlaps
    assert (one.kind, one.strong) == ("same_file", True)
    assert one.reason.endswith("touch lines close together in rates.py.")


def test_a_file_that_words_name_is_told(look: Look) -> None:
    seen = look(
        {
            "docs.md": "<!-- TODO: describe what rates.py holds -->\n",
            "rates.py": "def rate():\n    # TODO: round\n    return 2\n",
        }
    )
    assert seen.told() == [("same_file", "rates.py", None, False)]


def test_one_test_that_covers_both_is_told(look: Look) -> None:
    seen = look(
        {
            "a.py": "def area(w):\n    # TODO: refuse zero\n    return w\n",
            "b.py": "def name(w):\n    # TODO: greet\n    return w\n",
            "tests/test_apart.py": "from a import area\n\ndef test_area():\n    assert area(1)\n",
            "tests/test_both.py": (
                "from a import area\nfrom b import name\n\n\ndef test_alone():\n    assert area(1)\n\n\n"
                "def test_whole():\n    assert name(area(1))\n"
            ),
        }
    )
    assert seen.told() == [("same_test", "tests/test_both.py", "test_whole", False)]
    assert seen.overlaps[0].reason == (
        "The test `test_whole()` in tests/test_both.py covers what “refuse zero” and “greet” change."
    )


def test_typescript_calls_imports_and_tests(look: Look) -> None:
    seen = look(
        {
            "src/money.ts": (
                "export const toCents = (amount: number): number => {\n  // TODO: rename to cents()\n"
                "  return Math.round(amount * 100);\n};\n"
            ),
            "src/index.ts": 'export * from "./money";\n',
            "src/cart.ts": (
                'import { toCents } from ".";\n\nexport class Cart {\n  total(items: number[]): number {\n'
                "    // TODO: add the fee\n    return toCents(items.length);\n  }\n}\n"
            ),
            "src/cart.test.ts": (
                'import { Cart } from "./cart.js";\nimport { toCents } from "@/money";\n\n'
                'test("both", () => {\n  expect(toCents(new Cart().total([]))).toBe(0);\n});\n'
            ),
        }
    )
    assert seen.told() == [
        ("calls", "src/money.ts", "toCents", True),
        ("same_test", "src/cart.test.ts", None, False),
    ]
    assert "which “add the fee” uses in `Cart.total()`" in seen.overlaps[0].reason


def test_javascript_with_require(look: Look) -> None:
    seen = look(
        {
            "lib/a.js": "function load(x) {\n  // TODO: cache\n  return x;\n}\nmodule.exports = { load };\n",
            "b.js": (
                "const { load } = require('./lib/a');\nfunction read(x) {\n  // TODO: close the file\n"
                "  return load(x);\n}\n"
            ),
        }
    )
    assert seen.told() == [("calls", "lib/a.js", "load", False)]


def test_a_property_is_used_without_a_call(look: Look) -> None:
    seen = look(
        {
            "sizes.py": (
                "class Parcel:\n    @property\n    def billable_weight(self):\n"
                "        # TODO: bill the volume\n        return 1\n"
            ),
            "quote.py": (
                "from sizes import Parcel\n\n\ndef price(parcel: Parcel):\n    # TODO: insurance\n"
                "    return parcel.billable_weight\n"
            ),
        }
    )
    assert seen.told() == [("calls", "sizes.py", "Parcel.billable_weight", False)]


def test_what_several_name_is_found_in_a_third_file(look: Look) -> None:
    seen = look(
        {
            "a.py": "def one():\n    # TODO: log with `write_log()`\n    pass\n",
            "b.py": "def two():\n    # TODO: let write_log tell the time\n    pass\n",
            "log.py": "def write_log(text):\n    print(text)\n",
        }
    )
    assert seen.told() == [("same_symbol", "log.py", "write_log", False)]


def test_a_file_is_read_once_until_it_changes() -> None:
    outliner = LayoutOutliner()
    first = outliner.read("a.py", PARSE)
    assert outliner.read("a.py", PARSE) is first
    assert outliner.read("a.py", PARSE + "\n") is not first
    assert outliner.read("a.unknown", "x") is None
