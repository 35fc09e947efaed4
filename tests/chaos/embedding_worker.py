"""A worker to kill: `python embedding_worker.py DSN JOURNAL`. Its leases last a second.

Its provider takes a while, and writes down each text that it was asked for.
"""

import asyncio
import base64
import json
import sys
from datetime import timedelta
from pathlib import Path

import httpx
import numpy as np

from mayak.automation.model import Registry
from mayak.automation.service import Worker
from mayak.kit.resources import Resources
from mayak.lightrag import jobs
from mayak.lightrag.service import Embedders, OpenAIEmbeddings
from mayak.platform.db import Database


class Slow(httpx.AsyncBaseTransport):
    def __init__(self, journal: Path) -> None:
        self._journal = journal

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        texts = json.loads(await request.aread())["input"]
        await asyncio.sleep(0.05)
        with self._journal.open("a") as journal:
            journal.writelines(f"{text}\n" for text in texts)
        vector = base64.b64encode(np.ones(8, "<f4").tobytes()).decode()
        rows = [{"index": at, "embedding": vector} for at in range(len(texts))]
        return httpx.Response(200, json={"data": rows})


async def main(dsn: str, journal: str) -> None:
    registry = Registry.of([jobs])
    async with (
        Database(dsn) as database,
        httpx.AsyncClient(transport=Slow(Path(journal))) as http,
    ):
        embedder = OpenAIEmbeddings(http, base_url="http://models.test", model="slow")
        embedder.batch = 10
        resources = Resources(
            {Database: database, Registry: registry, Embedders: Embedders(embedder)}
        )
        await Worker(database, registry, resources, lease=timedelta(seconds=1)).run()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2]))
