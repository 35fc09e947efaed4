"""Job types that the product will have and whose domain is not built yet.

They are declared so that their schedule, their place in the cascade and their name stand already.
A run of one reports `skipped: not built`. The domain that builds one declares it under the same
name and takes it out of here.
"""

from datetime import timedelta

from mayak.automation.model import JobRun, JobType, Queue, Result, Rhythm

DAILY = "0 8 * * *"
WEEKLY = "0 8 * * 1"


async def not_built(_: JobRun) -> Result:
    """What every one of them does."""
    return Result(status="skipped", note="not built")


def _planned(
    name: str,
    *,
    minutes: int | None = None,
    cron: str | None = None,
    after: tuple[str, ...] = (),
    queue: Queue = "derive",
    legacy: bool = False,
) -> JobType:
    every = None if minutes is None else timedelta(minutes=minutes)
    return JobType(
        name=name,
        handler=not_built,
        rhythm=Rhythm(every=every, cron=cron) if every or cron else None,
        after=after,
        queue=queue,
        legacy=legacy,
        built=False,
    )


PLANNED: tuple[JobType, ...] = (
    _planned("campaign_scheduler", minutes=5, queue="io"),
    _planned("signals_extraction", minutes=15, after=("connectors_sync_cycle",)),
    _planned("health_scoring", minutes=30, after=("signals_extraction",)),
    _planned("upsell_radar", minutes=30),
    _planned("analytics_aggregates", minutes=30, after=("health_scoring",)),
    _planned("loops_contacts_sync", minutes=60, queue="io"),
    _planned("daily_digest", cron=DAILY),
    _planned("weekly_digest", cron=WEEKLY),
    _planned("retention_cleanup", minutes=12 * 60, queue="io"),
    _planned("kag_recommendations_refresh", minutes=15, after=("signals_extraction",), legacy=True),
    _planned("kag_v2_recommendations_refresh", after=("kag_recommendations_refresh",), legacy=True),
    _planned("kag_v2_forecast_refresh", cron=DAILY, legacy=True),
    _planned("kag_daily_pipeline", cron=DAILY, legacy=True),
    _planned("case_signatures_refresh", cron=WEEKLY, legacy=True),
    _planned("project_snapshot_daily", cron=DAILY, legacy=True),
)
