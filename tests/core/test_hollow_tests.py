"""Which tests cannot fail, and which only look like it."""

from __future__ import annotations

import pytest

from contextune.core.proof.hollow_tests import hollow_tests
from contextune.core.proof.suites import weakening


@pytest.mark.parametrize(
    "body",
    [
        "pass",
        '"""Later."""',
        "assert True",
        "assert 1",
        'assert (total == 3, "three")',
        "assert x == x",
        "assert total == 3 or True",
        "assert not False",
        "self.assertTrue(True)",
        "self.assertEqual(1, 1)",
        "return",
        "try:\n        assert total() == 3\n    except Exception:\n        pass",
        "try:\n        assert total() == 3\n    except:\n        ...",
    ],
)
def test_it_cannot_fail(body: str) -> None:
    assert hollow_tests(f"def test_it(self):\n    {body}\n") == {"test_it"}


@pytest.mark.parametrize(
    "body",
    [
        "assert total() == 3",
        "assert read() == read()",
        "total()",
        "assert False",
        "assert ()",
        "self.assertTrue(total())",
        "self.assertEqual(total(), 3)",
        "with pytest.raises(ValueError):\n        total(-1)",
        "try:\n        total(-1)\n    except ValueError:\n        pass",
        "assert True\n    assert total() == 3",
    ],
)
def test_it_can_fail(body: str) -> None:
    assert hollow_tests(f"def test_it(self):\n    {body}\n") == frozenset()


def test_what_is_no_python_has_none() -> None:
    assert hollow_tests("test('it', () => {})") == frozenset()


def test_a_test_that_became_hollow_is_weakened() -> None:
    before = {"tests/test_a.py": "def test_sum():\n    assert total() == 3\n\ndef test_old():\n    pass\n"}
    after = {"tests/test_a.py": "def test_sum():\n    assert True\n\ndef test_old():\n    pass\n"}
    assert weakening(before, after) == ((), ("tests/test_a.py::test_sum",))
