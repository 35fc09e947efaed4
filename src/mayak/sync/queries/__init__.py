"""All SQL of sync, by what it is about: bindings, states, errors, the mirror, walks."""

from mayak.sync.queries.letters import errors_by_kind
from mayak.sync.queries.reconciliation import completeness
from mayak.sync.queries.states import lags, streams_by_status

__all__ = ["completeness", "errors_by_kind", "lags", "streams_by_status"]
