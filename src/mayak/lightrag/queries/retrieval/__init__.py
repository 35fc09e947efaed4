"""SQL of retrieval: each list by a statement of its own."""

from mayak.lightrag.queries.retrieval.chunks import evidence, listed
from mayak.lightrag.queries.retrieval.counts import (
    State,
    any_failed,
    chunks_by_status,
    state,
    waiting_up_to,
)
from mayak.lightrag.queries.retrieval.dense import background, by_meaning, set_of
from mayak.lightrag.queries.retrieval.lexical import (
    AskedWords,
    ByWords,
    Section,
    asked_words,
    by_words,
    lexemes,
    refresh_terms,
    sizes,
)
from mayak.lightrag.queries.retrieval.links import linked
from mayak.lightrag.queries.retrieval.pinned import Pinned, pinned

__all__ = [
    "AskedWords",
    "ByWords",
    "Pinned",
    "Section",
    "State",
    "any_failed",
    "asked_words",
    "background",
    "by_meaning",
    "by_words",
    "chunks_by_status",
    "evidence",
    "lexemes",
    "linked",
    "listed",
    "pinned",
    "refresh_terms",
    "set_of",
    "sizes",
    "state",
    "waiting_up_to",
]
