"""All SQL of LightRAG, by what it is about."""

from mayak.lightrag.queries.retrieval import chunks_by_status

__all__ = ["chunks_by_status"]
