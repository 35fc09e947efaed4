"""The clients of the built-in World, each a project that the product's own sync has filled."""

from typing import Any
from uuid import UUID

from mayak.lightrag.service import documents
from mayak.platform.db import Database
from mayak.sandbox.world import World
from tests.conftest import new_project
from tests.sync.studio import Studio

SLUGS = ("northwind", "baltika", "vega")


class Client(Studio):
    """What can be asked of the documents of one project."""

    async def refresh(self) -> documents.Refreshed:
        return await documents.catch_up(self.database, self.project)

    async def change(self, statement: str, *values: object) -> None:
        """Change the mirror as a sync does: what changes takes a new revision."""
        async with self.database.transaction(self.project) as conn:
            await conn.execute(statement.encode(), values or None)

    async def chunks(self, kind: str = "%") -> list[dict[str, Any]]:
        return await self.rows(
            "SELECT d.source_type, d.external_id AS document, c.* FROM rag_chunks AS c"
            " JOIN rag_documents AS d ON d.id = c.document_id AND d.project_id = c.project_id"
            " WHERE c.kind LIKE %s ORDER BY d.source_type, d.external_id, c.ordinal",
            kind,
        )

    async def card(self, title: str) -> str:
        """The text of the card of the entity of this name."""
        [row] = await self.rows(
            "SELECT c.text FROM rag_chunks AS c JOIN rag_documents AS d ON d.id = c.document_id"
            " AND d.project_id = c.project_id WHERE c.kind = 'card' AND d.title = %s",
            title,
        )
        return str(row["text"])


async def client_of(database: Database, world: World, slug: str, project: UUID) -> Client:
    """The project with everything that this client of the World has, read and cut."""
    client = Client(database, project, world)
    [told] = [one for one in world.projects if one.slug == slug]
    await client.bind("chatwoot", *(("inbox", str(id_)) for id_ in told.inbox_ids))
    await client.bind("linear", *(("team", id_) for id_ in told.linear_team_ids))
    await client.bind("attio", *(("company", id_) for id_ in told.attio_company_ids))
    await client.sync()
    await client.refresh()
    return client


async def new_client(database: Database, world: World, slug: str) -> Client:
    return await client_of(database, world, slug, await new_project(database, slug))
