"""All SQL of LightRAG, by what it is about."""

from mayak.lightrag.queries.limits import TookTooLong, limit_statements
from mayak.lightrag.queries.retrieval import any_failed, chunks_by_status, waiting_up_to
from mayak.lightrag.queries.sets import outages

__all__ = [
    "TookTooLong",
    "any_failed",
    "chunks_by_status",
    "limit_statements",
    "outages",
    "waiting_up_to",
]
