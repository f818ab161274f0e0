"""An issue on GitHub, made once the person agrees to what it says and where it goes."""

from __future__ import annotations

from argparse import Namespace

from contextune.cli.asking import consent, someone_is_there
from contextune.cli.output import Output
from contextune.core.errors import UsageProblem
from contextune.engine.application import Application
from contextune.engine.forge.drafts import IssueDraft


async def offer(app: Application, draft: IssueDraft, given: Namespace, out: Output) -> bool:
    """Make an issue if the person agrees; whether there is one now. Raises ContextuneError."""
    where = await app.forge.destination(given.path)
    about = f"This makes an issue in {where.full_name}: {draft.title}"
    if given.yes:
        out.note(about)
    elif not someone_is_there():
        raise UsageProblem(f"{about}. Nobody is there to agree to that. Add --yes.")
    elif not await consent(out, f"{about}. Make it?"):
        return False
    reported = await app.forge.report(given.path, draft)
    number, url = reported.issue.number, reported.issue.url
    if out.as_json:
        out.line({"kind": "issue", "number": number, "url": url, "found": reported.found})
    out.say(f"Issue #{number} {'says that already' if reported.found else 'is made'}: {url}")
    return True
