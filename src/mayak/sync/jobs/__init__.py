"""When the copy is refreshed by itself."""

from mayak.sync.jobs.reading import (
    LANE,
    attio_sync,
    chatwoot_sync,
    connectors_sync_cycle,
    linear_sync,
)

__all__ = [
    "LANE",
    "attio_sync",
    "chatwoot_sync",
    "connectors_sync_cycle",
    "linear_sync",
]
