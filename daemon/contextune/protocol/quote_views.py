"""An open Quote as an editor sees it, with what is known only while it is open."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from contextune.core.plain_text import one_line
from contextune.core.planning.quote import Quote
from contextune.protocol.convert import quote_view
from contextune.protocol.views import QuoteView, SentFileView
from contextune.protocol.words import counted, mark, t


def open_quote_view(quote: Quote, sizes: Mapping[str, int], *, can_restore: bool) -> QuoteView:
    """A Quote that waits to be approved. `sizes` has the bytes of the files that its Tasks name, by path."""
    files = sent_files(quote, sizes) if quote.server and not quote.offline else ()
    many = counted(len(files), mark("1 file"), mark("{count} files"))
    total = size_text(sum(file.size or 0 for file in files))
    return msgspec.structs.replace(
        quote_view(quote),
        sent_files=files,
        sent_files_text=f"{many}, {total}" if files else "",
        can_restore=can_restore,
    )


def sent_files(quote: Quote, sizes: Mapping[str, int]) -> tuple[SentFileView, ...]:
    """The files that the ticked Tasks of a Quote name, each once, in the order of the Tasks."""
    tasks = (quote.plan.task(priced.task_id) for priced in quote.chosen)
    found = dict.fromkeys(path for task in tasks for path in task.files)
    return tuple(_sent_file(path, sizes.get(path)) for path in found)


def size_text(size: int) -> str:
    """Bytes for people, such as `980 B`, `12.4 kB` or `3.1 MB`."""
    if size < 1_000:
        return f"{size} B"
    return f"{size / 1_000:.1f} kB" if size < 999_950 else f"{size / 1_000_000:.1f} MB"


def _sent_file(path: str, size: int | None) -> SentFileView:
    return SentFileView(
        path=one_line(path), size=size, size_text=t("new") if size is None else size_text(size)
    )
