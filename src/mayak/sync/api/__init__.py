"""HTTP face of sync."""

from fastapi import APIRouter

from mayak.sync.api import (
    backfill,
    bindings,
    connections,
    errors,
    parts,
    reconciliation,
    records,
    streams,
    webhooks,
)

router = APIRouter(tags=["connectors"])
# Errors first: their addresses would be read as names of connectors.
for part in (
    errors,
    reconciliation,
    backfill,
    connections,
    streams,
    bindings,
    webhooks,
    parts,
    records,
):
    router.include_router(part.router)

__all__ = ["router"]
