"""Of a Run that was told of, only Tasks that changed are told again, and together they are all of it."""

from __future__ import annotations

import msgspec

from contextune.protocol.convert import run_view
from contextune.server.told import Told
from tests.protocol import samples


def test_only_tasks_that_changed_are_sent_again_and_all_are_named() -> None:
    told = Told()
    before, after = samples.make_run(), samples.make_run(*samples.started("add-kilos"))
    first, second = told.news(run_view(before)), told.news(run_view(after))
    assert first.task_ids is None
    assert first.run == run_view(before)
    assert second.task_ids == ("round-up", "add-kilos")
    (changed,) = second.run.tasks
    assert changed == run_view(after).tasks[1]
    assert msgspec.structs.replace(second.run, tasks=()) == msgspec.structs.replace(run_view(after), tasks=())
    assert told.news(run_view(after)).run.tasks == ()


def test_another_run_is_told_whole() -> None:
    told = Told()
    told.news(run_view(samples.make_run()))
    assert told.news(run_view(samples.make_run(run_id="r_2"))).task_ids is None
