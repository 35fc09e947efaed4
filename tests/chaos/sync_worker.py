"""A worker to kill: `python sync_worker.py DSN CHATWOOT_URL`. Its leases last a second."""

import asyncio
import sys
from datetime import timedelta

import httpx

from mayak.automation.model import Registry
from mayak.automation.service import Worker
from mayak.kit.resources import Resources
from mayak.platform.db import Database
from mayak.sync import jobs
from mayak.sync.service import Credentials, Sources


async def main(dsn: str, base_url: str) -> None:
    async with Database(dsn) as database, httpx.AsyncClient() as http:
        account = Credentials(secret="sandbox-admin-token", base_url=base_url, account="1")
        access = Sources(http, defaults={"chatwoot": account})
        resources = Resources({Sources: access})
        lease = timedelta(seconds=1)
        await Worker(database, Registry.of([jobs]), resources, lease=lease).run()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2]))
