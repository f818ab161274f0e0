"""An open Quote as an editor sees it: what is sent, with sizes, and nothing of what is unticked."""

from __future__ import annotations

import msgspec
import pytest

from contextune.protocol.quote_views import open_quote_view, size_text
from contextune.protocol.views import SentFileView
from tests.protocol import samples as s


def test_the_files_of_ticked_tasks_are_sent_once_each_with_their_sizes() -> None:
    quote = msgspec.structs.replace(s.make_quote(), server="api.anthropic.com")
    paths = dict.fromkeys(path for task in quote.plan.tasks for path in task.files)
    view = open_quote_view(quote, dict.fromkeys(paths, 12_440), can_restore=True)
    assert view.can_restore
    assert view.sent_files == tuple(
        SentFileView(path=path, size=12_440, size_text="12.4 kB") for path in paths
    )
    assert view.sent_files_text == "1 file, 12.4 kB"
    assert view.sent_to == "api.anthropic.com"
    assert view.sent_to in view.sent_text


def test_what_a_task_is_to_make_is_new() -> None:
    quote = msgspec.structs.replace(s.make_quote(), server="api.anthropic.com")
    assert [file.size_text for file in open_quote_view(quote, {}, can_restore=False).sent_files] == ["new"]


def test_nothing_is_sent_where_the_model_is_on_this_machine() -> None:
    view = open_quote_view(s.make_quote(), {}, can_restore=False)
    assert (view.sent_files, view.sent_files_text) == ((), "")


def test_what_an_unticked_task_shares_is_told_no_more() -> None:
    quote = s.make_quote()
    assert quote.overlaps
    alone = msgspec.structs.replace(quote, left_out=(quote.plan.tasks[0].id,))
    assert open_quote_view(alone, {}, can_restore=True).overlaps == ()


@pytest.mark.parametrize(
    ("size", "text"),
    [
        (0, "0 B"),
        (999, "999 B"),
        (1_000, "1.0 kB"),
        (999_949, "999.9 kB"),
        (999_950, "1.0 MB"),
        (3_140_000, "3.1 MB"),
    ],
)
def test_sizes_are_rounded_for_people(size: int, text: str) -> None:
    assert size_text(size) == text
