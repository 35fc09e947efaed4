"""When the copy is refreshed by itself."""

from mayak.sync.jobs.backfill import connectors_backfill
from mayak.sync.jobs.errors import connector_errors_retry
from mayak.sync.jobs.reading import (
    LANE,
    attio_sync,
    chatwoot_sync,
    connectors_sync_cycle,
    linear_sync,
)
from mayak.sync.jobs.reconciliation import (
    connectors_reconciliation_daily,
    connectors_reconciliation_repair,
    connectors_reconciliation_run,
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
    "connector_errors_retry",
    "connectors_backfill",
    "connectors_reconciliation_daily",
    "connectors_reconciliation_repair",
    "connectors_reconciliation_run",
    "connectors_sync_cycle",
    "linear_sync",
    "webhooks_drain_attio",
    "webhooks_drain_chatwoot",
    "webhooks_drain_linear",
]
