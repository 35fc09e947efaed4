"""All SQL of sync, by what it is about: bindings, states, errors, the mirror, walks."""

from mayak.sync.queries.reconciliation import completeness
from mayak.sync.queries.states import streams_by_status

__all__ = ["completeness", "streams_by_status"]
