"""Workers in processes of their own, to be killed."""

import asyncio
import sys
from pathlib import Path

Process = asyncio.subprocess.Process


async def started(script: str, *arguments: object) -> Process:
    """A script of this folder that has said `ready`."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, Path(__file__).with_name(script), *map(str, arguments),
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    assert process.stdout
    assert await asyncio.wait_for(process.stdout.readline(), 60) == b"ready\n"
    return process


async def killed(process: Process) -> None:
    if process.returncode is None:
        process.kill()
    await process.wait()
