"""What can be done with jobs: trigger, schedule, follow, cancel and replay them; and the worker."""

from mayak.automation.queries import Filter, Replayed
from mayak.automation.service.appearing import ensure
from mayak.automation.service.runs import (
    Lineage,
    cancel,
    count_dead_letters,
    count_replayable,
    dead_letters,
    discard_dead_letters,
    get,
    lineage,
    recent,
    replay,
    replay_dead_letters,
    restore_dead_letters,
)
from mayak.automation.service.schedules import (
    Change,
    Job,
    change,
    obey_flag,
    one_job,
    overview,
    pause,
    pause_all,
    resume,
    resume_all,
    run_now,
    tick_project,
)
from mayak.automation.service.ticking import tick
from mayak.automation.service.triggers import trigger
from mayak.automation.service.worker import LEASE, SLOTS, Worker

__all__ = [
    "LEASE",
    "SLOTS",
    "Change",
    "Filter",
    "Job",
    "Lineage",
    "Replayed",
    "Worker",
    "cancel",
    "change",
    "count_dead_letters",
    "count_replayable",
    "dead_letters",
    "discard_dead_letters",
    "ensure",
    "get",
    "lineage",
    "obey_flag",
    "one_job",
    "overview",
    "pause",
    "pause_all",
    "recent",
    "replay",
    "replay_dead_letters",
    "restore_dead_letters",
    "resume",
    "resume_all",
    "run_now",
    "tick",
    "tick_project",
    "trigger",
]
