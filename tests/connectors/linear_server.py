"""A Linear that says what a test lets it say, and remembers what it was asked."""

import json
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

import httpx

from mayak.connectors.base import Allowance, Gate, OpenGate
from mayak.connectors.linear import Linear

KEY = "lin_api_s3cr3t"

ISSUE: dict[str, Any] = {
    "id": "i1", "identifier": "NOR-7", "number": 7.0, "title": "Payment fails",
    "description": "Card is **charged twice**", "priority": 1.0, "priorityLabel": "Urgent",
    "estimate": 2.5, "url": "https://linear.app/s/issue/NOR-7", "branchName": "ada/nor-7",
    "dueDate": "2026-03-15", "createdAt": "2026-03-01T08:00:00.000Z",
    "updatedAt": "2026-03-02T09:30:00.123Z", "archivedAt": None, "trashed": None,
    "startedAt": "2026-03-01T09:00:00.000Z", "completedAt": None, "canceledAt": None,
    "labelIds": ["l2", "l1"], "previousIdentifiers": ["OLD-3"], "customerTicketCount": 2,
    "team": {"id": "t1"}, "state": {"id": "s1"}, "assignee": {"id": "u1"}, "creator": None,
    "project": {"id": "p1"}, "cycle": None, "parent": None, "projectMilestone": None,
    "inverseRelations": {
        "pageInfo": {"hasNextPage": False},
        "nodes": [
            {"type": "blocks", "issue": {"id": "i9"}}, {"type": "related", "issue": {"id": "i8"}},
            {"type": "blocks", "issue": {"id": "i5"}},
        ],
    },
}  # fmt: skip
COMMENT: dict[str, Any] = {
    "id": "c1", "body": "On it", "url": "https://linear.app/c1", "issueId": "i1",
    "createdAt": "2026-03-02T09:00:00.000Z", "updatedAt": "2026-03-02T09:00:00.000Z",
    "editedAt": None, "resolvedAt": None, "archivedAt": None, "projectId": None,
    "projectUpdateId": None, "parentId": None, "user": {"id": "u1", "name": "Ada"},
    "externalUser": None, "botActor": None,
}  # fmt: skip
PROJECT: dict[str, Any] = {
    "id": "p1", "name": "Checkout", "slugId": "checkout-1", "url": "https://linear.app/p1",
    "description": "", "priority": 2, "health": "onTrack", "progress": 0.25,
    "startDate": "2026-02-01", "targetDate": None, "createdAt": "2026-02-01T08:00:00.000Z",
    "updatedAt": "2026-03-02T09:00:00.000Z", "archivedAt": None, "trashed": None,
    "completedAt": None, "canceledAt": None, "lead": {"id": "u1"},
    "status": {"id": "ps1", "name": "In Progress", "type": "started"},
    "teams": {"pageInfo": {"hasNextPage": False}, "nodes": [{"id": "t2"}, {"id": "t1"}]},
}  # fmt: skip


def issue(id_: str, at: str = "2026-03-02T09:30:00.123Z", **others: Any) -> dict[str, Any]:
    return {**ISSUE, "id": id_, "updatedAt": at, **others}


def listed(root: str, *nodes: Any, cursor: str | None = None, **others: Any) -> httpx.Response:
    info = {"hasNextPage": cursor is not None, "endCursor": cursor}
    return httpx.Response(200, json={"data": {root: {"nodes": nodes, "pageInfo": info}}}, **others)


def issues(*nodes: Any, cursor: str | None = None, **others: Any) -> httpx.Response:
    return listed("issues", *nodes, cursor=cursor, **others)


def answer(**data: Any) -> httpx.Response:
    return httpx.Response(200, json={"data": data})


def error(
    message: str = "No", *, status: int = 400, data: Any = None, **extensions: Any
) -> httpx.Response:
    body = {"errors": [{"message": message, "extensions": extensions}], "data": data}
    return httpx.Response(status, json=body)


TOO_COMPLEX = error(
    "Query too complex",
    code="INPUT_ERROR",
    userPresentableMessage="Complexity: 12304.99. Maximum allowed complexity: 10000.",
)


class Watch(OpenGate):
    """A gate that holds nobody up and remembers who passed and what was said to it."""

    def __init__(self) -> None:
        self.entered: list[Mapping[str, float]] = []
        self.learnt: list[Allowance] = []
        self.closed: list[timedelta] = []

    async def enter(self, costs: Mapping[str, float]) -> None:
        self.entered.append(costs)

    async def learn(self, allowances: Sequence[Allowance]) -> None:
        self.learnt += allowances

    async def close(self, wait: timedelta, *, reason: str) -> None:
        assert reason
        self.closed.append(wait)


class Server:
    """Answers with `replies` in order, the last one for ever."""

    def __init__(self, *replies: httpx.Response) -> None:
        self.replies = list(replies)
        self.requests: list[httpx.Request] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        reply = self.replies.pop(0) if len(self.replies) > 1 else self.replies[0]
        return httpx.Response(reply.status_code, headers=reply.headers, content=reply.content)

    def linear(self, *, gate: Gate | None = None, key: str = KEY) -> Linear:
        http = httpx.AsyncClient(transport=httpx.MockTransport(self), follow_redirects=True)
        return Linear(http, api_key=key, gate=gate or OpenGate(), base_url="https://linear.test/")

    @property
    def asked(self) -> list[dict[str, Any]]:
        """The variables of each question, with the name of the operation as `op`."""
        bodies = [json.loads(request.content) for request in self.requests]
        return [{"op": body["operationName"], **body["variables"]} for body in bodies]
