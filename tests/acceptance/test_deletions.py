"""What is deleted at its source is told nowhere any more after the next sync."""

from collections.abc import AsyncIterator
from dataclasses import dataclass

import httpx
import pytest

from mayak.automation.model import Registry
from mayak.lightrag import jobs, service
from mayak.lightrag.model.answer import Answer
from mayak.lightrag.model.records import RecordType
from mayak.lightrag.service import Embedders, OpenAIEmbeddings, SourceLinks, SourceNotFound
from mayak.platform.db import Database
from mayak.sandbox.edits import apply_edit
from mayak.sandbox.stories import build_world
from tests.lightrag.clients import Client, new_client
from tests.lightrag.conftest import REGISTRY, Provider
from tests.lightrag.stories import NOW
from tests.runs import run_once

pytestmark = [pytest.mark.anyio, pytest.mark.acceptance, pytest.mark.database]


@dataclass(frozen=True, slots=True, kw_only=True)
class Doomed:
    """A record that its source will delete."""

    type: RecordType
    table: str
    column: str
    words: str
    """Only it says so, of what the question brings up."""
    question: str
    edit: str
    argument: str
    full: bool = False
    """Whether it leaves no trace, so that only a sync of everything finds it gone. One comes every
    six hours; a webhook tells at once.
    """
    mark: str = ""
    """What no other record says, where that is not `words`."""

    @property
    def unique(self) -> str:
        return self.mark or self.words


DOOMED = (
    Doomed(
        type="chatwoot_message",
        table="cw_messages",
        column="content",
        words="The badger with the moka pot",
        question="What about the badger with the moka pot?",
        edit="delete_message",
        argument="message_id",
    ),
    Doomed(
        type="linear_comment",
        table="linear_comments_raw",
        column="body",
        words="Ten moves in a row, one hold.",
        question="How many moves in a row have one hold once merged?",
        edit="linear.delete_comment",
        argument="comment",
        full=True,
    ),
    Doomed(
        type="linear_issue",
        table="linear_issues_raw",
        column="title",
        words="corrected statement for the auditors",
        question="Which issue is about the corrected statement for the auditors?",
        edit="linear.trash_issue",
        argument="issue",
    ),
    Doomed(
        type="attio_note",
        table="attio_notes_raw",
        column="content",
        words="David counts it as the third time this year.",
        question="What does David count as the third time this year?",
        edit="attio.delete_note",
        argument="note_id",
    ),
    Doomed(
        type="attio_deal",
        table="attio_opportunities_raw",
        column="name",
        words="Loyalty app",
        question="Which deals are open?",
        edit="attio.delete_record",
        argument="record_id",
        mark="no word from David",
    ),
)


class Reader:
    """What can be read of one client."""

    def __init__(self, client: Client, embedder: OpenAIEmbeddings) -> None:
        self.client = client
        self.embedder = embedder

    async def embed(self) -> None:
        things = {
            Embedders: Embedders(self.embedder),
            Registry: REGISTRY,
            Database: self.client.database,
        }
        await run_once(
            self.client.database, REGISTRY, things, self.client.project, jobs.embeddings_run
        )

    async def ask(self, question: str) -> Answer:
        return await service.ask(
            self.client.database,
            self.embedder,
            self.client.project,
            question,
            links=SourceLinks("https://desk.test", 7),
            at=NOW,
        )

    async def again(self, answer: Answer) -> Answer:
        async with self.client.database.transaction(self.client.project) as conn:
            return await service.answer_of(conn, self.client.project, answer.id)

    async def pane(self, kind: RecordType, external_id: str) -> str:
        """What is shown around the record; nothing when it is not to be shown."""
        async with self.client.database.transaction(self.client.project) as conn:
            try:
                return str(await service.source(conn, self.client.project, (kind, external_id)))
            except SourceNotFound:
                return ""

    async def kept(self) -> str:
        """Chunks, cards among them, and documents with the links between them."""
        chunks = await self.client.chunks()
        documents = await self.client.rows("SELECT title FROM rag_documents")
        return str([chunk["text"] for chunk in chunks]) + str(documents)

    @staticmethod
    def told(answer: Answer) -> str:
        """Everything of an answer but the question."""
        return str((answer.answer, answer.sentences, answer.citations, answer.table))

    async def links(self, external_id: str) -> list[dict[str, object]]:
        return await self.client.rows(
            "SELECT 1 FROM rag_links WHERE %s IN (from_id, to_id)", external_id
        )


@pytest.fixture
async def reader(database: Database) -> AsyncIterator[Reader]:
    client = await new_client(database, build_world(NOW, frozen=True), "northwind")
    async with httpx.AsyncClient(transport=Provider()) as http:
        embedder = OpenAIEmbeddings(http, base_url="http://models.test/v1", model="words")
        reader = Reader(client, embedder)
        await reader.embed()
        yield reader


async def id_of(reader: Reader, doomed: Doomed) -> str:
    [row] = await reader.client.rows(
        f"SELECT external_id FROM {doomed.table} WHERE position(%s in {doomed.column}) > 0",
        doomed.words,
    )
    return str(row["external_id"])


@pytest.mark.parametrize("doomed", DOOMED, ids=lambda one: one.type)
async def test_a_deleted_record_is_told_nowhere_after_the_next_sync(
    reader: Reader, doomed: Doomed
) -> None:
    external_id = await id_of(reader, doomed)
    before = await reader.ask(doomed.question)
    assert doomed.words in reader.told(before)
    assert doomed.unique in await reader.pane(doomed.type, external_id)
    assert doomed.unique in await reader.kept()

    world = reader.client.world
    world.clock.advance(60)
    argument = int(external_id) if doomed.type == "chatwoot_message" else external_id
    apply_edit(world, doomed.edit, {doomed.argument: argument})
    await reader.client.sync(full=doomed.full)
    await reader.embed()

    assert doomed.words not in reader.told(await reader.ask(doomed.question))
    assert doomed.words not in reader.told(await reader.again(before))
    assert doomed.unique not in await reader.pane(doomed.type, external_id)
    assert doomed.unique not in await reader.kept()
    assert await reader.links(external_id) == []
