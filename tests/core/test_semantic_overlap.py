"""Two changes that git merges: which of them do not fit together, and which only look so."""

from __future__ import annotations

import pytest

from contextune.core.overlap.clash_lines import added_lines
from contextune.core.overlap.semantic_overlap import ChangedFile, changed_file, rifts
from contextune.core.source.module_names import is_script
from contextune.core.source.python_facts import python_facts
from contextune.core.source.script_facts import script_facts

MONEY = """\
class Purse:
    def __init__(self, owner):
        self.owner = owner

    def take(self, amount):
        return amount


def price(hours, rate=2):
    return hours * rate


def fee():
    return 1
"""
TS_MONEY = """\
export class Purse {
  constructor(private owner: string) {}
  take(amount: number): number {
    return amount;
  }
}

export function price(hours: number, rate = 2): number {
  return hours * rate;
}

export const fee = () => 1;
"""


def change(path: str, before: str, after: str) -> ChangedFile:
    read = script_facts if is_script(path) else python_facts
    return changed_file(path, read(before), read(after), added_lines(before, after))


def money(old: str, new: str) -> ChangedFile:
    assert old in MONEY
    return change("shop/money.py", MONEY, MONEY.replace(old, new))


def script(old: str, new: str) -> ChangedFile:
    assert old in TS_MONEY
    return change("shop/money.ts", TS_MONEY, TS_MONEY.replace(old, new))


RENAMED = money("def price(", "def cost(")
NARROWER = money("def price(hours, rate=2)", "def price(hours)")
WIDER = money("def price(hours, rate=2)", "def price(hours, rate=2, tax=0)")
DEMANDING = money("def price(hours, rate=2)", "def price(hours, rate, tax)")
SWAPPED = money("def price(hours, rate=2)", "def price(rate, hours=2)")
GONE = money("\n\ndef fee():\n    return 1\n", "")
ASYNC = money("def fee", "async def fee")
TAKES_MORE = money("take(self, amount)", "take(self, amount, reason)")
MAKING = money("__init__(self, owner)", "__init__(self, owner, limit)")


@pytest.mark.parametrize(
    ("theirs", "code", "symbol"),
    [
        (RENAMED, "from shop.money import price\n\nx = price(1)\n", "price"),
        (RENAMED, "from shop.money import price as p\n\nx = p(1)\n", "price"),
        (RENAMED, "from shop import money\n\nx = money.price(1)\n", "price"),
        (RENAMED, "import shop.money as m\n\nx = [m.price]\n", "price"),
        (RENAMED, "from .money import price\n", "price"),
        (GONE, "from shop.money import *\n\nfee()\n", "fee"),
        (NARROWER, "from shop.money import price\n\nx = price(1, 3)\n", "price"),
        (NARROWER, "from shop.money import price\n\nx = price(1,\n    rate=3)\n", "price"),
        (DEMANDING, "from shop.money import price\n\nx = price(1)\n", "price"),
        (SWAPPED, "from shop.money import price\n\nx = price(1, 3)\n", "price"),
        (ASYNC, "from shop.money import fee\n\nx = fee()\n", "fee"),
        (TAKES_MORE, "from shop.money import Purse\n\nx = Purse('a')\nx.take(1)\n", "Purse.take"),
        (TAKES_MORE, "from shop.money import Purse\n\n\ndef f(x: Purse):\n    x.take(1)\n", "Purse.take"),
        (MAKING, "from shop.money import Purse\n\nx = Purse('a')\n", "Purse"),
    ],
)
def test_new_code_that_relies_on_what_the_other_changed(theirs: ChangedFile, code: str, symbol: str) -> None:
    mine = change("shop/use.py", "", code)
    for one, other in (((mine,), (theirs,)), ((theirs,), (mine,))):
        (rift,) = rifts(one, other)
        assert (rift.path, rift.symbol) == ("shop/money.py", symbol)
        assert "shop/use.py" in rift.reason


@pytest.mark.parametrize(
    ("theirs", "code"),
    [
        (RENAMED, "def price(x):\n    return x\n\n\nprice(1)\n"),
        (RENAMED, "from other.money2 import price\n\nprice(1)\n"),
        (RENAMED, "import catalogue\n\ncatalogue.price(1)\n"),
        (WIDER, "from shop.money import price\n\nprice(1, 3)\n"),
        (NARROWER, "from shop.money import price\n\nprice(1)\n"),
        (NARROWER, "from shop.money import price\n\nprice(*args)\n"),
        (DEMANDING, "from shop.money import price\n\nmap(price, [])\n"),
        (TAKES_MORE, "from other import Bag\n\nx = Bag()\nx.take(1)\n"),
        (TAKES_MORE, "def f(x):\n    return x.take(1)\n"),
        (GONE, "from shop.money import price\n\nprice(1)\n"),
        (RENAMED, "x = price(\n"),
    ],
)
def test_new_code_that_relies_on_nothing_that_changed(theirs: ChangedFile, code: str) -> None:
    assert rifts((change("shop/use.py", "", code),), (theirs,)) == ()


def test_code_that_was_there_before_is_the_others_own_to_mend() -> None:
    before = "from shop.money import price\n\nx = price(1)\n"
    assert rifts((change("shop/use.py", before, before + "y = 2\n"),), (RENAMED,)) == ()
    (rift,) = rifts((change("shop/use.py", before, before + "y = price(2)\n"),), (RENAMED,))
    assert rift.reason == "One renames `price` to `cost`; new code of shop/use.py calls it by its old name."


def test_one_file_that_both_change_and_methods_of_its_own_class() -> None:
    mine = money("return amount\n", "return amount\n\n    def give(self):\n        return self.take(1)\n")
    (rift,) = rifts((mine,), (TAKES_MORE,))
    assert (rift.symbol, rift.reason) == (
        "Purse.take",
        "One changes `Purse.take` to take (amount, reason) instead of (amount); "
        "new code of shop/money.py calls it the old way.",
    )
    assert rifts((money("    return 1\n", "    return int(price(1))\n"),), (WIDER,)) == ()


def test_both_add_one_name_to_a_file() -> None:
    first = money("def fee", "def tax():\n    return 1\n\n\ndef fee")
    second = change("shop/money.py", MONEY, MONEY + "\n\ndef tax():\n    return 2\n")
    assert [rift.reason for rift in rifts((first,), (second,))] == ["Both add `tax` to shop/money.py."]
    alike = change("shop/money.py", MONEY, MONEY + "\n\ndef tax():\n    return 1\n")
    assert rifts((first,), (alike,)) == ()


@pytest.mark.parametrize(
    ("theirs", "code", "symbol"),
    [
        (script("function price", "function cost"), "import { price } from './money';\nprice(1);\n", "price"),
        (
            script("function price", "function cost"),
            "import * as m from './money.js';\nm.price(1);\n",
            "price",
        ),
        (script("fee = () =>", "charge = () =>"), "import { fee as f } from '../shop/money';\nf();\n", "fee"),
        (
            script("rate = 2)", "rate: number, tax: number)"),
            "import { price } from './money';\nprice(1);\n",
            "price",
        ),
        (script("rate = 2)", "rate = 2, tax = 0)"), "import { price } from './money';\nprice(1, 2);\n", ""),
        (
            script("take(amount: number)", "take(amount: number, why: string)"),
            "import { Purse } from './money';\nconst p = new Purse('a');\np.take(1);\n",
            "Purse.take",
        ),
        (
            script("owner: string", "owner: string, limit: number"),
            "import { Purse } from './money';\nconst p = new Purse('a');\n",
            "Purse",
        ),
        (script("function price", "function cost"), "import { price } from './other';\nprice(1);\n", ""),
        (script("function price", "function cost"), "// price(1)\nconst x = { price: 1 };\n", ""),
        (
            script("fee = () => 1", "fee = (low: number) => low"),
            "const { fee } = require('./money');\nfee();\n",
            "fee",
        ),
    ],
)
def test_scripts(theirs: ChangedFile, code: str, symbol: str) -> None:
    found = rifts((change("shop/use.ts", "", code),), (theirs,))
    assert [rift.symbol for rift in found] == ([symbol] if symbol else [])
