"""Vectors of the configured model, made anew, and the way back to those of the former one."""

from datetime import datetime
from uuid import UUID

from fastapi import APIRouter
from pydantic import BaseModel

from mayak.access.deps import CurrentProject, Tx, allow
from mayak.automation.api import RunView
from mayak.automation.model import Registry
from mayak.automation.service import trigger
from mayak.http.services import Services
from mayak.lightrag.model.sets import SetStatus
from mayak.lightrag.service import Embedders, sets
from mayak.lightrag.service.sets import Filled
from mayak.platform.db import Conn

router = APIRouter()


class ReembedInput(BaseModel):
    rollback: bool = False
    """Answer from the former set at once, instead of building the configured one."""


class SetView(BaseModel):
    id: UUID
    provider: str
    model: str
    dimensions: int | None
    status: SetStatus
    rejected: bool
    """A person went back from it: it is active again only when a person asks for it."""
    vectors: int
    texts: int
    """Texts of the project: with a vector for each the set is complete."""
    served: bool
    """Whether this installation can embed questions for it; if not, answers go by words."""
    activated_at: datetime | None
    failing_since: datetime | None
    failure: str | None

    @classmethod
    def of(cls, filled: Filled, embedders: Embedders) -> "SetView":
        kept = filled.kept
        return cls(
            id=kept.id,
            provider=kept.provider,
            model=kept.model,
            dimensions=kept.dimensions,
            status=kept.status,
            rejected=kept.rejected,
            vectors=filled.vectors,
            texts=filled.texts,
            served=embedders.of(kept) is not None,
            activated_at=kept.activated_at,
            failing_since=kept.outage.since if kept.outage else None,
            failure=kept.outage.cause if kept.outage else None,
        )


class ReembedView(BaseModel):
    sets: list[SetView]
    run: RunView | None
    """Of the job that fills what lacks vectors; null when only the state was asked for."""


async def shown(conn: Conn, project_id: UUID, embedders: Embedders) -> list[SetView]:
    """Every set of a project as it is told of, the active one first."""
    return [SetView.of(one, embedders) for one in await sets.overview(conn, project_id)]


async def reembedded(
    conn: Conn, project_id: UUID, embedders: Embedders, registry: Registry, *, rollback: bool
) -> ReembedView:
    """Go back, or ask for the configured model; and a run that does the rest."""
    if rollback:
        await sets.roll_back(conn, project_id)
    else:
        await sets.ask_again(conn, project_id, embedders.wanted)
    because = "rollback" if rollback else "reembed"
    run = await trigger(conn, registry, project_id, "embeddings_run", because=because)
    return ReembedView(sets=await shown(conn, project_id, embedders), run=RunView.of(run))


@router.post("/lightrag/reembed", status_code=202, dependencies=[allow("lightrag.reembed")])
async def reembed(
    asked: ReembedInput, project: CurrentProject, tx: Tx, services: Services
) -> ReembedView:
    """Build the vectors of the configured model beside those that answer; texts that were given up
    get another chance. With `rollback`, answer from the former model again, at once.
    """
    return await reembedded(
        tx,
        project.id,
        services.get(Embedders),
        services.get(Registry),
        rollback=asked.rollback,
    )
