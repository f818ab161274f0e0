"""Pairs of changes to a generated repository, of which it is known what comes of them together."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from random import Random
from typing import Literal, NamedTuple

from contextune.bench.integrate_sources import (
    FUNCTIONS,
    MODULES,
    python_module,
    python_user,
    script_module,
    script_user,
)

Outcome = Literal["disjoint", "textual", "semantic", "clean"]
"""Far apart; git cannot merge them; git merges them into broken code; near to each other, and fine."""


class Pair(NamedTuple):
    """Two changes, each as the new contents of files; None removes one."""

    outcome: Outcome
    variant: str
    first: Mapping[str, str | None]
    second: Mapping[str, str | None]
    symbol: str = ""
    """What a semantic break is about."""


def pairs(count: int, seed: int) -> list[Pair]:
    """As many pairs of each outcome, in a random order."""
    chance = Random(seed)  # noqa: S311 a seeded draw keeps no secret
    made = []
    for outcome, variants in _VARIANTS.items():
        for number in range(count // len(_VARIANTS)):
            name, make = variants[number % len(variants)]
            first, second, symbol = make(chance)
            if chance.random() < 0.5:
                first, second = second, first
            made.append(Pair(outcome, name, first, second, symbol))
    chance.shuffle(made)
    return made


Change = dict[str, str | None]
Made = tuple[Change, Change, str]
Make = Callable[[Random], Made]


def _py(n: int, old: str, new: str) -> Change:
    return _edited(f"shop/m{n}.py", python_module(n), old, new)


def _ts(n: int, old: str, new: str) -> Change:
    return _edited(f"web/m{n}.ts", script_module(n), old, new)


def _edited(path: str, text: str, old: str, new: str) -> Change:
    if old not in text or old == new:
        raise ValueError(f"{path} has no {old!r} to be changed.")
    return {path: text.replace(old, new, 1)}


def _number(chance: Random) -> int:
    return chance.randrange(MODULES)


def _two(chance: Random) -> tuple[int, int]:
    one, other = chance.sample(range(MODULES), 2)
    return one, other


def _user(n: int, body: str, imports: str) -> Change:
    text = python_user(n)
    return {f"shop/use{n}.py": f"{imports}\n{text}\n\ndef fresh_{n}(value):\n{body}"}


def _script(n: int, body: str, imports: str) -> Change:
    return {
        f"web/use{n}.ts": f"{imports}\n{script_user(n)}\nexport function fresh{n}(value: any) {{\n{body}}}\n"
    }


# Far apart.


def _far_edits(chance: Random) -> Made:
    one, other = _two(chance)
    return _py(one, f"item * {one}", "item * 700"), _py(other, f"item * {other}", "item * 900"), ""


def _far_languages(chance: Random) -> Made:
    one, other = _two(chance)
    return _py(one, f"LIMIT_{one} =", f"MOST = 3\nLIMIT_{one} ="), _ts(other, "total += 1", "total += 2"), ""


def _far_files(chance: Random) -> Made:
    one, other = _two(chance)
    return (
        {f"shop/new{one}.py": f"def new_{one}():\n    return 1\n"},
        _ts(other, "this.size +", "this.size -"),
        "",
    )


def _far_removed(chance: Random) -> Made:
    one, other = _two(chance)
    return {f"shop/use{one}.py": None}, _py(other, f"total = item * {other}", "total = item"), ""


# What git cannot merge.


def _same_line(chance: Random) -> Made:
    n, place = _number(chance), chance.randrange(5)
    old = f"item * {n + place}\n"
    return _py(n, old, "item * 77\n"), _py(n, old, "item - 5\n"), ""


def _next_line(chance: Random) -> Made:
    n = _number(chance)
    return (
        _ts(n, f"item * {n + 2};", "item;"),
        _ts(
            n,
            f"item * {n + 2};\n  for (let i = 0; i < count",
            f"item * {n + 2};\n  for (let i = 1; i < count",
        ),
        "",
    )


def _same_place(chance: Random) -> Made:
    n = _number(chance)
    old = f"LIMIT_{n} = {n + 10}\n"
    return _py(n, old, f"{old}LOW = 1\n"), _py(n, old, f"{old}HIGH = 2\n"), ""


def _gone(chance: Random) -> Made:
    n = _number(chance)
    return {f"shop/m{n}.py": None}, _py(n, f"item * {n + 1}", "item * 300"), ""


def _both_new(chance: Random) -> Made:
    n = _number(chance)
    return {f"shop/new{n}.py": "A = 1\n"}, {f"shop/new{n}.py": "B = 2\n"}, ""


def _in_a_removed_function(chance: Random) -> Made:
    n = _number(chance)
    text = python_module(n)
    start, end = text.index(f"def price_{n}"), text.index(f"def check_{n}")
    return {f"shop/m{n}.py": text[:start] + text[end:]}, _py(n, f"item * {n + 1}\n", "item * 400\n"), ""


def _moved_and_new(chance: Random) -> Made:
    """One moves a file and changes a line; the other changes the same line where the file was."""
    n = _number(chance)
    moved = script_module(n).replace(f"item * {n + 1};", "item * 50;")
    return {f"web/m{n}.ts": None, f"web/moved{n}.ts": moved}, _ts(n, f"item * {n + 1};", "item * 60;"), ""


# What git merges into broken code.


def _call(n: int, name: str, call: str, user: int) -> Change:
    return _user(user, f"    return {call}\n", f"from shop.m{n} import {name}")


def _renamed(chance: Random) -> Made:
    (n, other), name = _two(chance), chance.choice(FUNCTIONS[1:])
    return (
        _py(n, f"def {name}_{n}(", f"def {name}_all_{n}("),
        _call(n, f"{name}_{n}", f"{name}_{n}(value)", other),
        f"{name}_{n}",
    )


def _renamed_by_module(chance: Random) -> Made:
    (n, other), name = _two(chance), chance.choice(FUNCTIONS[1:])
    use = _user(other, f"    return m{n}.{name}_{n}(value)\n", f"from shop import m{n}")
    return _py(n, f"def {name}_{n}(", f"def {name}_each_{n}("), use, f"{name}_{n}"


def _removed(chance: Random) -> Made:
    n, other = _two(chance)
    text = python_module(n)
    start, end = text.index(f"def check_{n}"), text.index(f"def store_{n}")
    use = _call(n, f"check_{n}", f"check_{n}(value, 2)", other)
    return {f"shop/m{n}.py": text[:start] + text[end:]}, use, f"check_{n}"


def _demands_more(chance: Random) -> Made:
    (n, other), name = _two(chance), chance.choice(FUNCTIONS[1:])
    change = _py(n, f"def {name}_{n}(item, count=1)", f"def {name}_{n}(item, count, unit)")
    return change, _call(n, f"{name}_{n}", f"{name}_{n}(value, 3)", other), f"{name}_{n}"


def _takes_less(chance: Random) -> Made:
    (n, other), name = _two(chance), chance.choice(FUNCTIONS[1:])
    change = _py(n, f"def {name}_{n}(item, count=1)", f"def {name}_{n}(item)")
    return change, _call(n, f"{name}_{n}", f"{name}_{n}(value, count=3)", other), f"{name}_{n}"


def _swapped(chance: Random) -> Made:
    (n, other), name = _two(chance), chance.choice(FUNCTIONS[1:])
    change = _py(n, f"def {name}_{n}(item, count=1)", f"def {name}_{n}(count, item)")
    return change, _call(n, f"{name}_{n}", f"{name}_{n}(value, 3)", other), f"{name}_{n}"


def _in_one_file(chance: Random) -> Made:
    n = _number(chance)
    change = _py(n, f"def price_{n}(item, count=1)", f"def price_{n}(item, *, unit)")
    return (
        change,
        {f"shop/m{n}.py": python_module(n) + f"\n\ndef late_{n}():\n    return price_{n}(1)\n"},
        f"price_{n}",
    )


def _method(chance: Random) -> Made:
    n, other = _two(chance)
    body = f"    box = Box{n}(value)\n    return box.fill_{n}(2)\n"
    change = _py(n, f"def fill_{n}(self, amount)", f"def fill_{n}(self, amount, unit)")
    return change, _user(other, body, f"from shop.m{n} import Box{n}"), f"Box{n}.fill_{n}"


def _untyped_method(chance: Random) -> Made:
    """Nothing in the file that calls it says whose method it is."""
    n, other = _two(chance)
    change = _py(n, "def drain(self, amount, times=1)", "def drain(self, amount, times, unit)")
    return change, _user(other, "    return value.drain(2)\n", ""), f"Box{n}.drain"


def _making(chance: Random) -> Made:
    n, other = _two(chance)
    change = _py(n, "def __init__(self, size):", "def __init__(self, size, owner):")
    return change, _call(n, f"Box{n}", f"Box{n}(value)", other), f"Box{n}"


def _constant(chance: Random) -> Made:
    n, other = _two(chance)
    return _py(n, f"LIMIT_{n} =", f"MOST_{n} ="), _call(n, f"LIMIT_{n}", f"LIMIT_{n}", other), f"LIMIT_{n}"


def _script_renamed(chance: Random) -> Made:
    (n, other), name = _two(chance), chance.choice(FUNCTIONS[1:])
    use = _script(other, f"  return {name}{n}(value);\n", f'import {{ {name}{n} }} from "./m{n}";')
    return _ts(n, f"function {name}{n}(", f"function {name}All{n}("), use, f"{name}{n}"


def _script_demands_more(chance: Random) -> Made:
    (n, other), name = _two(chance), chance.choice(FUNCTIONS[1:])
    use = _script(other, f"  return m.{name}{n}(value);\n", f'import * as m from "./m{n}";')
    old = f"function {name}{n}(item: number, count = 1)"
    return _ts(n, old, f"function {name}{n}(item: number, count: number)"), use, f"{name}{n}"


def _script_method(chance: Random) -> Made:
    n, other = _two(chance)
    body = f"  const crate = new Crate{n}(value);\n  return crate.fill{n}(2);\n"
    use = _script(other, body, f'import {{ Crate{n} }} from "./m{n}";')
    return _ts(n, f"fill{n}(amount: number)", f"pour{n}(amount: number)"), use, f"Crate{n}.fill{n}"


def _both_define(chance: Random) -> Made:
    n = _number(chance)
    first = _py(n, f"LIMIT_{n} = {n + 10}\n", f"LIMIT_{n} = {n + 10}\n\n\ndef tax_{n}():\n    return 1\n")
    return first, {f"shop/m{n}.py": python_module(n) + f"\n\ndef tax_{n}():\n    return 2\n"}, f"tax_{n}"


# Near to each other, and fine.


def _near_lines(chance: Random) -> Made:
    n = _number(chance)
    return _py(n, f"item * {n}\n", "item * 800\n"), _py(n, f"item * {n + 1}\n", "item * 900\n"), ""


def _wider(chance: Random) -> Made:
    (n, other), name = _two(chance), chance.choice(FUNCTIONS[1:])
    change = _py(n, f"def {name}_{n}(item, count=1)", f"def {name}_{n}(item, count=1, unit=None)")
    return change, _call(n, f"{name}_{n}", f"{name}_{n}(value, 3)", other), ""


def _other_body(chance: Random) -> Made:
    (n, other) = _two(chance)
    return _py(n, f"item * {n + 1}\n", "item * 900\n"), _call(n, f"price_{n}", f"price_{n}(value)", other), ""


def _name_of_another(chance: Random) -> Made:
    """A function of the same name, of a module of the user's own."""
    (n, other), name = _two(chance), chance.choice(FUNCTIONS[1:])
    use = _user(other, f"    return {name}_{n}(value)\n", f"from elsewhere import {name}_{n}")
    return _py(n, f"def {name}_{n}(", f"def {name}_all_{n}("), use, ""


def _method_of_another(chance: Random) -> Made:
    n, other = _two(chance)
    body = f"    crate = Crate(value)\n    return crate.fill_{n}(2)\n"
    change = _py(n, f"def fill_{n}(self, amount)", f"def fill_{n}(self, amount, unit)")
    return change, _user(other, body, "from elsewhere import Crate"), ""


def _renamed_alone(chance: Random) -> Made:
    n, other = _two(chance)
    use = _call(n, f"store_{n}", f"store_{n}(value)", other)
    return _py(n, f"def price_{n}(", f"def cost_{n}("), use, ""


def _both_call(chance: Random) -> Made:
    n, one = _two(chance)
    other = (one + 1) % MODULES
    call = (f"price_{n}", f"price_{n}(value)")
    return _call(n, *call, one), _call(n, *call, other), ""


def _parameter_renamed(chance: Random) -> Made:
    n, other = _two(chance)
    change = _py(n, f"def price_{n}(item, count=1)", f"def price_{n}(thing, count=1)")
    return change, _call(n, f"price_{n}", f"price_{n}(value, count=2)", other), ""


def _script_wider(chance: Random) -> Made:
    n, other = _two(chance)
    use = _script(other, f"  return price{n}(value);\n", f'import {{ price{n} }} from "./m{n}";')
    old = f"function price{n}(item: number, count = 1)"
    return _ts(n, old, f"function price{n}(item: number, count = 1, unit?: string)"), use, ""


def _script_word(chance: Random) -> Made:
    """The old name in a string, a comment and a key."""
    n, other = _two(chance)
    body = f'  // price{n}(value)\n  return {{ price{n}: "price{n}(1)" }};\n'
    return _ts(n, f"function price{n}(", f"function cost{n}("), _script(other, body, f'import "./m{n}";'), ""


_VARIANTS: dict[Outcome, Sequence[tuple[str, Make]]] = {
    "disjoint": [
        ("edits", _far_edits),
        ("languages", _far_languages),
        ("a new file", _far_files),
        ("a removed file", _far_removed),
    ],
    "textual": [
        ("the same line", _same_line),
        ("the next line", _next_line),
        ("added at one place", _same_place),
        ("a removed file", _gone),
        ("the same new file", _both_new),
        ("in a removed function", _in_a_removed_function),
        ("in a moved file", _moved_and_new),
    ],
    "semantic": [
        ("renamed", _renamed),
        ("renamed, called by its module", _renamed_by_module),
        ("removed", _removed),
        ("demands more", _demands_more),
        ("takes less", _takes_less),
        ("swapped", _swapped),
        ("in one file", _in_one_file),
        ("method", _method),
        ("method of an unknown object", _untyped_method),
        ("making", _making),
        ("constant", _constant),
        ("script, renamed", _script_renamed),
        ("script, demands more", _script_demands_more),
        ("script, method", _script_method),
        ("both define", _both_define),
    ],
    "clean": [
        ("near lines", _near_lines),
        ("wider", _wider),
        ("another body", _other_body),
        ("a name of another module", _name_of_another),
        ("a method of another class", _method_of_another),
        ("renamed alone", _renamed_alone),
        ("both call", _both_call),
        ("a parameter renamed", _parameter_renamed),
        ("script, wider", _script_wider),
        ("script, only a word", _script_word),
    ],
}
