"""The rules of sync that need no database."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from mayak.errors import Upstream, UpstreamRejected
from mayak.sync.model import (
    Binding,
    Scope,
    StreamState,
    StreamStatus,
    merged_contact,
    poll_window,
    shown_status,
    verdict_of,
)

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


@pytest.mark.parametrize(
    ("watermark", "listed_at", "expected"),
    [
        pytest.param(None, None, None, id="never read: the whole listing"),
        pytest.param(NOW - 10 * MINUTE, NOW - 10 * MINUTE, 12 * MINUTE, id="with the overlap"),
        pytest.param(NOW + MINUTE, NOW, 2 * MINUTE, id="a clock that was set back"),
        pytest.param(NOW - 360 * MINUTE, NOW - 360 * MINUTE, 362 * MINUTE, id="six hours yet"),
        pytest.param(NOW - 361 * MINUTE, NOW - 361 * MINUTE, None, id="longer than six hours"),
        pytest.param(NOW - MINUTE, NOW - 1440 * MINUTE, None, id="once a day all of it"),
    ],
)
def test_how_far_a_poll_looks_back(
    watermark: datetime | None, listed_at: datetime | None, expected: timedelta | None
) -> None:
    assert poll_window(watermark, listed_at=listed_at, at=NOW) == expected


@pytest.mark.parametrize(
    ("old", "thin", "expected"),
    [
        pytest.param(None, {"id": 1}, {"id": 1}, id="a stranger"),
        pytest.param({"id": 1, "name": "A"}, {"id": 1, "name": ""}, {"id": 1, "name": ""},
                     id="the same fields: newer"),
        pytest.param({"id": 1, "name": "A", "contact_inboxes": [1]}, {"id": 1, "name": "B"},
                     {"id": 1, "name": "B", "contact_inboxes": [1]}, id="fewer fields: laid over"),
        pytest.param({"id": 1, "email": "a@b", "contact_inboxes": []}, {"id": 1, "email": None},
                     {"id": 1, "email": "a@b", "contact_inboxes": []}, id="nothing is erased"),
        pytest.param({"id": 1, "blocked": True, "created_at": 5}, {"id": 1, "blocked": False},
                     {"id": 1, "blocked": False, "created_at": 5}, id="false is a value"),
    ],
)  # fmt: skip
def test_laying_an_embedded_contact_over_a_known_one(
    old: dict[str, Any] | None, thin: dict[str, Any], expected: dict[str, Any]
) -> None:
    assert merged_contact(old, thin) == expected


@pytest.mark.parametrize(
    ("error", "status", "wait"),
    [
        (UpstreamRejected("Chatwoot", "HTTP 401", kind="auth"), "auth_failed", None),
        (Upstream("Chatwoot", "HTTP 429", kind="rate_limit", retry_after=5 * MINUTE),
         "rate_limited", 5 * MINUTE),
        (Upstream("Chatwoot", "HTTP 429", kind="rate_limit"), "rate_limited", MINUTE),
        (Upstream("Chatwoot", "HTTP 502", kind="server"), "failing", None),
        (Upstream("Chatwoot", "ConnectError", kind="network"), "failing", None),
        (UpstreamRejected("Chatwoot", "no list", kind="schema"), "failing", None),
        (UpstreamRejected("Chatwoot", "HTTP 404", kind="not_found"), "failing", None),
        (UpstreamRejected("Chatwoot", "HTTP 422", kind="rejected"), "failing", None),
    ],
)  # fmt: skip
def test_the_state_that_a_failure_means(
    error: Upstream, status: StreamStatus, wait: timedelta | None
) -> None:
    verdict = verdict_of(error, "chatwoot")

    assert (verdict.status, verdict.wait, verdict.cause) == (status, wait, str(error))
    assert verdict.next_step


def state(status: StreamStatus, **columns: Any) -> StreamState:
    empty: dict[str, Any] = dict.fromkeys(
        ("cause", "next_step", "until_at", "lease_until", "last_success_at", "last_run_at")
    )
    row = {"connector": "chatwoot", "stream": "messages", "status": status, **empty, **columns}
    return StreamState(**row)


@pytest.mark.parametrize(
    ("found", "shown"),
    [
        (state("running", lease_until=NOW + MINUTE), "running"),
        (state("running", lease_until=NOW - MINUTE), "stalled"),
        (state("running"), "stalled"),
        (state("rate_limited", until_at=NOW + MINUTE), "rate_limited"),
        (state("rate_limited", until_at=NOW - MINUTE), "idle"),
        (state("ok", lease_until=NOW - MINUTE), "ok"),
    ],
)
def test_the_state_that_people_see(found: StreamState, shown: StreamStatus) -> None:
    assert shown_status(found, at=NOW) == shown


def test_an_account_binding_holds_everything_and_none_holds_nothing() -> None:
    everything = Scope.of([Binding(kind="account", external_id="1")])
    nothing = Scope.of([])

    assert (everything.holds("5"), everything.empty, everything.parts) == (True, False, [None])
    assert (nothing.holds("5"), nothing.empty, nothing.parts) == (False, True, [])
