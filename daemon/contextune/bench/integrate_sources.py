"""A generated repository of Python and TypeScript, for agents that write in it."""

from __future__ import annotations

MODULES = 24
"""Of each language."""
FUNCTIONS = ("load", "price", "check", "store", "report")


def repository(extra: int = 0) -> dict[str, str]:
    """The files of the repository; `extra` more, which nothing touches."""
    files = {f"shop/m{n}.py": python_module(n) for n in range(MODULES)}
    files |= {f"web/m{n}.ts": script_module(n) for n in range(MODULES)}
    files |= {f"shop/use{n}.py": python_user(n) for n in range(MODULES)}
    files |= {f"web/use{n}.ts": script_user(n) for n in range(MODULES)}
    files |= {"shop/__init__.py": "", "README.md": "# Shop\n"}
    return files | {f"data/d{n // 100}/f{n}.txt": f"row {n}\n" * 20 for n in range(extra)}


def python_module(n: int) -> str:
    """One of the Python modules."""
    functions = "\n\n".join(
        f"def {name}_{n}(item, count=1):\n"
        f'    """{name.capitalize()} an item."""\n'
        f"    total = item * {n + place}\n"
        f"    for _ in range(count):\n"
        f"        total += {place}\n"
        f"    return total\n"
        for place, name in enumerate(FUNCTIONS)
    )
    return (
        f'"""Module {n}."""\n\nLIMIT_{n} = {n + 10}\n\n\n'
        f"class Box{n}:\n"
        f"    def __init__(self, size):\n        self.size = size\n\n"
        f"    def fill_{n}(self, amount):\n        self.size += amount\n        return self.size\n\n"
        f"    def drain(self, amount, times=1):\n        return self.size - amount * times\n\n\n{functions}"
    )


def script_module(n: int) -> str:
    """One of the TypeScript modules."""
    functions = "\n".join(
        f"export function {name}{n}(item: number, count = 1): number {{\n"
        f"  let total = item * {n + place};\n"
        f"  for (let i = 0; i < count; i++) {{\n"
        f"    total += {place};\n"
        f"  }}\n"
        f"  return total;\n"
        f"}}\n"
        for place, name in enumerate(FUNCTIONS)
    )
    return (
        f"export class Crate{n} {{\n"
        f"  constructor(private size: number) {{}}\n\n"
        f"  fill{n}(amount: number): number {{\n    return this.size + amount;\n  }}\n}}\n\n{functions}"
    )


def python_user(n: int) -> str:
    """A module that uses one of those."""
    return (
        f"from shop.m{n} import load_{n}\n\n\ndef start_{n}():\n    return load_{n}(1)\n\n\n"
        f"def stop_{n}():\n    return {n}\n"
    )


def script_user(n: int) -> str:
    """A script that uses one of those."""
    return (
        f'import {{ load{n} }} from "./m{n}";\n\nexport function start{n}() {{\n  return load{n}(1);\n}}\n\n'
        f"export function stop{n}() {{\n  return {n};\n}}\n"
    )
