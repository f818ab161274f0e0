"""Each test here tells which hostile inputs it is about."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.engine.conftest import MakeDesk, _alone, desk, one_certificate

__all__ = ["MakeDesk", "_alone", "desk", "one_certificate"]


@pytest.fixture(autouse=True)
def _counted(request: pytest.FixtureRequest, record_property: Callable[[str, object], None]) -> None:
    for mark in request.node.iter_markers("hostile"):
        for number in mark.args:
            record_property("hostile", number)
