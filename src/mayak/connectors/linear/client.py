"""The calls that the sync makes of Linear, one page each."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

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
    Record,
)
from mayak.connectors.linear import documents, filters, replies, walking, wire
from mayak.connectors.linear.documents import MOST, SCAN_PAGE, STREAMS, Document, Stream
from mayak.connectors.linear.endpoint import (
    Endpoint,
    next_cursor,
    objects,
    other_than,
    part,
    rows,
    text,
)
from mayak.connectors.linear.replies import SERVICE
from mayak.connectors.linear.webhooks import RESOURCES
from mayak.errors import UpstreamRejected

BATCH = 100
"""Ids that one filter names."""
MAKERS: Mapping[str, tuple[str, Callable[[dict[str, Any]], Record]]] = {
    "teams": ("team", wire.team),
    "users": ("user", wire.user),
    "states": ("state", wire.state),
    "labels": ("label", wire.label),
    "projects": ("project", wire.project),
    "cycles": ("cycle", wire.cycle),
    "customers": ("customer", wire.customer),
    "issues": ("issue", wire.issue),
    "comments": ("comment", wire.comment),
}
BY_CHANGE, BY_BIRTH = "updatedAt", "createdAt"
"""Orders, newest first. Only the second one stays as it is while others work."""
OPEN_GATE = OpenGate()


class Linear:
    """A reader of what one key's user may see. Private teams of others are silently absent."""

    name = "linear"

    def __init__(
        self,
        http: httpx.AsyncClient,
        *,
        api_key: str,
        gate: Gate = OPEN_GATE,
        base_url: str = "https://api.linear.app",
    ) -> None:
        self._endpoint = Endpoint(http, key=api_key, gate=gate, base_url=base_url)

    def __repr__(self) -> str:
        return f"Linear({self._endpoint.url})"

    async def who_am_i(self) -> Identity:
        """The key's user and workspace; the gate learns how wide the budgets are."""
        reply, observed_at = await self._endpoint.ask(documents.WHO_AM_I, {})
        viewer, organization = part(reply, "viewer"), part(reply, "organization")
        limits = replies.told(part(reply, "rateLimitStatus").get("limits"))
        await self._endpoint.gate.learn(limits)
        return Identity(
            account_id=text(organization, "id"),
            account_name=text(organization, "name"),
            user=text(viewer, "name"),
            role="admin" if viewer.get("admin") else "guest" if viewer.get("guest") else "member",
            observed_at=observed_at,
        )

    async def parts(self) -> list[Part]:
        """Every team and project that is in use; a project's name begins with its teams' keys."""
        found = []
        teams = await self._endpoint.every(documents.TEAM_CHOICES, "teams", {})
        for one in objects(teams):
            name = f"{one.get('key')} · {one.get('name')}"
            found.append(Part(kind="team", external_id=text(one, "id"), name=name))
        projects = await self._endpoint.every(documents.PROJECT_CHOICES, "projects", {})
        for one in objects(projects):
            keys = ", ".join(str(team.get("key")) for team in objects(rows(one.get("teams"))))
            name = f"{keys} · {one.get('name')}" if keys else str(one.get("name"))
            found.append(Part(kind="project", external_id=text(one, "id"), name=name))
        return found

    async def pull(self, stream: str, checkpoint: Checkpoint) -> Page:
        """One page of a stream.

        Checkpoints of projects, customers, issues and comments: {since, until, before, within,
        first}: what changed from `since` on and before `until`, newest first; `before` is how far
        down we are. Of the others: {within}, all rows each time. `within` {teams, projects} names
        parts of the workspace; customers and users belong to none, so all of them come.
        """
        spec = _stream(stream)
        if _of_nothing(checkpoint):
            return Page(records=[], checkpoint=checkpoint, complete=True)
        checkpoint = await self._with_teams(stream, checkpoint)
        # The filter stays as it was when the cursor was made: nobody says what another one does.
        bound = checkpoint.get("bound" if checkpoint.get("cursor") else "before")
        window = filters.in_window(checkpoint, bound) if spec.windowed else {}
        asked = {**window, **filters.in_parts(stream, filters.within(checkpoint))}
        size = int(checkpoint.get("first", spec.size))
        order = BY_CHANGE if spec.windowed else BY_BIRTH
        try:
            listed = await self._endpoint.page(
                spec.page, spec.root, {"filter": asked, "orderBy": order},
                size=size, cursor=checkpoint.get("cursor"),
            )  # fmt: skip
        except UpstreamRejected as error:
            back = walking.without_cursor(checkpoint, error, windowed=spec.windowed)
            return Page(records=[], checkpoint=back, complete=False)
        kind, make = MAKERS[stream]
        records, rejected = wire.parse(make, kind, await self._completed(spec, listed.nodes))
        after = (
            walking.below(checkpoint, listed, size=size, bound=bound)
            if spec.windowed
            else walking.following(checkpoint, listed, size=size)
        )
        return Page(
            records=records,
            rejected=rejected,
            checkpoint=after,
            complete=listed.cursor is None,
            observed_at=listed.observed_at,
        )

    async def fetch(self, stream: str, external_ids: Sequence[str]) -> Fetched:
        """Records by id, archived and trashed ones too, whatever part they belong to."""
        spec = _stream(stream)
        asked = list(dict.fromkeys(external_ids))
        nodes: list[Any] = []
        for start in range(0, len(asked), BATCH):
            batch = asked[start : start + BATCH]
            wanted = {"filter": filters.by_id(batch), "orderBy": BY_BIRTH}
            nodes += await self._endpoint.every(spec.by_id, spec.root, wanted, size=len(batch))
        kind, make = MAKERS[stream]
        records, rejected = wire.parse(make, kind, await self._completed(spec, nodes))
        seen = {wire.id_of(node) for node in nodes}
        return Fetched(
            records=records,
            rejected=rejected,
            missing=frozenset(id_ for id_ in asked if id_ not in seen),
        )

    async def ids(self, stream: str, checkpoint: Checkpoint) -> Ids:
        """Ids with their times of change; what lies in the trash is left out.

        In the order of birth: a row that changes meanwhile would jump over the reader otherwise,
        and look deleted.
        """
        spec = _stream(stream)
        if _of_nothing(checkpoint):
            return Ids(versions={}, checkpoint=checkpoint, complete=True)
        checkpoint = await self._with_teams(stream, checkpoint)
        size = int(checkpoint.get("first", MOST))
        asked = filters.in_parts(stream, filters.within(checkpoint))
        try:
            listed = await self._endpoint.page(
                spec.ids, spec.root, {"filter": asked, "orderBy": BY_BIRTH},
                size=size, cursor=checkpoint.get("cursor"),
            )  # fmt: skip
        except UpstreamRejected as error:
            back = walking.without_cursor(checkpoint, error, windowed=False)
            return Ids(versions={}, checkpoint=back, complete=False)
        return Ids(
            versions=walking.versions(listed.nodes),
            checkpoint=walking.following(checkpoint, listed, size=size),
            complete=listed.cursor is None,
        )

    async def install_webhook(self, url: str, secret: str, label: str) -> str:
        """Ask to be told of changes in all public teams, signed with our secret. Returns its id.

        Needs an administrator's key. Nothing prevents a second one of the same address: look at
        `webhooks` first.
        """
        wanted = {
            "url": url, "secret": secret, "label": label, "enabled": True,
            "resourceTypes": list(RESOURCES), "allPublicTeams": True,
        }  # fmt: skip
        reply, _ = await self._endpoint.ask(
            documents.INSTALL_WEBHOOK, {"input": wanted}, hidden=secret
        )
        done = part(reply, "webhookCreate")
        if done.get("success") is not True:
            raise UpstreamRejected(SERVICE, "it did not make the webhook", kind="rejected")
        return text(part(done, "webhook"), "id")

    async def webhooks(self) -> list[tuple[str, str, bool]]:
        """Id, address and whether it is on, of every webhook of the workspace."""
        found = await self._endpoint.every(documents.WEBHOOKS, "webhooks", {})
        return [
            (text(one, "id"), str(one.get("url") or ""), one.get("enabled") is True)
            for one in objects(found)
        ]

    async def remove_webhook(self, webhook_id: str) -> None:
        """Raises UpstreamRejected of kind not_found when there is none of this id."""
        reply, _ = await self._endpoint.ask(documents.REMOVE_WEBHOOK, {"id": webhook_id})
        if part(reply, "webhookDelete").get("success") is not True:
            raise UpstreamRejected(SERVICE, "it did not remove the webhook", kind="rejected")

    async def _with_teams(self, stream: str, checkpoint: Checkpoint) -> Checkpoint:
        """The checkpoint with the teams of its projects, for streams that only teams have."""
        parts = filters.within(checkpoint)
        if stream not in filters.OF_TEAMS or parts is None or not parts.projects:
            return checkpoint
        wanted = {"filter": filters.by_id(parts.projects), "orderBy": BY_BIRTH}
        projects = STREAMS["projects"]
        found = await self._endpoint.every(projects.by_id, projects.root, wanted, size=SCAN_PAGE)
        teams = set(parts.teams)
        for project in objects(await self._completed(projects, found)):
            teams |= {text(team, "id") for team in objects(rows(project.get("teams")))}
        if not teams:
            # An empty page would say that there is nothing, which is not what we know.
            reason = "the key sees none of the projects " + ", ".join(parts.projects[:3])
            raise UpstreamRejected(SERVICE, reason, kind="not_found")
        # What is found stays for the whole walk.
        return {**checkpoint, "within": {"teams": sorted(teams), "projects": []}}

    async def _completed(self, spec: Stream, nodes: list[Any]) -> list[Any]:
        """The rows with their inner lists in full: a page brings the beginning of each."""
        for name, document in spec.nested.items():
            for node in nodes:
                inner = node.get(name) if isinstance(node, dict) else None
                if isinstance(inner, dict) and _goes_on(inner):
                    node[name] = {"nodes": await self._inner(document, spec.root, name, node)}
        return nodes

    async def _inner(self, document: Document, root: str, name: str, node: Any) -> list[Any]:
        """All rows of a list inside of a row; what was known of it if the row is gone by now."""
        found: list[Any] = []
        cursor: str | None = None
        while True:
            variables = {"id": text(node, "id"), "first": MOST, "after": cursor}
            reply, _ = await self._endpoint.ask(document, variables, first=MOST)
            if not (own := rows(reply.get(root))):
                return found or rows(node[name])
            inner = part(own[0], name)
            found += rows(inner)
            if (following := next_cursor(inner)) is None:
                return found
            cursor = other_than(cursor, following)


def _goes_on(inner: Mapping[str, Any]) -> bool:
    info = inner.get("pageInfo")
    return isinstance(info, dict) and info.get("hasNextPage") is True


def _stream(name: str) -> Stream:
    if name not in STREAMS:
        raise ValueError(f"Linear has no stream {name}")
    return STREAMS[name]


def _of_nothing(checkpoint: Checkpoint) -> bool:
    parts = filters.within(checkpoint)
    return parts is not None and parts.nothing
