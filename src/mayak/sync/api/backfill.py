"""Have a part of history read again."""

from typing import Annotated

from fastapi import APIRouter
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from mayak.access.deps import CurrentProject, Tx, allow
from mayak.automation.api import RunView
from mayak.automation.model import Registry
from mayak.errors import InvalidInput
from mayak.http.services import Services
from mayak.kit.clock import now
from mayak.sync.model import Connector, Stream, Wanted
from mayak.sync.service.backfilling import backfill_soon

router = APIRouter()


class BackfillWanted(BaseModel):
    """The span of time that is to be read again."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True)

    from_: Annotated[AwareDatetime, Field(alias="from")]
    to: AwareDatetime | None = None
    """The present minute when left out."""
    streams: Annotated[list[Stream], Field(min_length=1)] | None = None
    """All that have a history when left out."""


@router.post("/connectors/{connector}/backfill", status_code=202, dependencies=[allow("jobs.run")])
async def start_backfill(
    connector: Connector,
    wanted: BackfillWanted,
    project: CurrentProject,
    tx: Tx,
    services: Services,
) -> RunView:
    """Read what changed (Linear), was made (Attio) or was said (Chatwoot) in a span of time again.

    Syncs go on meanwhile and come first. A run that waits for the same span is joined.
    """
    minute = now().replace(second=0, microsecond=0)
    end = wanted.to or minute
    if end > now():
        raise InvalidInput("to", "the future has not been written yet")
    asked: dict[str, object] = {
        "connector": connector,
        "from": wanted.from_.isoformat(),
        "to": end.isoformat(),
        "streams": wanted.streams,
    }
    run = await backfill_soon(tx, services.get(Registry), project.id, Wanted.of(asked))
    return RunView.of(run)
