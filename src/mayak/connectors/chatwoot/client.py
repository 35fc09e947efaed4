"""The calls that the sync makes of Chatwoot, one page each."""

from collections.abc import Sequence

import httpx

from mayak.connectors.base import (
    Checkpoint,
    Fetched,
    Gate,
    Identity,
    Ids,
    OpenGate,
    Page,
    Part,
)
from mayak.connectors.chatwoot import hooks, lookup, pages, replies
from mayak.connectors.chatwoot.calls import Calls
from mayak.connectors.chatwoot.replies import SERVICE
from mayak.errors import UpstreamRejected


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
        gate: Gate | None = None,
        jitter: replies.Jitter = replies.seconds_of_jitter,
    ) -> None:
        self._calls = Calls(
            http,
            base_url=base_url,
            token=token,
            account_id=account_id,
            gate=gate or OpenGate(),
            jitter=jitter,
        )

    def __repr__(self) -> str:
        return f"Chatwoot({self._calls})"

    async def who_am_i(self) -> Identity:
        """The user behind the token, and the account that is read.

        Raises UpstreamRejected of kind auth for everyone but an administrator of the account:
        others are served a part of the conversations, and nothing in the replies says so.
        """
        body, observed_at = await self._calls.profile()
        account_id = self._calls.account_id
        accounts = [one for one in pages.rows_of(body, "accounts") if isinstance(one, dict)]
        account = next((one for one in accounts if one.get("id") == account_id), None)
        if account is None:
            reason = f"the token's user does not belong to account {account_id}"
            raise UpstreamRejected(SERVICE, reason, kind="auth")
        role = str(account.get("role"))
        if role != "administrator":
            reason = f"the token belongs to a user of role {role}, who would see only a part"
            raise UpstreamRejected(SERVICE, reason, kind="auth")
        return Identity(
            account_id=str(account_id),
            account_name=str(account.get("name") or account_id),
            user=str(body.get("name")),
            role=role,
            observed_at=observed_at,
        )

    async def parts(self) -> list[Part]:
        """The inboxes, by name."""
        page = await pages.inboxes(self._calls, {})
        names = {one.external_id: one.fields["name"] for one in page.records}
        # What is odd about an inbox is no reason why nobody could bind it.
        names |= {one.external_id: None for one in page.rejected if one.external_id}
        return [
            Part(kind="inbox", external_id=id_, name=str(name or f"Inbox {id_}"))
            for id_, name in names.items()
        ]

    async def pull(self, stream: str, checkpoint: Checkpoint) -> Page:
        """One page of `inboxes`, `contacts`, `conversations` or `messages`.

        Checkpoints: contacts {page}; conversations {page, inbox_id?} for a listing, or
        {updated_within, inbox_id?} for everything touched in that many seconds; messages
        {conversation_id, windows?}.
        """
        if stream == "conversations" and "updated_within" in checkpoint:
            return await pages.touched(self._calls, checkpoint)
        return await pages.listing(stream)(self._calls, checkpoint)

    async def fetch(self, stream: str, external_ids: Sequence[str]) -> Fetched:
        """These records; messages are asked for as CONVERSATION/MESSAGE, both as in Chatwoot.

        Conversations come with their sender as a contact, as in a listing. What cannot be an
        id of Chatwoot's is missing without a request; an id that is in none of the three lists
        could not be settled. Raises Upstream as soon as one request fails, and then brings
        nothing: ask for a few dozen at a time.
        """
        return await lookup.fetch(self._calls, stream, external_ids)

    async def ids(self, stream: str, checkpoint: Checkpoint) -> Ids:
        """One page of what there is; checkpoints are those of pull's listings.

        Conversations are versioned by time, everything else by content hash. Deleted messages
        are left out. Contacts that nobody knows more of than a name are in no list of contacts,
        only `fetch` tells whether they are there. A record that does not fit is listed all the
        same; one whose id cannot be read counts in `total` alone.
        """
        return await lookup.ids(self._calls, stream, checkpoint)

    async def exists(self, stream: str, external_id: str) -> bool:
        """Whether a contact or conversation is still there. The only sign of a hard deletion."""
        return external_id not in (await self.fetch(stream, [external_id])).missing

    async def install_webhook(self, url: str) -> tuple[str, str | None]:
        """The id of the webhook at this address, and its secret; made unless it is there.

        The secret is None on servers up to 4.11.1, which sign nothing.
        """
        hook = await hooks.install(self._calls, url)
        return hook.id, hook.secret

    async def webhooks(self) -> list[tuple[str, str]]:
        """Id and address of each webhook of the account, other people's too."""
        return [(hook.id, hook.url) for hook in await hooks.listed(self._calls)]

    async def remove_webhook(self, id_: str) -> None:
        """Raises nothing when there is none any more."""
        await hooks.remove(self._calls, id_)
