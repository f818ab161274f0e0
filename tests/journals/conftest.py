"""`--record-journals` records the present version anew; without it, what is recorded is compared."""

from __future__ import annotations

import pytest

from tests.engine.conftest import _alone, desk, one_certificate

__all__ = ["_alone", "desk", "one_certificate"]


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--record-journals", action="store_true", help="record the journal of this version anew")
