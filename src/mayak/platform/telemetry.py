"""Log lines and measures of one process."""

import logging
import sys
from typing import Literal

import structlog
from prometheus_client import CollectorRegistry, Counter, Histogram
from prometheus_client.exposition import generate_latest

LONGEST_MESSAGE = 8000
BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)


def set_up_logging(level: str, form: Literal["auto", "json", "text"]) -> None:
    """Send every message, ours and the libraries', to standard error."""
    text = form == "text" or (form == "auto" and sys.stderr.isatty())
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    last: structlog.typing.Processor = (
        # The fancy tracebacks show the values of variables, passwords among them.
        structlog.dev.ConsoleRenderer(
            colors=sys.stderr.isatty(), exception_formatter=structlog.dev.plain_traceback
        )
        if text
        else structlog.processors.JSONRenderer()
    )
    structlog.configure(
        processors=[*shared, structlog.processors.format_exc_info, last]
        if not text
        else [*shared, last],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelName(level.upper())),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
    formatter = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=shared if text else [*shared, structlog.processors.format_exc_info],
        processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, _cut, last],
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(formatter)
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(logging.WARNING)


def _cut(_: object, __: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
    """Keep a library's message readable: an error may quote a whole reply, customers' words too."""
    for name in ("event", "exception"):
        value = event.get(name)
        if isinstance(value, str) and len(value) > LONGEST_MESSAGE:
            event[name] = value[:LONGEST_MESSAGE] + " ... (cut)"
    return event


class RequestMeasures:
    """Counts and durations of HTTP requests, under the names that dashboards know."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._requests = Counter(
            "app_requests",
            "HTTP requests by route template.",
            ["route", "method", "status"],
            registry=self.registry,
        )
        self._seconds = Histogram(
            "app_request_duration_seconds",
            "Seconds from the first byte asked to the last one answered.",
            ["route", "method"],
            buckets=BUCKETS,
            registry=self.registry,
        )

        self._questions = Counter(
            "app_rag_queries",
            "Questions by how they ended: ok, empty, error.",
            ["status"],
            registry=self.registry,
        )
        for status in ("ok", "empty", "error"):
            self._questions.labels(status)
        self._answering = Histogram(
            "app_rag_query_duration_seconds",
            "Seconds from a question to its answer, refusals and failures included.",
            buckets=BUCKETS,
            registry=self.registry,
        )

    def observe_question(self, status: Literal["ok", "empty", "error"], seconds: float) -> None:
        """Note one question that ended."""
        self._questions.labels(status).inc()
        self._answering.observe(seconds)

    def observe(self, route: str, method: str, status: int, seconds: float) -> None:
        """Note one answered request."""
        self._requests.labels(route, method, str(status)).inc()
        self._seconds.labels(route, method).observe(seconds)

    def text(self) -> bytes:
        """Everything noted so far, as Prometheus reads it."""
        return generate_latest(self.registry)
