"""How complete the copy is, the very records that differ, and their repair."""

from datetime import datetime
from typing import Annotated, Any, Self
from uuid import UUID

from fastapi import APIRouter, Body, Query
from pydantic import BaseModel, ConfigDict, Field

from mayak.access.deps import CurrentProject, Tx, allow
from mayak.automation.api import RunView
from mayak.automation.model import Registry
from mayak.http.paging import Page, decode_moment, encode_moment
from mayak.http.services import Services
from mayak.sync.model import Connector
from mayak.sync.model.reconciliation import (
    Choice,
    Depth,
    Downstreams,
    Finding,
    FindingKind,
    FindingStatus,
    Metric,
    StageName,
    connector_of,
)
from mayak.sync.queries import findings as queries
from mayak.sync.service import completeness as service

router = APIRouter()


class OfAttributes(BaseModel):
    model_config = ConfigDict(from_attributes=True)


class MetricView(OfAttributes):
    """The numbers of one check of a stream; null is what is not known."""

    depth: Depth
    restated: bool
    """The last listing corrected by what was repaired since."""
    checked_at: datetime
    source_count: int | None
    local_count: int
    missing: int | None
    extra: int | None
    duplicate: int
    stale: int | None
    completeness: float | None
    """Percent of what the source shows that is here."""
    parts_checked: int | None
    """Of messages: conversations that were compared; the numbers are theirs alone."""
    parts_total: int | None
    cause: str | None
    """Why something is not known."""


class OpenCounts(BaseModel):
    """Open findings by kind."""

    missing: int = 0
    extra: int = 0
    duplicate: int = 0
    stale: int = 0


class StreamCheck(BaseModel):
    connector: str
    stream: str
    full: MetricView | None
    """The last comparison with the source."""
    quick: MetricView | None
    """What was counted here after the last sync."""
    open: OpenCounts


class Worst(BaseModel):
    stream: str
    completeness: float


class TrendPoint(BaseModel):
    """One full check, as it was found before any repair."""

    run_id: UUID
    checked_at: datetime
    completeness: float | None
    missing: int | None
    duplicate: int | None


class ConnectorTotals(BaseModel):
    """A connector as a whole; null as soon as one of its streams is not known."""

    connector: str
    checked_at: datetime | None
    completeness: float | None
    worst: Worst | None
    missing: int | None
    extra: int | None
    duplicate: int | None
    stale: int | None
    open: OpenCounts
    trend: list[TrendPoint]


class StageView(OfAttributes):
    """How much of a stream has come to a place further down the line."""

    name: StageName
    connector: str
    stream: str
    have: int
    of: int
    lacking: list[str]
    """Ids of up to 100 records that have not."""


class Reconciliation(BaseModel):
    connectors: list[ConnectorTotals]
    streams: list[StreamCheck]
    stages: list[StageView]

    @classmethod
    def of(cls, found: service.Completeness) -> Self:
        return cls(
            connectors=[
                ConnectorTotals(
                    connector=one.connector,
                    checked_at=one.checked_at,
                    completeness=_number(one.completeness),
                    worst=None
                    if one.worst is None
                    else Worst(stream=one.worst[0], completeness=float(one.worst[1])),
                    missing=one.missing,
                    extra=one.extra,
                    duplicate=one.duplicate,
                    stale=one.stale,
                    open=_open(found, one.connector, None),
                    trend=[
                        TrendPoint.model_validate(point)
                        for point in found.trend
                        if point["connector"] == one.connector
                    ],
                )
                for one in found.totals
            ],
            streams=_streams(found),
            stages=[StageView.model_validate(one) for one in found.stages],
        )


def _number(value: Any) -> float | None:
    return None if value is None else float(value)


def _open(found: service.Completeness, connector: str, stream: str | None) -> OpenCounts:
    counts = {"missing": 0, "extra": 0, "duplicate": 0, "stale": 0}
    for row in found.open:
        if row["connector"] == connector and stream in {None, row["stream"]}:
            counts[row["kind"]] += row["count"]
    return OpenCounts(**counts)


def _streams(found: service.Completeness) -> list[StreamCheck]:
    by_stream: dict[tuple[str, str], dict[str, Metric]] = {}
    for one in found.metrics:
        by_stream.setdefault((one.connector, one.stream), {})[one.depth] = one
    return [
        StreamCheck(
            connector=connector,
            stream=stream,
            full=MetricView.model_validate(depths["full"]) if "full" in depths else None,
            quick=MetricView.model_validate(depths["quick"]) if "quick" in depths else None,
            open=_open(found, connector, stream),
        )
        for (connector, stream), depths in by_stream.items()
    ]


class Differences(BaseModel):
    """Ids of the records with an open finding, up to 1000 of each kind."""

    connector: str
    stream: str
    missing: list[str]
    """The source has them, we do not."""
    extra: list[str]
    """We have them, the source does not."""
    duplicate: list[str]
    """They share what should be theirs alone with another row."""
    stale: list[str]
    """Ours is older than the source's."""
    counts: OpenCounts


class FindingView(OfAttributes):
    """One record that differs from its source."""

    id: UUID
    connector: str
    stream: str
    kind: FindingKind
    external_id: str
    detail: dict[str, Any]
    """What a person knows it by, both versions, the twin of a duplicate."""
    status: FindingStatus
    found_at: datetime
    last_seen_at: datetime
    resolved_at: datetime | None
    repair_error: str | None

    @classmethod
    def of(cls, finding: Finding) -> "FindingView":
        return cls.model_validate(finding)


class CheckWanted(BaseModel):
    """What is to be compared; everything when nothing is said."""

    connector: Connector | None = None
    stream: str | None = None


class RepairWanted(BaseModel):
    """Which findings are to be repaired; all open ones when nothing is said."""

    finding_ids: Annotated[list[UUID], Field(min_length=1, max_length=5000)] | None = None
    connector: Connector | None = None
    stream: str | None = None
    kinds: Annotated[list[FindingKind], Field(min_length=1)] | None = None
    accept_deletions: bool = False
    """Delete here what the source does not have, however much it is."""


@router.get("/connectors/reconciliation", dependencies=[allow("connectors.read")])
async def read_reconciliation(
    project: CurrentProject, tx: Tx, services: Services
) -> Reconciliation:
    """The newest numbers of each stream and connector, and what came of it down the line."""
    found = await service.completeness(tx, services.get(Downstreams), project.id)
    return Reconciliation.of(found)


@router.get("/connectors/reconciliation/diff", dependencies=[allow("connectors.read")])
async def read_differences(
    connector: Connector, stream: str, project: CurrentProject, tx: Tx
) -> Differences:
    """The ids of the records of one stream that differ, by kind."""
    connector_of(connector, stream)
    ids, counts = await service.differences(tx, project.id, connector, stream)
    return Differences(
        connector=connector,
        stream=stream,
        missing=ids.get("missing", []),
        extra=ids.get("extra", []),
        duplicate=ids.get("duplicate", []),
        stale=ids.get("stale", []),
        counts=OpenCounts(**counts),
    )


@router.get("/connectors/reconciliation/findings", dependencies=[allow("connectors.read")])
async def list_findings(  # one filter a parameter
    project: CurrentProject,
    tx: Tx,
    connector: Connector | None = None,
    stream: str | None = None,
    kind: FindingKind | None = None,
    status: FindingStatus | None = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
    cursor: str | None = None,
) -> Page[FindingView]:
    """Records that differ, or did, the latest first; settled ones too unless `status` says."""
    found = await queries.findings(
        tx, project.id,
        connector=connector, stream=stream, kind=kind, status=status,
        before=decode_moment(cursor), limit=limit + 1,
    )  # fmt: skip
    last = found[limit - 1] if len(found) > limit else None
    return Page(
        items=[FindingView.of(one) for one in found[:limit]],
        next_cursor=encode_moment(last.found_at, last.id) if last else None,
    )


@router.post("/connectors/reconciliation/run", status_code=202, dependencies=[allow("jobs.run")])
async def start_check(
    project: CurrentProject,
    tx: Tx,
    services: Services,
    wanted: Annotated[CheckWanted | None, Body()] = None,
) -> RunView:
    """Start comparing with the sources; nothing is repaired. A run that is waiting is joined."""
    choice = Choice.of(wanted.model_dump(exclude_none=True) if wanted else {})
    run = await service.ask_for_check(tx, services.get(Registry), project.id, choice)
    return RunView.of(run)


@router.post(
    "/connectors/reconciliation/repair",
    status_code=202,
    dependencies=[allow("connectors.manage")],
)
async def start_repair(
    project: CurrentProject,
    tx: Tx,
    services: Services,
    wanted: Annotated[RepairWanted | None, Body()] = None,
) -> RunView:
    """Start reading exactly the records that differ again, by their ids."""
    payload = wanted.model_dump(mode="json", exclude_none=True) if wanted else {}
    run = await service.ask_for_repair(tx, services.get(Registry), project.id, payload)
    return RunView.of(run)


@router.post(
    "/connectors/reconciliation/findings/{finding_id}/ignore",
    dependencies=[allow("connectors.manage")],
)
async def ignore(finding_id: UUID, project: CurrentProject, tx: Tx) -> FindingView:
    """Let a finding rest: it is not repaired, and not opened again while it lasts."""
    found = await service.switch(tx, project.id, finding_id, was="open", status="ignored")
    return FindingView.of(found)


@router.post(
    "/connectors/reconciliation/findings/{finding_id}/reopen",
    dependencies=[allow("connectors.manage")],
)
async def reopen(finding_id: UUID, project: CurrentProject, tx: Tx) -> FindingView:
    """Take up a finding again that was let rest."""
    found = await service.switch(tx, project.id, finding_id, was="ignored", status="open")
    return FindingView.of(found)
