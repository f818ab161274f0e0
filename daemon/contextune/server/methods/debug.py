"""`contextune/debug/*`."""

from __future__ import annotations

from pathlib import Path

from contextune.protocol.params import BundleMemberView, DebugBundleParams, DebugBundleResult
from contextune.server.session import Session


async def bundle(session: Session, params: DebugBundleParams) -> DebugBundleResult:
    """Pack what a bug report needs, for the first folder of the workspace, or only tell what."""
    application = await session.application()
    run_id = None if params.run_id is None else (await application.run(params.run_id)).id
    members = await application.bundles.gather(
        next(iter(session.folders), None),
        run_id,
        logs=() if params.logs is None else (Path(params.logs),),
        editor=params.editor,
        with_content=params.with_content,
    )
    if not params.dry_run:
        await application.bundles.write(Path(params.output), members)
    views = [BundleMemberView(name=m.name, about=m.about, size_bytes=len(m.content)) for m in members]
    return DebugBundleResult(path=params.output, members=tuple(views))
