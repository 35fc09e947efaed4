"""Companies that became one at the source: the project that was bound to the old has the new."""

from collections.abc import Mapping
from uuid import UUID

from mayak.platform.db import Conn, Database
from mayak.sync.model import Binding, Connector
from mayak.sync.queries import bindings, states


async def inherit(
    database: Database,
    project_id: UUID,
    connector: Connector,
    account_ref: str,
    merged: Mapping[str, str],
) -> dict[str, str]:
    """Bind what the project's companies were merged into; `merged` has new ids by old ones.

    Gives the ones that could not be bound, by their old ids, with the reason: companies of two
    projects that became one belong to whom a person says.
    """
    refused: dict[str, str] = {}
    async with database.system_transaction() as conn:
        await bindings.lock(conn, project_id, connector)
        found = await bindings.bindings(conn, project_id, connector, account_ref)
        bound = {one.external_id: one for one in found if one.kind == "company"}
        for old, new in merged.items():
            if old not in bound or new in bound:
                continue
            parts = {new, *(one for one, into in merged.items() if into == new)}
            if await _anybody_elses(conn, project_id, connector, account_ref, parts):
                refused[old] = (
                    f"The company {old} was merged into {new} with one of another project; bind "
                    "the new one where it belongs."
                )
                continue
            binding = Binding(kind="company", external_id=new, name=bound[old].name)
            await bindings.bind(conn, project_id, connector, account_ref, binding)
            bound[new] = binding
        await states.forget_run(conn, project_id, connector)
    return refused


async def _anybody_elses(
    conn: Conn, project_id: UUID, connector: Connector, account_ref: str, parts: set[str]
) -> bool:
    for part in sorted(parts):
        binding = Binding(kind="company", external_id=part)
        if await bindings.taken(conn, project_id, connector, account_ref, binding):
            return True
    return False
