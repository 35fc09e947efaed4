"""How complete the copy is, as the last checks found it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from mayak.automation.model import Registry, Run
from mayak.automation.service import trigger
from mayak.platform.db import Conn
from mayak.sync.model import CONNECTORS
from mayak.sync.model.reconciliation import (
    LISTED,
    Choice,
    Downstreams,
    Finding,
    FindingNotFound,
    FindingStatus,
    Metric,
    Stage,
    Totals,
    totals,
)
from mayak.sync.queries import findings, reconciliation

RUN_JOB = "connectors_reconciliation_run"
REPAIR_JOB = "connectors_reconciliation_repair"
TREND = 30
"""Checks of each connector that a trend goes back."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Completeness:
    """All that is known of a project's copy beside its sources."""

    totals: list[Totals]
    metrics: list[Metric]
    open: list[Mapping[str, Any]]
    """{connector, stream, kind, count}"""
    trend: list[Mapping[str, Any]]
    """{connector, run_id, checked_at, completeness, missing, duplicate}"""
    stages: list[Stage]


async def completeness(conn: Conn, downstreams: Downstreams, project_id: UUID) -> Completeness:
    """The newest numbers; those of connectors that were never checked are not there."""
    metrics = await reconciliation.latest(conn, project_id)
    full = [one for one in metrics if one.depth == "full"]
    return Completeness(
        totals=[
            totals(connector, full)
            for connector in CONNECTORS
            if any(one.connector == connector for one in metrics)
        ],
        metrics=metrics,
        open=list(await findings.open_counts(conn, project_id)),
        trend=list(await reconciliation.trend(conn, project_id, limit=TREND)),
        stages=[stage for one in downstreams.each for stage in await one(conn, project_id)],
    )


async def differences(
    conn: Conn, project_id: UUID, connector: str, stream: str
) -> tuple[dict[str, list[str]], dict[str, int]]:
    """Ids of records with an open finding by kind, up to LISTED each, and how many there are."""
    ids: dict[str, list[str]] = {}
    counts: dict[str, int] = {}
    for row in await findings.open_ids(conn, project_id, connector, stream, limit=LISTED):
        ids.setdefault(row["kind"], []).append(row["external_id"])
        counts[row["kind"]] = row["count"]
    return ids, counts


async def ask_for_check(conn: Conn, registry: Registry, project_id: UUID, choice: Choice) -> Run:
    """Have the copy compared with its sources; a run that is waiting already is joined."""
    chosen = {"connector": choice.connector, "stream": choice.stream}
    payload = {name: one for name, one in chosen.items() if one is not None}
    return await trigger(conn, registry, project_id, RUN_JOB, payload=payload or None)


async def ask_for_repair(
    conn: Conn, registry: Registry, project_id: UUID, payload: Mapping[str, object]
) -> Run:
    """Have findings repaired. Raises InvalidInput for a choice that makes no sense."""
    Choice.of(payload)
    return await trigger(conn, registry, project_id, REPAIR_JOB, payload=payload)


async def switch(
    conn: Conn, project_id: UUID, finding_id: UUID, *, was: FindingStatus, status: FindingStatus
) -> Finding:
    """Let a finding rest, or take it up again. Raises FindingNotFound."""
    found = await findings.switch(conn, project_id, finding_id, was=was, status=status)
    if found is None:
        raise FindingNotFound(finding_id)
    return found
