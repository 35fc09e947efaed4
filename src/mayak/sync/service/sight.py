"""Whether the source still shows what everything else hangs on."""

from mayak.sync.model import TITLES
from mayak.sync.service import attio, comparing
from mayak.sync.service.rules import rules_of
from mayak.sync.service.settling import WATCHED
from mayak.sync.service.work import Work


async def look_for_sight(work: Work) -> None:
    """Learn whether teams or inboxes that we know are out of sight: then much else is, too.

    Raises Upstream when the source cannot be asked.
    """
    stream = next((one for one in work.streams if one.name in WATCHED), None)
    if stream is None:
        return
    rules = await rules_of(work, stream, attio.Companies())
    outcome = await comparing.compare(work, stream, rules)
    if gone := [one for one in outcome.differences if one.deletes]:
        names = ", ".join(str(one.detail.get("known", {}).get("name")) for one in gone[:3])
        work.untrusted = (
            f"{TITLES[work.connector]} does not show {len(gone)} of "
            f"{outcome.compared.local_count} {stream.name} any more: {names}."
        )
