"""HTTP face of jobs. Routes that name a job type come last: `/jobs/{job_type}/run` fits much."""

from fastapi import APIRouter

from mayak.automation.api import runs, schedule
from mayak.automation.api.views import RunDetail, RunView

router = APIRouter()
router.include_router(runs.router)
router.include_router(schedule.router)

__all__ = ["RunDetail", "RunView", "router"]
