"""When the copy is refreshed by itself."""

from mayak.sync.jobs.reading import (
    LANE,
    attio_sync,
    chatwoot_sync,
    connectors_sync_cycle,
    linear_sync,
)
from mayak.sync.jobs.webhooks import (
    webhooks_drain_attio,
    webhooks_drain_chatwoot,
    webhooks_drain_linear,
)

__all__ = [
    "LANE",
    "attio_sync",
    "chatwoot_sync",
    "connectors_sync_cycle",
    "linear_sync",
    "webhooks_drain_attio",
    "webhooks_drain_chatwoot",
    "webhooks_drain_linear",
]
