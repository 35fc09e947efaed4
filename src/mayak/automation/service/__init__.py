"""What can be done with jobs: trigger one, read runs, and execute them on a worker."""

from mayak.automation.service.triggers import get, recent, trigger
from mayak.automation.service.worker import Worker

__all__ = ["Worker", "get", "recent", "trigger"]
