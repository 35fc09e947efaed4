"""How streams are read that come in windows of time or in whole scans: Linear and Attio."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from mayak.connectors.base import Page, Record, stored
from mayak.errors import Upstream
from mayak.platform.db import Conn
from mayak.sync.model import LISTING_EVERY, OVERLAP, TITLES, Saved, StreamType, Verdict
from mayak.sync.queries import listings, mirror
from mayak.sync.service.glimpsing import Belongs, own, untold
from mayak.sync.service.settling import Listing, leave, settle
from mayak.sync.service.work import Work

FEW_PAGES = 40
"""A scan that took no more pages is made by every sync; a longer one every SCAN_EVERY."""
SCAN_EVERY = timedelta(hours=6)
LINKS_EVERY = timedelta(days=7)
MOST_NAMED = 100
"""Records that cannot be told whose they are; more are not counted."""
POLLED = frozenset({"companies", "deals", "people"})
"""Scanned streams whose new records can be asked for alone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """What a connector's streams have of their own."""

    belongs: Belongs
    within: Mapping[str, Any] | None = None
    """What the source itself filters by; goes along with every pull."""
    lacking: Mapping[str, Verdict] = field(default_factory=dict)
    """Streams that come through and still have something to say."""


@dataclass(slots=True, kw_only=True)
class Reader:
    """Owns how far one stream is."""

    work: Work
    stream: StreamType
    rules: Rules
    kept: dict[str, Any]
    """The checkpoint."""

    async def read(self) -> bool:
        if self.stream.reading == "window":
            fresh = await self._window()
            lacking = await self._sweep()
        else:
            fresh, lacking = await self._scan()
        verdict = lacking or self.rules.lacking.get(self.stream.name) or self.work.doubt()
        verdict = verdict or self._unowned()
        return await self.work.finish(self.stream.name, verdict, fresh_until=fresh)

    async def _window(self) -> datetime:
        """Read what changed since the last time, the newest first; until when it holds."""
        window = self._resumed() or self._new_window()
        since = window["at"].get("since")
        at = dict(window["at"])
        while True:
            page = await self.work.pull(self.stream.name, at)
            if not page.complete and not page.records and page.checkpoint == at:
                raise _stuck(self.work)
            arrived = self._arrivals_matter(since)
            if page.complete:
                self.kept = self._finished(window)
            else:
                self.kept = {**self.kept, "window": {**window, "at": stored(page.checkpoint)}}
            await self._save(page, since=since if arrived else None)
            if page.complete:
                return datetime.fromisoformat(window["at"]["until"])
            at = dict(page.checkpoint)

    def _unowned(self) -> Verdict | None:
        """The state when records cannot be read that may be ours."""
        ids: list[str] = self.kept.get("untold", [])
        if not ids:
            return None
        few = ", ".join(ids[:3])
        return Verdict(
            status="partial",
            cause=f"{len(ids)} {self.stream.name} cannot be read, not even whose they are: {few}.",
            next_step=(
                f"Look at them in {TITLES[self.work.connector]}; a full sync tries again at once, "
                "other syncs the next time they read everything, within six hours."
            ),
        )

    def _resumed(self) -> dict[str, Any] | None:
        """The window that an earlier run left unfinished, unless more is wanted now."""
        window: dict[str, Any] | None = self.kept.get("window")
        if window and self.work.wish.full and not window["full"]:
            return None
        return window

    def _new_window(self) -> dict[str, Any]:
        watermark = self.kept.get("watermark")
        full = self.work.wish.full or self._retry_due() or self._links_are_old()
        since = None
        if watermark and not full:
            since = (datetime.fromisoformat(watermark) - OVERLAP).isoformat()
        at: dict[str, Any] = {"since": since, "until": self.work.server_now().isoformat()}
        if self.rules.within is not None:
            at["within"] = self.rules.within
        return {"full": full or since is None, "at": at}

    def _finished(self, window: Mapping[str, Any]) -> dict[str, Any]:
        rest = {name: value for name, value in self.kept.items() if name != "window"}
        done = {**rest, "watermark": window["at"]["until"]}
        return {**done, "full_at": done["watermark"]} if window["full"] else done

    def _links_are_old(self) -> bool:
        """Which issue blocks which moves no time of change: now and then all are read again."""
        at = self.kept.get("full_at")
        old = at is None or self.work.server_now() - datetime.fromisoformat(at) >= LINKS_EVERY
        return self.stream.name == "issues" and old

    def _retry_due(self) -> bool:
        return self.stream.name in self.work.retry_due

    def _arrivals_matter(self, since: str | None) -> bool:
        return self.stream.name == "issues" and since is not None and not self.work.scope.whole

    async def _sweep(self) -> Verdict | None:
        """List the ids, once a day: no window shows a hard deletion."""
        at = self.kept.get("swept_at")
        due = at is None or self.work.present() - datetime.fromisoformat(at) >= LISTING_EVERY
        if not (due or self.work.wish.thorough):
            return None
        listing = Listing(id=uuid4(), started=self.work.present())
        checkpoint: Mapping[str, Any] = {}
        if self.rules.within is not None:
            checkpoint = {"within": self.rules.within}
        while True:
            ids = await self.work.source.ids(self.stream.name, checkpoint)
            async with self.work.writing() as conn:
                await listings.add(conn, self.work.run.project_id, listing.id, ids.versions)
                await self.work.page(conn, self.stream.name, rows=0, total=ids.total)
            if ids.complete:
                break
            checkpoint = ids.checkpoint
        verdict = await settle(self.work, self.stream, self.rules.belongs, listing)
        self.kept = {**self.kept, "swept_at": listing.started.isoformat()}
        async with self.work.writing() as conn:
            await self.work.page(conn, self.stream.name, rows=0, checkpoint=self.kept)
        return verdict

    async def _scan(self) -> tuple[datetime, Verdict | None]:
        """Read all of it, or what is new where that is enough until the next scan."""
        scan = self.kept.get("scan")
        if scan is None and not self._scan_due():
            return await self._news(), None
        if scan is None or (self.work.wish.full and not scan["full"]):
            scan = self._new_scan()
        at, pages = dict(scan["at"]), int(scan["pages"])
        listing = Listing(id=UUID(scan["listing"]), started=datetime.fromisoformat(scan["started"]))
        while True:
            page = await self.work.pull(self.stream.name, at)
            if not page.complete and page.checkpoint == at:
                raise _stuck(self.work)
            pages += 1
            lost = await untold(self.work, self.stream, page.rejected)
            lost = [*scan.get("untold", []), *lost][:MOST_NAMED]
            scan = {**scan, "pages": pages, "at": stored(page.checkpoint), "untold": lost}
            self.kept = {**self.kept, "scan": scan}
            await self._save(page, listing=listing)
            if page.complete:
                break
            at = dict(page.checkpoint)
        verdict = await settle(self.work, self.stream, self.rules.belongs, listing)
        rest = {name: value for name, value in self.kept.items() if name != "scan"}
        self.kept = {
            **rest, "scanned_at": scan["started"], "pages": pages, "untold": scan["untold"]
        }  # fmt: skip
        async with self.work.writing() as conn:
            await self.work.page(conn, self.stream.name, rows=0, checkpoint=self.kept)
        return listing.started, verdict

    def _new_scan(self) -> dict[str, Any]:
        at = {} if self.rules.within is None else {"within": self.rules.within}
        started = self.work.present().isoformat()
        full = self.work.wish.full
        return {"listing": str(uuid4()), "started": started, "at": at, "pages": 0, "full": full}

    def _scan_due(self) -> bool:
        scanned_at = self.kept.get("scanned_at")
        wish = self.work.wish
        asked = wish.thorough or self.stream.name in self.work.reread
        if scanned_at is None or asked or self._retry_due():
            return True
        few = self.kept.get("pages", 0) <= FEW_PAGES or self.stream.name not in POLLED
        return few or self.work.present() - datetime.fromisoformat(scanned_at) >= SCAN_EVERY

    async def _news(self) -> datetime:
        """Read the records that were created since; their edits wait for the next scan."""
        started = self.work.present()
        after = datetime.fromisoformat(self.kept.get("polled_at") or self.kept["scanned_at"])
        at: dict[str, Any] = {"created_after": (after - OVERLAP).isoformat()}
        while True:
            page = await self.work.pull(self.stream.name, at)
            if page.complete:
                self.kept = {**self.kept, "polled_at": started.isoformat()}
            if lost := await untold(self.work, self.stream, page.rejected):
                known = dict.fromkeys([*self.kept.get("untold", []), *lost])
                self.kept = {**self.kept, "untold": list(known)[:MOST_NAMED]}
            await self._save(page)
            if page.complete:
                return datetime.fromisoformat(self.kept["scanned_at"])
            at = dict(page.checkpoint)

    async def _save(
        self, page: Page, *, listing: Listing | None = None, since: str | None = None
    ) -> None:
        """One transaction: rows, what is not ours, rejected records, checkpoint, counters."""
        work, kind, name = self.work, self.stream.mirror.kind, self.stream.name
        project_id = work.run.project_id
        async with work.writing() as conn:
            ours = await self.rules.belongs(conn, work, self.stream, page.records)
            if since is not None:
                await self._notice_arrivals(conn, ours, since)
            saved = await work.save(conn, kind, ours, observed_at=page.asked_at)
            mine = {one.external_id for one in ours}
            others = [one.external_id for one in page.records if one.external_id not in mine]
            at = page.asked_at or work.present()
            left = await leave(conn, work, kind, others, at=at)
            if listing is not None:
                shown: dict[str, str | None] = {
                    one.external_id: None for one in ours if not one.deleted
                }
                shown |= {one.external_id: "unreadable" for one in page.rejected if one.external_id}
                await listings.add(conn, project_id, listing.id, shown)
            await work.notice_drift(conn, name, ours)
            await work.came_through(conn, name, kind, mine)
            unfit = await own(conn, work, self.stream, self.rules.belongs, page.rejected)
            await work.quarantine(conn, name, unfit)
            rows = saved.written + saved.deleted + left
            await work.page(
                conn, name, rows=rows, seen=len(ours), total=page.total, checkpoint=self.kept
            )
        work.count(kind, saved)
        work.count(kind, Saved(deleted=left))

    async def _notice_arrivals(self, conn: Conn, ours: list[Record], since: str) -> None:
        """Issues that came from elsewhere bring comments that no window of ours shows."""
        start = datetime.fromisoformat(since)
        old = [
            one.external_id
            for one in ours
            if isinstance(made := one.fields.get("source_created_at"), datetime) and made < start
        ]
        if old and set(old) - await mirror.live(conn, self.work.run.project_id, "issue", old):
            self.work.reread.add("comments")


async def read_stream(work: Work, stream: StreamType, rules: Rules) -> bool:
    """Bring one stream up to date; False when something of it is missing."""
    kept = await work.begin(stream.name)
    scope = f"{work.account_ref} {'*' if work.scope.whole else sorted(work.scope.bound)}"
    if kept.get("scope") != scope:
        kept = {"scope": scope}  # bound anew: what was passed over before may now be ours
    if stream.name in work.reread:
        kept = {name: value for name, value in kept.items() if name not in {"watermark", "window"}}
    return await Reader(work=work, stream=stream, rules=rules, kept=kept).read()


def _stuck(work: Work) -> Upstream:
    reason = "its list does not go on from page to page"
    return Upstream(TITLES[work.connector], reason, kind="server")
