"""The product from outside: its commands in a folder of their own, and one demo for all tests."""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

MAYAK = Path(sys.executable).with_name("mayak")


def environment(folder: Path, **more: str) -> dict[str, str]:
    """A clean environment: nothing of the developer's own settings reaches a test."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    return kept | {"MAYAK_DATA_DIR": str(folder), "SHUTDOWN_TIMEOUT": "2"} | more


def run_json(folder: Path, *arguments: str, **more: str) -> dict[str, Any]:
    """Run a command with --json; the one document that it printed."""
    done = subprocess.run(
        [MAYAK, *arguments, "--json"],
        env=environment(folder, **more),
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        timeout=280,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    document: dict[str, Any] = json.loads(done.stdout)
    return document


@contextmanager
def process(folder: Path, *arguments: str, **more: str) -> Iterator[dict[str, Any]]:
    """A command that stays; yields the document it announced itself with."""
    running = subprocess.Popen(
        [MAYAK, *arguments, "--json"],
        env=environment(folder, **more),
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert running.stdout
    text = ""
    while not (text.endswith("}\n") and text.count("{") == text.count("}")):
        line = running.stdout.readline()
        assert line, running.stderr.read() if running.stderr else ""
        text += line
    try:
        yield json.loads(text)
    finally:
        running.terminate()
        _, said = running.communicate(timeout=60)
        assert running.returncode == 0, said


@pytest.fixture(scope="session")
def demo_folder() -> Iterator[Path]:
    """Outside of pytest's own folder, which every new run closes to other users for a moment."""
    with tempfile.TemporaryDirectory(prefix="mayak-demo-") as folder:
        yield Path(folder)


@pytest.fixture(scope="session")
def outcome(demo_folder: Path) -> dict[str, Any]:
    """What `mayak demo --once --json` printed, on an empty folder."""
    return run_json(demo_folder, "demo", "--once")
