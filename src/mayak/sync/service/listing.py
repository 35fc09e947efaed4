"""Inboxes, contacts and conversations: everything that comes in lists."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from mayak.connectors.base import Page, Record
from mayak.connectors.chatwoot import contact, inbox_ids
from mayak.errors import Upstream
from mayak.platform.db import Conn
from mayak.sync.model import (
    LISTING_EVERY,
    Saved,
    Scope,
    Stream,
    Verdict,
    merged_contact,
    poll_window,
)
from mayak.sync.queries import listings, mirror, walks
from mayak.sync.service.settling import too_many
from mayak.sync.service.work import Work

TRIES = 2
"""How often a listing that turns out to have holes is read in one run."""
DOUBTS = 100
"""Contacts that are asked for one by one in one run, to learn whether they still exist."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """How far a listing is; kept in the checkpoint, so that any later run can go on."""

    next: Mapping[str, Any]
    """The connector's own checkpoint."""
    started: datetime
    """The server's clock when the first page was asked for."""
    seen: int = 0
    """Different records that earlier runs saw in this listing."""
    tail: tuple[str, ...] = ()
    """What the last page showed: when it shows something else by now, rows have moved."""
    run_id: str = ""

    @classmethod
    def resumed(cls, kept: Mapping[str, Any]) -> "Listing":
        return cls(
            next=kept["next"],
            started=datetime.fromisoformat(kept["started"]),
            seen=kept["seen"],
            tail=tuple(kept.get("tail", ())),
            run_id=kept.get("run_id", ""),
        )

    def kept(self) -> dict[str, Any]:
        return {
            "next": dict(self.next),
            "started": self.started.isoformat(),
            "seen": self.seen,
            "tail": list(self.tail),
            "run_id": self.run_id,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Whole:
    """A listing that was read to its end and had no holes."""

    started: datetime
    ids: frozenset[str] | None
    """Everything it listed; None when an earlier run read a part of it."""


async def sync_inboxes(work: Work) -> bool:
    await work.begin("inboxes")
    page = await work.pull("inboxes", {})
    bound = [one for one in page.records if work.scope.holds(one.external_id)]
    rejected = [one for one in page.rejected if work.scope.holds(one.external_id)]
    async with work.writing() as conn:
        saved = await work.save(conn, "inbox", bound, observed_at=page.asked_at)
        await work.notice_drift(conn, "inboxes", bound)
        unreadable = {one.external_id for one in rejected if one.external_id}
        gone, held = 0, None
        if None not in {one.external_id for one in page.rejected}:
            present = {one.external_id for one in bound} | unreadable
            project_id = work.run.project_id
            absent = await walks.absent_inboxes(conn, project_id, present)
            held = too_many(work, "inboxes", absent, len(present) + absent)
            if held is None:
                gone = await walks.bury_inboxes(conn, project_id, present)
        await work.came_through(conn, "inboxes", "inbox", [one.external_id for one in bound])
        await work.quarantine(conn, "inboxes", rejected)
        await work.page(conn, "inboxes", rows=saved.written + gone)
    work.count("inbox", Saved(written=saved.written, deleted=gone, unchanged=saved.unchanged))
    listed = {one.external_id for one in page.records} | {
        one.external_id for one in page.rejected if one.external_id
    }
    lacking = _lacking(work.scope, listed) or held
    if lacking is not None:
        work.untrusted = lacking.cause
    return await work.finish("inboxes", lacking)


def _lacking(scope: Scope, listed: set[str]) -> Verdict | None:
    """The state when inboxes are bound that the account does not have; None when it has all."""
    absent = sorted((scope.inboxes or frozenset()) - listed, key=int)
    if not absent:
        return None
    return Verdict(
        status="partial",
        cause=f"The account has no inbox {', '.join(absent)}, which this project is bound to.",
        next_step="Bind the right ones with `mayak project bind PROJECT --inbox ID`.",
    )


async def sync_contacts(work: Work) -> bool:
    """Read all contacts, at most once a day: nothing tells which of them changed."""
    checkpoint = await work.begin("contacts")
    parts = [_key(work, part) for part in work.scope.parts]
    if checkpoint.get("parts") != parts:
        checkpoint = {}  # bound anew: contacts that were passed over before may now be ours
    again = checkpoint.get("listing") or "contacts" in work.retry_due or work.wish.thorough
    if not again and _fresh(checkpoint.get("listed_at"), work):
        return await work.finish("contacts")

    def kept(listing: Listing) -> dict[str, Any]:
        return {**checkpoint, "parts": parts, "listing": listing.kept()}

    whole = await _read(work, "contacts", {"page": 1}, checkpoint.get("listing"), kept)
    gone = [] if whole.ids is None else await _gone_contacts(work, whole.ids)
    held = None
    async with work.writing() as conn:
        live = await listings.live(conn, work.run.project_id, "contact")
        if (held := too_many(work, "contacts", len(gone), live)) is not None:
            gone = []
        buried = await walks.bury_contacts(conn, work.run.project_id, gone)
        work.count("contact", Saved(deleted=buried))
        done = {"parts": parts, "listed_at": whole.started.isoformat()}
        await work.page(conn, "contacts", rows=buried, checkpoint=done)
    return await work.finish("contacts", held or work.doubt(), fresh_until=whole.started)


async def sync_conversations(work: Work) -> bool:
    """Read what was touched since the last time, or all of it when that is not enough."""
    checkpoint = await work.begin("conversations")
    known = checkpoint.get("parts") or {}
    # A part that is no longer bound is forgotten: bound again, it is listed from its start.
    parts = {key: known.get(key) or {} for key in (_key(work, part) for part in work.scope.parts)}
    if work.wish.full and checkpoint.get("full_run") != str(work.run.run_id):
        async with work.writing() as conn:
            await walks.walk_again(conn, work.run.project_id, inbox_id=None, listed=[])
            kept = {"parts": parts, "full_run": str(work.run.run_id)}
            await work.page(conn, "conversations", rows=0, checkpoint=kept)
    started = work.server_now()
    held = None
    for part in work.scope.parts:
        held = await _sync_part(work, part, parts) or held
    return await work.finish("conversations", held or work.doubt(), fresh_until=started)


async def _sync_part(
    work: Work, inbox_id: str | None, parts: dict[str, dict[str, Any]]
) -> Verdict | None:
    """Bring one inbox up to date, or all of them; what is left to say."""
    key = _key(work, inbox_id)
    mine = parts[key]
    asked = {} if inbox_id is None else {"inbox_id": inbox_id}
    started = work.server_now()
    listed_at, watermark = _instant(mine.get("listed_at")), _instant(mine.get("watermark"))
    window = poll_window(watermark, listed_at=listed_at, at=started)
    again = mine.get("listing") or "conversations" in work.retry_due or work.wish.thorough
    if window is not None and not again:
        seconds = int(window.total_seconds()) + 1
        page = await work.pull("conversations", {**asked, "updated_within": seconds})
        parts[key] = {**mine, "watermark": started.isoformat()}
        await save_page(work, "conversations", page, {"parts": parts})
        return None

    def kept(listing: Listing) -> dict[str, Any]:
        return {"parts": {**parts, key: {**mine, "listing": listing.kept()}}}

    whole = await _read(work, "conversations", {**asked, "page": 1}, mine.get("listing"), kept)
    at = whole.started.isoformat()
    parts[key] = {"watermark": at, "listed_at": at}
    held = None
    async with work.writing() as conn:
        if whole.ids is not None:
            if len(work.scope.parts) == 1:
                work.totals["conversations"] = len(whole.ids)
            project_id = work.run.project_id
            live, unlisted = await walks.unlisted(
                conn, project_id, inbox_id=inbox_id, listed=whole.ids
            )
            held = too_many(work, "conversations", unlisted, live)
            if held is None:
                # Only the conversation itself can say that it is gone: its walk will ask.
                await walks.walk_again(conn, project_id, inbox_id=inbox_id, listed=whole.ids)
        await work.page(conn, "conversations", rows=0, checkpoint={"parts": parts})
    return held


async def _read(
    work: Work,
    stream: Stream,
    start: Mapping[str, Any],
    resume: Mapping[str, Any] | None,
    kept: Callable[[Listing], dict[str, Any]],
) -> Whole:
    """Read a listing to its end, a transaction a page.

    Pages are numbered, so rows that vanish meanwhile pull others over a page border that was
    already read. Such holes show in the totals, and the listing is read once more. Raises
    Upstream when it still has them: then nothing counts as listed. What an earlier run began is
    gone on with, if nothing has moved since; a full sync goes on with what it began itself.
    """
    listing = Listing.resumed(resume) if resume else None
    if listing is not None and work.wish.full and listing.run_id != str(work.run.run_id):
        listing = None
    if listing is not None and not await _still_there(work, stream, listing):
        listing = None
    for _ in range(TRIES):
        whole = await _read_once(work, stream, listing, start, kept)
        if whole is not None:
            return whole
        listing = None
    async with work.writing() as conn:
        fresh = Listing(next=start, started=work.server_now())
        await work.page(conn, stream, rows=0, checkpoint=kept(fresh))
    raise Upstream(work.source.name, f"the list of {stream} has holes", kind="server")


async def _still_there(work: Work, stream: Stream, listing: Listing) -> bool:
    """Whether the last page of a listing shows what it showed then. Rows that were deleted since
    have pulled others from the pages to come over to those that were read.
    """
    number = int(listing.next.get("page", 1)) - 1
    if number < 1:
        return True
    page = await work.pull(stream, {**listing.next, "page": number})
    return _listed(stream, page) == set(listing.tail)


async def _read_once(
    work: Work,
    stream: Stream,
    listing: Listing | None,
    start: Mapping[str, Any],
    kept: Callable[[Listing], dict[str, Any]],
) -> Whole | None:
    """None when the listing has holes."""
    whole_in_this_run = listing is None or not listing.seen
    at = listing or Listing(next=start, started=work.server_now())
    before, seen, largest = at.seen, set[str](), 0
    while True:
        page = await work.pull(stream, at.next)
        listed = _listed(stream, page)
        new = listed - seen
        seen |= new
        largest = max(largest, page.total or 0)
        at = Listing(
            next=page.checkpoint,
            started=at.started,
            seen=before + len(seen),
            tail=tuple(sorted(listed)),
            run_id=str(work.run.run_id),
        )
        await save_page(work, stream, page, kept(at))
        # A server that ignores the number of the page would otherwise be read for ever.
        if page.complete or not new:
            break
    if page.total is not None and (at.seen < page.total or page.total < largest):
        return None
    return Whole(started=at.started, ids=frozenset(seen) if whole_in_this_run else None)


def _listed(stream: Stream, page: Page) -> set[str]:
    """Everything a page lists, rejected rows too; those without an id count by their content."""
    kind = "contact" if stream == "contacts" else "conversation"
    found = {one.external_id for one in page.records if one.kind == kind}
    refused = (one for one in page.rejected if one.kind == kind)
    return found | {one.external_id or f"unreadable {one.payload}" for one in refused}


async def save_page(
    work: Work, stream: Stream, page: Page, checkpoint: dict[str, Any] | None
) -> None:
    """One transaction: rows, rejected records, resolved errors, checkpoint, counters.

    Without a checkpoint the one that is kept stays.
    """
    conversations = [
        one
        for one in page.records
        if one.kind == "conversation" and work.scope.holds(one.fields["inbox_id"])
    ]
    people = [one for one in page.records if one.kind == "contact"]
    async with work.writing() as conn:
        if stream == "contacts":
            ours = [one for one in people if touches(work, one.payload)]
            contacts = await work.save(conn, "contact", ours, observed_at=page.asked_at)
        else:
            ids = {one.fields["contact_id"] for one in conversations}
            ours = [one for one in people if one.external_id in ids]
            merged = await _merged(conn, work, ours)
            contacts = await work.save(conn, "contact", merged, observed_at=page.asked_at)
        saved = await work.save(conn, "conversation", conversations, observed_at=page.asked_at)
        await work.notice_drift(conn, stream, ours if stream == "contacts" else conversations)
        for kind, through in (("contact", ours), ("conversation", conversations)):
            await work.came_through(conn, stream, kind, [one.external_id for one in through])
        rejected = [one for one in page.rejected if _may_keep(work, one.payload)]
        await work.quarantine(conn, stream, rejected)
        rows = contacts.written + saved.written
        seen = len(people if stream == "contacts" else conversations)
        await work.page(conn, stream, rows=rows, seen=seen, total=page.total, checkpoint=checkpoint)
    work.count("contact", contacts)
    work.count("conversation", saved)


async def _merged(conn: Conn, work: Work, people: list[Record]) -> list[Record]:
    """Contacts as conversations embed them, without losing what their full form said."""
    latest = {one.external_id: one for one in people}
    known = await mirror.contact_payloads(conn, work.run.project_id, list(latest))
    return [contact(merged_contact(known.get(id_), one.payload)) for id_, one in latest.items()]


async def _gone_contacts(work: Work, listed: frozenset[str]) -> list[str]:
    """Contacts that the source no longer has, asked for one by one."""
    async with work.run.transaction() as conn:
        doubtful = await walks.doubtful_contacts(conn, work.run.project_id, listed, limit=DOUBTS)
    return list((await work.source.fetch("contacts", doubtful)).missing) if doubtful else []


def touches(work: Work, payload: Mapping[str, Any]) -> bool:
    """Whether a contact was seen in an inbox of the project."""
    if work.scope.inboxes is None:
        return True
    ids = inbox_ids(payload.get("contact_inboxes"))
    return any(work.scope.holds(str(id_)) for id_ in ids)


def _may_keep(work: Work, payload: Any) -> bool:
    """Whether a rejected record is surely the project's own: quarantine keeps what it said."""
    if work.scope.inboxes is None:
        return True
    if not isinstance(payload, Mapping):
        return False
    return work.scope.holds(str(payload.get("inbox_id"))) or touches(work, payload)


def _fresh(listed_at: str | None, work: Work) -> bool:
    at = _instant(listed_at)
    return at is not None and work.server_now() - at < LISTING_EVERY


def _instant(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def _key(work: Work, inbox_id: str | None) -> str:
    """Names a part in the checkpoint; another server or account starts from nothing."""
    part = "all of it" if inbox_id is None else f"inbox {inbox_id}"
    return f"{work.account_ref} {part}"
