"""The registry: a process with job types that contradict each other does not start."""

from datetime import timedelta
from types import ModuleType

import pytest

from mayak.automation.model import JobRun, JobType, Registry, Result, UnknownJobType, job
from mayak.entry.wiring import JOB_MODULES, job_types


def named(name: str, *, after: tuple[str, ...] = ()) -> JobType:
    @job(name, after=after)
    async def work(_: JobRun) -> Result:
        return Result()

    return work


def test_a_cascade_in_a_circle_is_refused_and_the_circle_is_named() -> None:
    with pytest.raises(ValueError, match=r"circle: a -> b -> c -> a\."):
        Registry([named("a", after=("c",)), named("b", after=("a",)), named("c", after=("b",))])


def test_a_circle_below_something_that_is_none_is_found() -> None:
    with pytest.raises(ValueError, match=r"circle: b -> c -> b\."):
        Registry([named("a"), named("b", after=("a", "c")), named("c", after=("b",))])


def test_a_job_after_itself_is_a_circle() -> None:
    with pytest.raises(ValueError, match=r"circle: a -> a\."):
        Registry([named("a", after=("a",))])


def test_two_ways_to_one_job_are_no_circle() -> None:
    diamond = Registry(
        [
            named("top"),
            named("left", after=("top",)),
            named("right", after=("top",)),
            named("end", after=("left", "right")),
        ]
    )

    assert [one.name for one in diamond.downstream("top")] == ["left", "right"]
    assert [one.name for one in diamond.downstream("left")] == ["end"]


def test_a_long_chain_is_followed_to_its_end() -> None:
    chain = [named("0")] + [named(str(n), after=(str(n - 1),)) for n in range(1, 300)]

    assert len(Registry(chain)) == 300


def test_two_job_types_with_one_name_are_refused() -> None:
    with pytest.raises(ValueError, match="Two job types are named sync"):
        Registry([named("sync"), named("sync")])


def test_an_upstream_that_does_not_exist_is_refused_and_named() -> None:
    with pytest.raises(ValueError, match="connectors_sync_cicle"):
        Registry([named("sync"), named("embed", after=("connectors_sync_cicle",))]).complete()


def test_a_built_type_takes_the_place_of_the_planned_one() -> None:
    built, planned = named("health"), named("health")

    assert Registry([built], planned=[planned, named("radar")])["health"] is built


def test_job_types_are_found_in_the_modules_that_declare_them() -> None:
    module = ModuleType("orchard")
    module.__dict__.update(pick=named("pick"), press=named("press", after=("pick",)), count=7)

    assert list(Registry.of([module])) == ["pick", "press"]


def test_a_type_that_is_not_known_is_named_with_those_that_are() -> None:
    with pytest.raises(UnknownJobType, match=r"no job type embod; there are embed, sync"):
        Registry([named("sync"), named("embed")]).need("embod")


def test_a_type_without_a_lane_has_its_own() -> None:
    assert named("sync").lane == "sync"


BASE = {
    "connectors_sync_cycle": 15,
    "connector_errors_retry": 5,
    "campaign_scheduler": 5,
    "embeddings_run": 20,
    "signals_extraction": 15,
    "health_scoring": 30,
    "upsell_radar": 30,
    "analytics_aggregates": 30,
    "loops_contacts_sync": 60,
    "retention_cleanup": 720,
}
"""Minutes between two runs."""
WALL_CLOCK = {
    "daily_digest": "0 8 * * *",
    "connectors_reconciliation_daily": "0 8 * * *",
    "weekly_digest": "0 8 * * 1",
}
CASCADE = {
    "connectors_sync_cycle": {"signals_extraction", "embeddings_run"},
    "webhooks_drain_chatwoot": {"embeddings_run"},
    "webhooks_drain_linear": {"embeddings_run"},
    "webhooks_drain_attio": {"embeddings_run"},
    "connectors_reconciliation_daily": {"embeddings_run"},
    "connectors_reconciliation_repair": {"embeddings_run"},
    "connector_errors_retry": {"embeddings_run"},
    "connectors_backfill": {"embeddings_run"},
    "signals_extraction": {"health_scoring", "kag_recommendations_refresh"},
    "health_scoring": {"analytics_aggregates"},
    "kag_recommendations_refresh": {"kag_v2_recommendations_refresh"},
}


def test_the_base_schedule_of_the_product_is_the_agreed_one() -> None:
    rhythms = {name: one.rhythm for name, one in job_types().items() if one.rhythm}

    for name, minutes in BASE.items():
        assert rhythms[name].every == timedelta(minutes=minutes), name
    for name, cron in WALL_CLOCK.items():
        assert rhythms[name].cron == cron, name


def test_the_cascade_of_the_product_is_the_agreed_one() -> None:
    registry = job_types()

    for above, below in CASCADE.items():
        assert {one.name for one in registry.downstream(above)} == below, above


def test_only_what_no_module_builds_is_called_not_built() -> None:
    built = set(Registry.of(JOB_MODULES, planned=[]))

    assert {name for name, one in job_types().items() if one.built} == built
