"""The built-in World, and what is said about stories that cannot be told."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import httpx
import pytest

from mayak.sandbox.app import create_app
from mayak.sandbox.clock import Clock
from mayak.sandbox.stories import ADMIN_TOKEN, AGENT_TOKEN, StoryError, build_world, projects, tell
from mayak.sandbox.telling import moment
from mayak.sandbox.world import World

pytestmark = pytest.mark.anyio

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
MOSCOW = ZoneInfo("Europe/Moscow")

STUDIO = """
account: {id: 1, name: Studio}
time_zone: Europe/Moscow
agents:
  ada: {name: Ada, email: ada@studio.example, role: administrator}
projects:
  client: {name: Client, time_zone: Europe/London, inboxes: [mail]}
inboxes:
  mail: {name: Mail, channel: email, email: client@studio.example, members: [ada]}
people:
  helen: {name: Helen, email: helen@client.example, company: Client, city: London, country: GB}
labels: [billing]
"""

STORY = """
title: A late answer
storyline: late
project: client
conversations:
  - key: late-1
    inbox: mail
    contact: helen
    assignee: ada
    status: resolved
    labels: [billing]
    subject: "When?"
    messages:
      - {at: "-2d 09:30", from: helen, text: "When will it be ready?"}
      - {at: "-2d 09:45", from: ada, private: true, text: "No idea."}
      - {at: "-26h", from: ada, text: "On Friday."}
      - {at: "-3h20m", from: helen, text: "I take it back.", deleted: true}
      - {at: "-40m", activity: "Conversation was marked resolved by Ada"}
"""


def told(story: str = STORY, studio: str = STUDIO) -> World:
    return tell({"studio.yaml": studio, "late.yaml": story}, Clock(NOON, frozen=True))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("-1d 00:30", datetime(2026, 2, 28, 0, 30, tzinfo=MOSCOW)),
        ("-12d 09:40", datetime(2026, 2, 17, 9, 40, tzinfo=MOSCOW)),
        ("-3h20m", datetime(2026, 3, 1, 8, 40, tzinfo=UTC)),
        ("-45m", datetime(2026, 3, 1, 11, 15, tzinfo=UTC)),
        ("-26h", datetime(2026, 2, 28, 10, tzinfo=UTC)),
    ],
)
def test_times_are_relative_to_now(text: str, expected: datetime) -> None:
    assert moment(text, at=NOON, zone=MOSCOW) == expected


@pytest.mark.parametrize("text", ["yesterday", "-0d 10:00", "-", "3h", None, "-1d 25:00"])
def test_other_times_are_refused(text: str | None) -> None:
    with pytest.raises(ValueError, match=r"."):
        moment(text, at=NOON, zone=MOSCOW)


def test_a_story_becomes_rows() -> None:
    world = told()
    talk = world.conversation(1)
    kinds = [(row.message_type, row.private, row.deleted) for row in world.messages_of(talk.key)]

    assert (talk.status, talk.labels, talk.assignee_id) == ("resolved", ("billing",), 1)
    assert talk.additional_attributes == {"mail_subject": "When?"}
    assert kinds == [
        (0, False, False),
        (1, True, False),
        (1, False, False),
        (0, False, True),
        (2, False, False),
    ]
    assert "take it back" not in str(world.messages)


def test_a_contact_is_as_old_as_its_first_word() -> None:
    world = told()

    assert world.contact(1).created_at == world.conversation(1).created_at
    assert world.contact(1).additional_attributes["country_code"] == "GB"


@pytest.mark.parametrize(
    ("wrong", "right", "complaint"),
    [
        ("inbox: fax", "inbox: mail", "late-1: inbox: 'fax' is not in studio.yaml"),
        ("contact: bob", "contact: helen", "late-1: contact: 'bob' is not in studio.yaml"),
        ("status: done", "status: resolved", "late-1: status: 'done' is not one of open"),
        ("labels: [tax]", "labels: [billing]", "late-1: labels: tax not in studio.yaml"),
        ('at: "-3d 08:00", activity', 'at: "-40m", activity', "message 5: its time is before"),
        ("from: bob, text", "from: ada, text", "nobody is called 'bob'"),
        ("project: nobody", "project: client", "project 'nobody' is not in studio.yaml"),
        ("mood: bad", 'subject: "When?"', "unknown: mood"),
        ("conversations: [", "conversations:", "not YAML"),
    ],
)
def test_a_story_that_cannot_be_told_says_where_and_why(
    wrong: str, right: str, complaint: str
) -> None:
    with pytest.raises(StoryError) as caught:
        told(STORY.replace(right, wrong))

    assert str(caught.value).startswith("late.yaml: ")
    assert complaint in str(caught.value)


def test_a_studio_without_an_administrator_is_refused() -> None:
    with pytest.raises(StoryError, match="one agent must be an administrator"):
        told(studio=STUDIO.replace("role: administrator", "role: agent"))


def test_the_packaged_stories_load_and_every_inbox_belongs_to_one_project() -> None:
    world = build_world(NOON, frozen=True)
    bound = [id_ for project in projects(world) for id_ in project.inbox_ids]

    assert world.conversations
    assert sorted(bound) == sorted(world.inboxes)
    assert max(row.created_at for row in world.messages.values()) <= NOON.timestamp()


def test_ids_do_not_depend_on_the_time_of_day() -> None:
    morning = build_world(NOON.replace(hour=3), frozen=True)
    evening = build_world(NOON.replace(hour=22), frozen=True)

    def numbered(world: World) -> list[tuple[int, str | None]]:
        return [(row.id, row.content) for row in world.messages.values()]

    assert numbered(morning) == numbered(evening)
    assert [c.uuid for c in morning.conversations.values()] == [
        c.uuid for c in evening.conversations.values()
    ]


async def test_two_tokens_are_known_one_of_them_sees_a_single_inbox() -> None:
    world = build_world(NOON, frozen=True)
    seen = {}
    for token in (ADMIN_TOKEN, AGENT_TOKEN):
        transport = httpx.ASGITransport(app=create_app(world))
        async with httpx.AsyncClient(transport=transport, base_url="http://sandbox") as client:
            response = await client.get(
                "/chatwoot/api/v1/accounts/1/inboxes", headers={"api_access_token": token}
            )
        seen[token] = len(response.json()["payload"])

    assert seen == {ADMIN_TOKEN: len(world.inboxes), AGENT_TOKEN: 1}


async def test_the_long_conversation_is_read_to_its_end_in_pages_of_a_hundred() -> None:
    world = build_world(NOON, long_conversation=True, frozen=True)
    key = max(world.conversations, key=lambda key: len(world.timeline(key)))
    transport = httpx.ASGITransport(app=create_app(world))
    headers = {"api_access_token": ADMIN_TOKEN}
    path = f"http://sandbox/chatwoot/api/v1/accounts/1/conversations/{key[1]}/messages"
    ids: list[int] = []
    async with httpx.AsyncClient(transport=transport, headers=headers) as client:
        while page := (await client.get(path, params={"after": max(ids, default=0)})).json()[
            "payload"
        ]:
            ids += [row["id"] for row in page]

    assert len(ids) == len(set(ids)) == 2_500
    assert len(world.journal.calls("messages.list")) == 26


def test_the_long_conversation_is_the_same_every_time() -> None:
    texts = [
        [row.content for row in build_world(NOON, long_conversation=True).messages.values()]
        for _ in range(2)
    ]

    assert texts[0] == texts[1]
    assert len(set(texts[0][-2_500:])) > 1_000, "varied enough to be worth searching"
