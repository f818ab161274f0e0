"""Which test file belongs to a source file, by name, by place, by import; and what a new one is called."""

from __future__ import annotations

import pytest

from contextune.core.source.suite_layout import SuiteLayout

PYTHON = ("app/money.py", "app/web/views.py", "app/api/views.py", "tests/test_money.py")
MIRRORED = (*PYTHON, "tests/web/test_views.py", "tests/api/test_views.py", "tests/conftest.py")
BESIDE = ("src/cart.ts", "src/cart.test.ts", "src/list/row.tsx", "src/list/row.spec.tsx", "src/pay.ts")
GO = ("store/disk.go", "store/disk_test.go", "store/memory.go")


@pytest.mark.parametrize(
    ("files", "path", "expected"),
    [
        (PYTHON, "app/money.py", "tests/test_money.py"),
        (PYTHON, "app/web/views.py", None),
        (MIRRORED, "app/web/views.py", "tests/web/test_views.py"),
        (MIRRORED, "app/api/views.py", "tests/api/test_views.py"),
        (BESIDE, "src/cart.ts", "src/cart.test.ts"),
        (BESIDE, "src/list/row.tsx", "src/list/row.spec.tsx"),
        (BESIDE, "src/pay.ts", None),
        (GO, "store/disk.go", "store/disk_test.go"),
        (GO, "store/memory.go", None),
        (("lib/a.rb", "spec/a_spec.rb"), "lib/a.rb", "spec/a_spec.rb"),
        (("a.py", "test_a.js"), "a.py", None),
        (("Makefile",), "Makefile", None),
    ],
)
def test_a_name_tells_the_test_file(files: tuple[str, ...], path: str, expected: str | None) -> None:
    assert SuiteLayout(files).named(path) == expected


@pytest.mark.parametrize(
    ("files", "path", "tail", "expected"),
    [
        (PYTHON, "app/web/views.py", "", "tests/test_views.py"),
        (PYTHON, "app/web/__init__.py", "", "tests/test_web.py"),
        (PYTHON, "app/__main__.py", "", "tests/test_main.py"),
        (PYTHON, "app/money.py", "", None),
        (PYTHON, "app/money.py", "rounding", "tests/test_money_rounding.py"),
        (MIRRORED, "app/web/forms.py", "", "tests/web/test_forms.py"),
        (BESIDE, "src/pay.ts", "", "src/pay.test.ts"),
        (BESIDE, "src/cart.ts", "limits", "src/cart_limits.test.ts"),
        (GO, "store/memory.go", "", "store/memory_test.go"),
        (PYTHON, "docs/index.md", "", None),
        (("a.py", "b.py"), "a.py", "", None),
    ],
)
def test_a_new_test_file_follows_the_ones_that_are_there(
    files: tuple[str, ...], path: str, tail: str, expected: str | None
) -> None:
    assert SuiteLayout(files).fresh(path, tail) == expected


def test_only_a_sole_importer_is_taken_for_the_test_of_a_file() -> None:
    layout = SuiteLayout(
        PYTHON, {"a.py": ["tests/test_x.py"], "b.py": ["tests/test_x.py", "tests/test_y.py"]}
    )
    assert layout.sole_importer("a.py") == "tests/test_x.py"
    assert layout.sole_importer("b.py") is None
    assert layout.sole_importer("c.py") is None
