"""HTTP face of sync."""

from fastapi import APIRouter

from mayak.sync.api import bindings, streams, webhooks

router = APIRouter(tags=["connectors"])
for part in (streams, bindings, webhooks):
    router.include_router(part.router)

__all__ = ["router"]
