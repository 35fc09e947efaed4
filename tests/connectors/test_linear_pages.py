"""One page of each stream: what is asked, and where the next one starts."""

import pytest

from mayak.connectors.base import Checkpoint, stored
from mayak.errors import Upstream, UpstreamRejected
from tests.connectors.linear_server import (
    COMMENT,
    PROJECT,
    TOO_COMPLEX,
    Server,
    answer,
    error,
    issue,
    issues,
    listed,
)

pytestmark = [pytest.mark.anyio]

SINCE, UNTIL = "2026-03-01T00:00:00+00:00", "2026-03-03T00:00:00+00:00"
WINDOW = {"since": SINCE, "until": UNTIL}
NEW, OLD = "2026-03-02T12:00:00.500Z", "2026-03-02T10:00:00.250Z"
REFUSED_CURSOR = error("Invalid cursor", code="INPUT_ERROR", type="invalid input")


async def test_a_window_is_asked_for_with_both_bounds_newest_first() -> None:
    server = Server(issues())

    page = await server.linear().pull("issues", WINDOW)

    assert server.asked == [
        {
            "op": "IssuesPage", "first": 50, "after": None, "orderBy": "updatedAt",
            "filter": {"updatedAt": {"gte": SINCE, "lt": UNTIL}},
        }
    ]  # fmt: skip
    assert page.complete


@pytest.mark.parametrize("stream", ["issues", "comments", "projects", "customers"])
async def test_archived_records_are_asked_for(stream: str) -> None:
    server = Server(listed(stream))

    await server.linear().pull(stream, {})

    assert b"includeArchived: true" in server.requests[0].content
    assert server.asked[0]["filter"] == {}


async def test_a_page_says_how_far_down_it_came() -> None:
    server = Server(issues(issue("i1", NEW), issue("i2", OLD), cursor="c1"))

    page = await server.linear().pull("issues", WINDOW)

    assert [record.external_id for record in page.records] == ["i1", "i2"]
    assert not page.complete
    assert page.checkpoint == {**WINDOW, "before": OLD, "cursor": "c1"}


async def test_the_next_page_has_the_same_filter_and_the_cursor() -> None:
    server = Server(issues(issue("i1", NEW), cursor="c1"), issues(issue("i2", OLD), cursor="c2"))
    linear = server.linear()

    first = await linear.pull("issues", WINDOW)
    second = await linear.pull("issues", first.checkpoint)

    assert server.asked[1] == {**server.asked[0], "after": "c1"}
    assert second.checkpoint["before"] == OLD


async def test_without_its_cursor_a_walk_goes_on_below_what_it_has_seen() -> None:
    """The instant itself is asked for again, to its last microsecond: rows can share it."""
    server = Server(issues(issue("i1", OLD), cursor="c1"))
    linear = server.linear()

    first = await linear.pull("issues", WINDOW)
    await linear.pull("issues", stored(first.checkpoint))

    window = {"gte": SINCE, "lte": "2026-03-02T10:00:00.251Z"}
    assert server.asked[1]["filter"] == {"updatedAt": window}
    assert server.asked[1]["after"] is None


async def test_a_cursor_keeps_the_filter_it_was_made_for() -> None:
    server = Server(issues(issue("i1", OLD), cursor="c1"), issues(issue("i2", OLD), cursor="c2"))
    linear = server.linear()

    first = await linear.pull("issues", {**WINDOW, "before": NEW})
    second = await linear.pull("issues", first.checkpoint)
    await linear.pull("issues", second.checkpoint)

    assert [asked["filter"] for asked in server.asked] == [server.asked[0]["filter"]] * 3
    assert [asked["after"] for asked in server.asked] == [None, "c1", "c2"]


async def test_a_refused_cursor_costs_no_more_than_itself() -> None:
    server = Server(issues(issue("i1", OLD), cursor="c1"), REFUSED_CURSOR, issues())
    linear = server.linear()

    first = await linear.pull("issues", WINDOW)
    refused = await linear.pull("issues", first.checkpoint)
    last = await linear.pull("issues", refused.checkpoint)

    assert (refused.records, refused.complete) == ([], False)
    assert refused.checkpoint == {**WINDOW, "before": OLD}
    assert last.complete


async def test_a_scan_starts_again_when_its_cursor_is_refused() -> None:
    server = Server(listed("users", cursor="c1"), REFUSED_CURSOR)
    linear = server.linear()

    first = await linear.pull("users", {})
    refused = await linear.pull("users", first.checkpoint)

    assert "cursor" not in refused.checkpoint
    assert not refused.complete


async def test_a_server_that_refuses_every_cursor_is_an_outage_not_a_loop() -> None:
    server = Server(REFUSED_CURSOR)
    linear = server.linear()
    checkpoint = {"cursor": "c1"}

    with pytest.raises(Upstream, match="does not move on") as caught:
        for _ in range(50):
            checkpoint = {**(await linear.pull("users", checkpoint)).checkpoint, "cursor": "c1"}

    assert caught.value.retryable
    assert len(server.requests) < 10


async def test_a_window_that_never_comes_down_is_an_outage_not_a_loop() -> None:
    """More rows of one instant than a page has, and no cursor that would lead past them."""
    turns = [issues(issue("i1", OLD), cursor="c1"), REFUSED_CURSOR] * 25
    server = Server(*turns)
    linear = server.linear()
    checkpoint: Checkpoint = WINDOW

    with pytest.raises(Upstream, match="does not move on"):
        for _ in turns:
            checkpoint = (await linear.pull("issues", checkpoint)).checkpoint


async def test_a_window_that_comes_down_may_lose_every_cursor() -> None:
    stamps = [f"2026-03-02T10:{minute:02}:00.000Z" for minute in range(30, 0, -1)]
    turns = [
        reply
        for number, stamp in enumerate(stamps)
        for reply in (issues(issue("i1", stamp), cursor=f"c{number}"), REFUSED_CURSOR)
    ]
    linear = Server(*turns, issues()).linear()
    page = await linear.pull("issues", WINDOW)

    while not page.complete:
        page = await linear.pull("issues", page.checkpoint)

    assert page.checkpoint["before"] == stamps[-1]


async def test_a_list_that_repeats_its_cursor_is_an_outage_not_a_loop() -> None:
    server = Server(issues(issue("i1"), cursor="c1"))
    linear = server.linear()
    page = await linear.pull("issues", WINDOW)

    with pytest.raises(Upstream, match="does not move on"):
        for _ in range(50):
            page = await linear.pull("issues", page.checkpoint)


async def test_a_refusal_without_a_cursor_is_a_refusal() -> None:
    with pytest.raises(UpstreamRejected, match="Invalid cursor"):
        await Server(REFUSED_CURSOR).linear().pull("issues", WINDOW)


async def test_a_key_that_is_refused_midway_is_not_taken_for_its_cursor() -> None:
    refused = error("Not you", status=401, type="authentication error")

    with pytest.raises(UpstreamRejected) as caught:
        await Server(refused).linear().pull("issues", {**WINDOW, "cursor": "c1"})

    assert caught.value.kind == "auth"


async def test_a_page_that_is_too_much_is_asked_for_by_halves() -> None:
    server = Server(TOO_COMPLEX, TOO_COMPLEX, issues(issue("i1", OLD), cursor="c1"), issues())
    linear = server.linear()

    page = await linear.pull("issues", {"cursor": "c0"})
    await linear.pull("issues", page.checkpoint)

    assert [asked["first"] for asked in server.asked] == [50, 25, 12, 12]
    assert [asked["after"] for asked in server.asked] == ["c0", "c0", "c0", "c1"]
    assert page.checkpoint["first"] == 12


async def test_one_row_that_is_too_much_is_a_refusal() -> None:
    server = Server(TOO_COMPLEX)

    with pytest.raises(UpstreamRejected, match=r"Query too complex \(Complexity: 12304"):
        await server.linear().pull("issues", WINDOW)

    assert server.asked[-1]["first"] == 1


TEAM, BOTH = {"teams": ["t1"]}, {"teams": ["t1"], "projects": ["p1"]}
OF_T1, OF_P1 = {"id": {"in": ["t1"]}}, {"id": {"in": ["p1"]}}


@pytest.mark.parametrize(
    ("stream", "root", "within", "expected"),
    [
        ("teams", "teams", TEAM, [OF_T1]),
        ("states", "workflowStates", TEAM, [{"team": OF_T1}]),
        ("cycles", "cycles", TEAM, [{"team": OF_T1}]),
        ("labels", "issueLabels", TEAM, [{"team": OF_T1}, {"team": {"null": True}}]),
        ("issues", "issues", BOTH, [{"team": OF_T1}, {"project": OF_P1}]),
        ("projects", "projects", BOTH, [{"accessibleTeams": {"some": OF_T1}}, OF_P1]),
        ("comments", "comments", TEAM, [{"issue": {"team": OF_T1}}]),
        (
            "comments",
            "comments",
            {"projects": ["p1"]},
            [
                {"issue": {"project": OF_P1}},
                {"project": OF_P1},
                {"projectUpdate": {"project": OF_P1}},
            ],
        ),
    ],
)
async def test_a_walk_stays_within_its_parts(
    stream: str, root: str, within: dict[str, list[str]], expected: list[dict[str, object]]
) -> None:
    server = Server(listed(root))

    await server.linear().pull(stream, {"within": within})
    await server.linear().ids(stream, {"within": within})

    assert [asked["filter"] for asked in server.asked] == [{"or": expected}, {"or": expected}]


@pytest.mark.parametrize("stream", ["users", "customers"])
async def test_people_and_customers_belong_to_the_workspace(stream: str) -> None:
    server = Server(listed(stream))

    await server.linear().pull(stream, {"within": BOTH})

    assert server.asked[0]["filter"] == {}


@pytest.mark.parametrize("stream", ["issues", "labels", "users", "customers"])
async def test_no_parts_is_nothing_and_not_everything(stream: str) -> None:
    server = Server(issues())
    within: dict[str, list[str]] = {"teams": [], "projects": []}

    page = await server.linear().pull(stream, {"within": within})
    ids = await server.linear().ids(stream, {"within": within})

    assert (page.records, page.complete, ids.versions, ids.complete) == ([], True, {}, True)
    assert server.requests == []


async def test_states_of_a_project_are_those_of_its_teams() -> None:
    server = Server(listed("projects", PROJECT), listed("workflowStates", cursor="c1"))
    linear = server.linear()

    page = await linear.pull("states", {"within": {"projects": ["p1"]}})
    await linear.pull("states", page.checkpoint)

    states = [asked for asked in server.asked if asked["op"] == "StatesPage"]
    assert len(server.asked) == 1 + len(states) == 3
    assert (
        states[0]["filter"]
        == states[1]["filter"]
        == {"or": [{"team": {"id": {"in": ["t1", "t2"]}}}]}
    )


async def test_projects_that_cannot_be_seen_are_not_an_empty_list_of_states() -> None:
    server = Server(listed("projects"))

    with pytest.raises(UpstreamRejected, match="sees none of the projects p1") as caught:
        await server.linear().pull("states", {"within": {"projects": ["p1"]}})

    assert caught.value.kind == "not_found"


async def test_disabled_users_are_asked_for() -> None:
    server = Server(listed("users"))

    await server.linear().pull("users", {})

    assert b"includeDisabled: true" in server.requests[0].content
    assert server.asked[0]["orderBy"] == "createdAt"


async def test_more_blockers_than_a_page_brings_are_read_before_it_is_done() -> None:
    blockers = [{"type": "blocks", "issue": {"id": f"b{n}"}} for n in range(7)]
    partly = {"pageInfo": {"hasNextPage": True}, "nodes": blockers[:5]}
    whole = [
        {"id": "i1", "inverseRelations": {"nodes": part, "pageInfo": info}}
        for part, info in (
            (blockers[:6], {"hasNextPage": True, "endCursor": "r1"}),
            (blockers[6:], {"hasNextPage": False, "endCursor": None}),
        )
    ]
    server = Server(
        issues(issue("i1", inverseRelations=partly)),
        answer(issues={"nodes": whole[:1]}),
        answer(issues={"nodes": whole[1:]}),
    )

    page = await server.linear().pull("issues", WINDOW)

    assert page.records[0].fields["blocked_by"] == [f"b{n}" for n in range(7)]
    assert [(one["id"], one["after"]) for one in server.asked[1:]] == [("i1", None), ("i1", "r1")]


async def test_an_issue_that_goes_away_meanwhile_keeps_what_was_read() -> None:
    partly = {
        "pageInfo": {"hasNextPage": True},
        "nodes": [{"type": "blocks", "issue": {"id": "b"}}],
    }
    server = Server(issues(issue("i1", inverseRelations=partly)), answer(issues={"nodes": []}))

    page = await server.linear().pull("issues", WINDOW)

    assert page.records[0].fields["blocked_by"] == ["b"]


async def test_comments_are_a_stream_of_their_own() -> None:
    page = await Server(listed("comments", COMMENT)).linear().pull("comments", {})

    assert [(one.kind, one.fields["issue_id"]) for one in page.records] == [("comment", "i1")]


@pytest.mark.parametrize(
    "info", [{}, {"hasNextPage": True, "endCursor": None}, {"hasNextPage": None}, None]
)
async def test_a_list_that_does_not_say_whether_it_goes_on_is_no_end(info: object) -> None:
    reply = answer(issues={"nodes": [], "pageInfo": info})

    with pytest.raises(UpstreamRejected) as caught:
        await Server(reply).linear().pull("issues", WINDOW)

    assert caught.value.kind == "schema"


async def test_a_stream_of_no_such_name_is_our_mistake() -> None:
    with pytest.raises(ValueError, match="no stream widgets"):
        await Server(issues()).linear().pull("widgets", {})
