"""Rows as the services send them, as many as are asked for: variations of the sandbox's own.

Number, wave and time say everything about a row, so the same ones always give the same row.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any
from uuid import UUID

import httpx

from mayak.connectors.attio import mapping
from mayak.connectors.attio import wire as attio
from mayak.connectors.base import Record, Rejected
from mayak.connectors.chatwoot import pages
from mayak.connectors.chatwoot import wire as chatwoot
from mayak.connectors.linear import wire as linear
from mayak.sandbox.app import create_app
from mayak.sandbox.stories import ADMIN_TOKEN, build_world
from mayak.sandbox.transport import SandboxTransport
from mayak.sync.model import Connector
from mayak.sync.service import Sources
from tests.sources import usual

Json = dict[str, Any]
Parsed = tuple[list[Record], list[Rejected]]
Make = Callable[[Json, int, int, datetime], Json]

NOW = datetime(2026, 9, 1, 12, tzinfo=UTC)
NOON = NOW - timedelta(days=100)
THREAD = 20
"""Messages of a conversation."""
FIRMS = 500
PEOPLE = 2_500
"""How many different companies have deals, and how many people write."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stream:
    """A stream that can be made up, and the way its connector reads it."""

    connector: Connector
    name: str
    kind: str
    page: int
    """Rows of one reply, as the connector asks for them."""
    templates: list[Json]
    make: Make
    parse: Callable[[list[Json]], Parsed]

    def rows(self, count: int, *, wave: int, moved: int = 0) -> list[Json]:
        """The rows of a wave: every one differs from the same one of another wave.

        `moved` seconds after noon they were last touched.
        """
        at = NOON + timedelta(seconds=moved)
        total = len(self.templates)
        return [self.make(self.templates[one % total], one + 1, wave, at) for one in range(count)]


async def streams() -> dict[str, Stream]:
    """All that can be made up, by connector and name."""
    seen = await _examples()
    catalogs = {
        object_: mapping.catalog(object_, [attio.attribute(one) for one in seen["attributes"]
                                           if one["of"] == object_])
        for object_ in ("companies", "deals")
    }  # fmt: skip

    def crm(stream: str) -> Callable[[list[Json]], Parsed]:
        make = partial(attio.record, catalog=catalogs[stream])
        return partial(attio.parse, make, attio.KINDS[stream])

    def stream(connector: Connector, name: str, kind: str, page: int, make: Make,
               parse: Callable[[list[Json]], Parsed]) -> Stream:  # fmt: skip
        return Stream(connector=connector, name=name, kind=kind, page=page,
                      templates=seen[name], make=make, parse=parse)  # fmt: skip

    made = (
        stream("chatwoot", "conversations", "conversation", 25, _conversation, pages.with_senders),
        stream("chatwoot", "messages", "message", THREAD, _message,
               partial(chatwoot.parse, chatwoot.message, "message")),
        stream("linear", "issues", "issue", 50, _issue,
               partial(linear.parse, linear.issue, "issue")),
        stream("linear", "comments", "comment", 50, _comment,
               partial(linear.parse, linear.comment, "comment")),
        stream("attio", "companies", "company", 500, _company, crm("companies")),
        stream("attio", "deals", "deal", 500, _deal, crm("deals")),
    )  # fmt: skip
    return {f"{one.connector} {one.name}": one for one in made}


async def _examples() -> dict[str, list[Json]]:
    """What the sandbox has of each stream, and the attributes of its CRM with their object."""
    app = create_app(build_world(NOW, frozen=True))
    async with httpx.AsyncClient(transport=SandboxTransport(app)) as http:
        access = usual("http://sandbox", chatwoot=ADMIN_TOKEN)
        sources = Sources(http, defaults=access)
        window = {"until": (NOW + timedelta(days=1)).isoformat()}
        wanted: tuple[tuple[Connector, str, Mapping[str, Any]], ...] = (
            ("chatwoot", "conversations", {"page": 1}),
            ("chatwoot", "messages", {"conversation_id": "3"}),
            ("linear", "issues", window), ("linear", "comments", window),
            ("attio", "companies", {}), ("attio", "deals", {}), ("attio", "attributes", {}),
        )  # fmt: skip
        found: dict[str, list[Json]] = {}
        for connector, stream, at in wanted:
            page = await sources.reader(connector, access[connector]).pull(stream, at)
            assert page.records
            assert not page.rejected
            found[stream] = [
                {**one.payload, **({"of": one.fields["object"]} if stream == "attributes" else {})}
                for one in page.records
                if one.kind != "contact"
            ]
        return found


def _uuid(stream: int, number: int) -> str:
    return str(UUID(int=(stream << 96) + number, version=4))


def _iso(at: datetime) -> str:
    return f"{at:%Y-%m-%dT%H:%M:%S}.000Z"


def _conversation(old: Json, number: int, wave: int, at: datetime) -> Json:
    person = {"name": "Client"} | (old["meta"].get("sender") or {}) | {"id": number % PEOPLE + 1}
    return old | {
        "id": number, "uuid": _uuid(1, number), "meta": old["meta"] | {"sender": person},
        "additional_attributes": {"mail_subject": f"Question {number} of wave {wave}"},
        "updated_at": at.timestamp(),
    }  # fmt: skip


def _message(old: Json, number: int, wave: int, _: datetime) -> Json:
    talk = (number - 1) // THREAD + 1
    text = f"{old['content']} ({number}, wave {wave})"
    return old | {"id": number, "conversation_id": talk, "content": text}


def _issue(old: Json, number: int, wave: int, at: datetime) -> Json:
    return old | {
        "id": _uuid(2, number), "number": float(number), "identifier": f"ENG-{number}",
        "title": f"{old['title']} ({number}, wave {wave})", "updatedAt": _iso(at),
        "url": f"https://linear.app/studio/issue/ENG-{number}", "branchName": f"eng-{number}",
    }  # fmt: skip


def _comment(old: Json, number: int, wave: int, at: datetime) -> Json:
    return old | {
        "id": _uuid(3, number), "body": f"{old['body']} ({number}, wave {wave})",
        "issueId": _uuid(2, number // 5 + 1), "updatedAt": _iso(at),
        "url": f"https://linear.app/studio/issue/ENG-{number // 5 + 1}#comment-{number}",
    }  # fmt: skip


def _company(old: Json, number: int, wave: int, _: datetime) -> Json:
    return _crm(old, 4, number, {"name": {"value": f"Company {number}, wave {wave}"}})


def _deal(old: Json, number: int, wave: int, _: datetime) -> Json:
    firm = {"target_object": "companies", "target_record_id": _uuid(4, number % FIRMS + 1)}
    said = {"name": {"value": f"Deal {number}, wave {wave}"}, "associated_company": firm}
    return _crm(old, 5, number, said)


def _crm(old: Json, stream: int, number: int, said: Mapping[str, Json]) -> Json:
    """A record of the CRM with another id, and other members of some of its values."""
    values = {
        name: [one | said[name] for one in listed] if name in said else listed
        for name, listed in old["values"].items()
    }
    return old | {"id": old["id"] | {"record_id": _uuid(stream, number)}, "values": values}
