"""The benches of the sync still run: their figures are taken by hand, on a machine at rest."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]

pytestmark = pytest.mark.acceptance


def figures(bench: str, *arguments: str) -> dict[str, Any]:
    command = [sys.executable, str(ROOT / "bench" / bench), "--quick", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=280)
    assert done.returncode == 0, done.stderr
    told: dict[str, Any] = json.loads(done.stdout)
    return told


def test_the_speed_of_pages_is_told_beside_a_bare_merge_and_beside_dlt() -> None:
    told = figures("sync.py", "--only", "comments")

    comments = told["streams"]["linear comments"]
    assert {"changed_to_copy_merge", "changed_to_dlt", "unchanged_to_changed"} <= comments.keys()
    assert all(rate > 0 for rate in comments["records_per_second"].values())


def test_the_memory_of_a_sync_is_told_for_two_sizes_of_an_account() -> None:
    told = figures("sync_memory.py", "--only", "attio companies")

    small, large = told["attio companies"]["runs"]
    assert (small["records"], large["records"]) == (200, 2000)
    assert 0 < small["peak_mb"] <= large["peak_mb"] * 1.2
