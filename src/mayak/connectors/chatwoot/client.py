"""The calls that the sync makes of Chatwoot, one page each."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from typing import Any

import httpx

from mayak.connectors.base import Checkpoint, Page, Record
from mayak.connectors.chatwoot import replies, wire
from mayak.connectors.chatwoot.replies import SERVICE
from mayak.errors import Upstream, UpstreamRejected

TIMEOUT = httpx.Timeout(60, connect=5)
CONCURRENCY = 2
CONTACTS_PER_PAGE = 15
MESSAGE_CAPS = frozenset({100, 1000})
"""Lengths at which a reply may have been cut: 1000 with both bounds, 100 in older versions."""
NO_MESSAGE_ABOVE = 10**18

Reply = tuple[Any, datetime | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """Whose token it is."""

    name: str
    role: str
    observed_at: datetime | None
    """The server's clock; None when it did not say."""


class Chatwoot:
    """A reader of one account. At most two of its requests are under way at any time."""

    name = "chatwoot"

    def __init__(
        self,
        http: httpx.AsyncClient,
        *,
        base_url: str,
        token: str,
        account_id: int,
        jitter: replies.Jitter = replies.seconds_of_jitter,
    ) -> None:
        self._http = http
        self._base = base_url.rstrip("/")
        self._token = token
        self._account_id = account_id
        self._jitter = jitter
        self._slots = asyncio.Semaphore(CONCURRENCY)

    def __repr__(self) -> str:
        return f"Chatwoot({self._base}, account {self._account_id})"

    async def who_am_i(self) -> Profile:
        """The user behind the token.

        Raises UpstreamRejected of kind auth for everyone but an administrator of the account:
        others are served a part of the conversations, and nothing in the replies says so.
        """
        body, observed_at = await self._get("/api/v1/profile")
        accounts = _rows(body, "accounts")
        role = next(
            (
                str(one.get("role"))
                for one in accounts
                if isinstance(one, dict) and one.get("id") == self._account_id
            ),
            None,
        )
        if role is None:
            reason = f"the token's user does not belong to account {self._account_id}"
            raise UpstreamRejected(SERVICE, reason, kind="auth")
        if role != "administrator":
            reason = f"the token belongs to a user of role {role}, who would see only a part"
            raise UpstreamRejected(SERVICE, reason, kind="auth")
        return Profile(name=str(body.get("name")), role=role, observed_at=observed_at)

    async def pull(self, stream: str, checkpoint: Checkpoint) -> Page:
        """One page of `inboxes`, `contacts`, `conversations` or `messages`.

        Checkpoints: contacts {page}; conversations {page, inbox_id?} for a listing, or
        {updated_within, inbox_id?} for everything touched in that many seconds; messages
        {conversation_id, windows?}.
        """
        match stream:
            case "inboxes":
                return await self._inboxes()
            case "contacts":
                return await self._contacts(int(checkpoint.get("page", 1)))
            case "conversations" if "updated_within" in checkpoint:
                return await self._touched(checkpoint)
            case "conversations":
                return await self._listing(checkpoint)
            case "messages":
                return await self._messages(checkpoint)
            case _:
                raise ValueError(f"Chatwoot has no stream {stream}")

    async def exists(self, stream: str, external_id: str) -> bool:
        """Whether a contact or conversation is still there. The only sign of a hard deletion."""
        try:
            await self._get(f"{self._account}/{stream}/{external_id}")
        except UpstreamRejected as error:
            if error.kind != "not_found":
                raise
            return False
        return True

    async def _inboxes(self) -> Page:
        body, observed_at = await self._get(f"{self._account}/inboxes")
        records, rejected = wire.parse(wire.inbox, "inbox", _rows(body, "payload"))
        return Page(
            records=records,
            rejected=rejected,
            checkpoint={},
            complete=True,
            observed_at=observed_at,
        )

    async def _contacts(self, page: int) -> Page:
        """Oldest first: new contacts come at the end and move nobody to another page."""
        body, observed_at = await self._get(
            f"{self._account}/contacts",
            {"sort": "created_at", "page": page, "include_contact_inboxes": "true"},
        )
        rows = _rows(body, "payload")
        records, rejected = wire.parse(wire.contact, "contact", rows)
        return Page(
            records=records,
            rejected=rejected,
            checkpoint={"page": page + 1},
            complete=len(rows) < CONTACTS_PER_PAGE,
            total=_count(body, "count"),
            observed_at=observed_at,
        )

    async def _listing(self, checkpoint: Checkpoint) -> Page:
        """Oldest first, of every status: the default is open ones alone.

        The length of a page is a setting of the server, so only an empty page ends the listing.
        """
        page = int(checkpoint.get("page", 1))
        asked = {"assignee_type": "all", "sort_by": "created_at_asc", "page": page}
        found = await self._conversations(checkpoint, asked)
        return Page(
            records=found.records,
            rejected=found.rejected,
            checkpoint={**checkpoint, "page": page + 1},
            complete=found.complete,
            total=found.total,
            observed_at=found.observed_at,
        )

    async def _touched(self, checkpoint: Checkpoint) -> Page:
        """All conversations updated within the last seconds of the server's clock, in one reply.

        The alternative that the documentation offers, reading by last_activity_at until it is
        old enough, cannot see an edited or deleted message: those move only updated_at.
        """
        return await self._conversations(
            checkpoint, {"assignee_type": "all", "updated_within": checkpoint["updated_within"]}
        )

    async def _conversations(self, checkpoint: Checkpoint, asked: Mapping[str, Any]) -> Page:
        params = {"status": "all", **asked}
        if checkpoint.get("inbox_id") is not None:
            params["inbox_id"] = checkpoint["inbox_id"]
        body, observed_at = await self._get(f"{self._account}/conversations", params)
        data = body.get("data") if isinstance(body, dict) else None
        rows = _rows(data, "payload")
        records, rejected = wire.parse(wire.conversation, "conversation", rows)
        # Anonymous visitors are in no list of contacts: they exist only as senders.
        people, strange = wire.parse(wire.sender, "contact", _senders(records))
        return Page(
            records=[*people, *records],
            rejected=[*strange, *rejected],
            checkpoint=checkpoint,
            complete="updated_within" in asked or not rows,
            total=_count(data, "all_count"),
            observed_at=observed_at,
        )

    async def _messages(self, checkpoint: Checkpoint) -> Page:
        """One id window of a conversation: ids from `after`, included, up to `before`, excluded.

        Rows are chosen by id and cut after ordering by time, which disagree in imported
        histories. A reply shorter than the cap therefore proves its window complete; a full
        one proves nothing, brings no records, and its window is halved.
        """
        conversation_id = str(checkpoint["conversation_id"])
        windows = [(int(a), int(b)) for a, b in checkpoint.get("windows", [(0, NO_MESSAGE_ABOVE)])]
        (after, before), rest = windows[0], windows[1:]
        body, observed_at = await self._get(
            f"{self._account}/conversations/{conversation_id}/messages",
            {"after": after, "before": before},
        )
        rows = _rows(body, "payload")
        if len(rows) in MESSAGE_CAPS and before - after > 1:
            middle = _split(rows, after, before)
            return Page(
                records=[],
                checkpoint={
                    "conversation_id": conversation_id,
                    "windows": [(after, middle), (middle, before), *rest],
                },
                complete=False,
                observed_at=observed_at,
            )
        records, rejected = wire.parse(wire.message, "message", rows, parent_id=conversation_id)
        if any(not after <= int(record.external_id) < before for record in records):
            raise _window_ignored()
        return Page(
            records=records,
            rejected=rejected,
            checkpoint={"conversation_id": conversation_id, "windows": rest},
            complete=not rest,
            window=(after, before),
            observed_at=observed_at,
        )

    @property
    def _account(self) -> str:
        return f"/api/v1/accounts/{self._account_id}"

    async def _get(self, path: str, params: Mapping[str, Any] | None = None) -> Reply:
        headers = {"api_access_token": self._token, "accept": "application/json"}
        async with self._slots:
            try:
                response = await self._http.get(
                    self._base + path,
                    params=params,
                    headers=headers,
                    timeout=TIMEOUT,
                    follow_redirects=False,
                )
            except (httpx.TransportError, httpx.DecodingError) as error:
                # Only the kind of failure: its text may hold the address with credentials.
                raise Upstream(SERVICE, type(error).__name__, kind="network") from error
        value = replies.read(response, secret=self._token, jitter=self._jitter)
        return value, replies.server_time(response)


def _split(rows: list[Any], after: int, before: int) -> int:
    """Where to cut a window whose reply was full.

    When ids and times agree, cutting at the highest id makes the lower part provably complete
    with its next read. Otherwise the middle id halves the rows, whatever their order.
    """
    ids = [row["id"] for row in rows if isinstance(row, dict) and isinstance(row.get("id"), int)]
    if not ids or not all(after <= id_ < before for id_ in ids):
        raise _window_ignored()
    agree = all(earlier < later for earlier, later in pairwise(ids))
    ids.sort()
    middle: int = ids[-1] if agree else ids[len(ids) // 2]
    return middle if after < middle else after + 1


def _window_ignored() -> UpstreamRejected:
    reason = "it ignores the id window of a message list; a newer version of it is needed"
    return UpstreamRejected(SERVICE, reason, kind="schema")


def _senders(conversations: list[Record]) -> list[Any]:
    metas = [record.payload.get("meta") for record in conversations]
    found = [meta.get("sender") for meta in metas if isinstance(meta, dict)]
    return [sender for sender in found if sender]  # empty once the contact is deleted


def _rows(body: Any, name: str) -> list[Any]:
    """The list under a name. Raises UpstreamRejected of kind schema when there is none."""
    rows = body.get(name) if isinstance(body, dict) else None
    if not isinstance(rows, list):
        raise UpstreamRejected(SERVICE, f"the reply has no list called {name}", kind="schema")
    return rows


def _count(body: Any, name: str) -> int | None:
    meta = body.get("meta") if isinstance(body, dict) else None
    count = meta.get(name) if isinstance(meta, dict) else None
    return count if isinstance(count, int) else None
