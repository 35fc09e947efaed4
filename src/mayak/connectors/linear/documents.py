"""What we ask of Linear, as GraphQL, and what each question costs.

Filters are variables of Linear's own filter types, never text put together: a date inside of one
is a DateTimeOrDuration, and a value cannot become syntax.
"""

import re
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from math import ceil
from typing import Literal

PAGE = 50
"""Rows with texts; an issue costs about 31 points, and a question may cost 10,000."""
SCAN_PAGE = 100
MOST = 250
"""The longest page that Linear gives."""
RELATIONS = 5
PROJECT_TEAMS = 20
"""Rows of a list inside of a row: they multiply its cost, and more of them are rare."""
SCALAR = 0.1
OBJECT = 1.0

Nested = Literal["inverseRelations", "teams"]
_TOKEN = re.compile(r"\w+|\([^)]*\)|[{}]")
_FIRST = re.compile(r"\bfirst: (\d+)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    operation: str
    text: str
    row: float = 0.0
    """Points of one row of its list."""
    fixed: float = 0.0
    """Points of what is asked once."""

    def cost(self, first: int = 0) -> float:
        """Points for a page of so many rows, by the published rule; never less than it takes."""
        return ceil(self.fixed + self.row * first)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stream:
    root: str
    """Its list at the root of the schema."""
    page: Document
    by_id: Document
    """The same question under another name, so that both sides' logs tell them apart."""
    ids: Document
    size: int = PAGE
    windowed: bool = True
    """Read by time of change, newest first; or else all of it each time."""
    trashed: bool = False
    """Whether its rows can lie in the trash."""
    nested: Mapping[Nested, Document] = field(default_factory=dict)
    """Lists inside of its rows, each with the question that reads one of them in full."""


def points(fields: str) -> float:
    """What a selection costs: a tenth for a scalar, one for an object, lists times `first`."""
    return _points(deque(_TOKEN.findall(fields)))


def _points(tokens: deque[str]) -> float:
    total = 0.0
    while tokens and tokens[0] != "}":
        tokens.popleft()
        times = 1
        if tokens and tokens[0].startswith("("):
            first = _FIRST.search(tokens.popleft())
            times = int(first[1]) if first else 1
        if tokens and tokens[0] == "{":
            tokens.popleft()
            total += OBJECT + times * _points(tokens)
            tokens.popleft()
        else:
            total += SCALAR
    return total


def _list(operation: str, root: str, filter_type: str, fields: str, more: str = "") -> Document:
    selection = f"pageInfo {{ hasNextPage endCursor }} nodes {{ {' '.join(fields.split())} }}"
    return Document(
        operation=operation,
        text=(
            f"query {operation}($first: Int!, $after: String, $filter: {filter_type},"
            " $orderBy: PaginationOrderBy) {"
            f" {root}(first: $first, after: $after, filter: $filter, orderBy: $orderBy,"
            f" includeArchived: true{more}) {{ {selection} }} }}"
        ),
        row=points(selection),
        fixed=OBJECT,
    )


def _nested(operation: str, root: str, id_type: str, name: Nested, fields: str) -> Document:
    selection = f"pageInfo {{ hasNextPage endCursor }} nodes {{ {fields} }}"
    return Document(
        operation=operation,
        text=(
            f"query {operation}($id: {id_type}!, $first: Int!, $after: String) {{"
            f" {root}(first: 1, filter: {{ id: {{ eq: $id }} }}, includeArchived: true) {{"
            f" nodes {{ id {name}(first: $first, after: $after) {{ {selection} }} }} }} }}"
        ),
        row=points(selection),
        fixed=points("root { nodes { id list { } } }"),
    )


RELATION = "type issue { id }"
PROJECT_TEAM = "id"

ISSUE = f"""
id identifier number title description priority priorityLabel estimate url branchName dueDate
createdAt updatedAt archivedAt trashed startedAt completedAt canceledAt
labelIds previousIdentifiers customerTicketCount
team {{ id }} state {{ id }} assignee {{ id }} creator {{ id }} project {{ id }} cycle {{ id }}
parent {{ id }} projectMilestone {{ id }}
inverseRelations(first: {RELATIONS}) {{ pageInfo {{ hasNextPage }} nodes {{ {RELATION} }} }}
"""
COMMENT = """
id body url createdAt updatedAt editedAt resolvedAt archivedAt
issueId projectId projectUpdateId parentId
user { id name } externalUser { id name } botActor { id name }
"""
PROJECT = f"""
id name slugId url description priority health progress startDate targetDate
createdAt updatedAt archivedAt trashed completedAt canceledAt
status {{ id name type }} lead {{ id }}
teams(first: {PROJECT_TEAMS}) {{ pageInfo {{ hasNextPage }} nodes {{ {PROJECT_TEAM} }} }}
"""
CUSTOMER = """
id name slugId url domains externalIds revenue size createdAt updatedAt archivedAt
status { id } tier { id } owner { id }
"""
TEAM = "id key name timezone createdAt updatedAt archivedAt retiredAt"
USER = "id name displayName email active admin guest createdAt updatedAt archivedAt"
STATE = "id name type color position updatedAt archivedAt team { id }"
LABEL = "id name color updatedAt archivedAt retiredAt team { id } parent { id }"
CYCLE = """
id number name startsAt endsAt completedAt progress createdAt updatedAt archivedAt team { id }
"""


def _stream(
    word: str,
    root: str,
    fields: str,
    *,
    filter_type: str | None = None,
    more: str = "",
    windowed: bool = False,
    nested: Mapping[Nested, Document] | None = None,
) -> Stream:
    filter_type = filter_type or f"{word}Filter"
    trashed = "trashed" in fields
    ids = "id updatedAt trashed" if trashed else "id updatedAt"
    return Stream(
        root=root,
        page=_list(f"{word}sPage", root, filter_type, fields, more),
        by_id=_list(f"{word}sById", root, filter_type, fields, more),
        ids=_list(f"{word}Ids", root, filter_type, ids, more),
        size=PAGE if windowed else SCAN_PAGE,
        windowed=windowed,
        trashed=trashed,
        nested=nested or {},
    )


ISSUE_RELATIONS = _nested("IssueRelations", "issues", "ID", "inverseRelations", RELATION)
TEAMS_OF_PROJECT = _nested("ProjectTeams", "projects", "ID", "teams", PROJECT_TEAM)

STREAMS: dict[str, Stream] = {
    "teams": _stream("Team", "teams", TEAM),
    "users": _stream("User", "users", USER, more=", includeDisabled: true"),
    "states": _stream("State", "workflowStates", STATE, filter_type="WorkflowStateFilter"),
    "labels": _stream("Label", "issueLabels", LABEL, filter_type="IssueLabelFilter"),
    "projects": _stream(
        "Project", "projects", PROJECT, windowed=True, nested={"teams": TEAMS_OF_PROJECT}
    ),
    "cycles": _stream("Cycle", "cycles", CYCLE),
    "customers": _stream("Customer", "customers", CUSTOMER, windowed=True),
    "issues": _stream(
        "Issue", "issues", ISSUE, windowed=True, nested={"inverseRelations": ISSUE_RELATIONS}
    ),
    "comments": _stream("Comment", "comments", COMMENT, windowed=True),
}
"""In the order of reading: what others refer to comes first."""


def _once(operation: str, variables: str, selection: str, *, kind: str = "query") -> Document:
    text = f"{kind} {operation}{variables} {{ {selection} }}"
    return Document(operation=operation, text=text, fixed=points(selection))


WHO_AM_I = _once(
    "WhoAmI",
    "",
    "viewer { id name email admin guest } organization { id name urlKey }"
    " rateLimitStatus { kind limits { type allowedAmount remainingAmount period reset } }",
)


def _choice(operation: str, root: str, fields: str) -> Document:
    selection = f"pageInfo {{ hasNextPage endCursor }} nodes {{ {fields} }}"
    return Document(
        operation=operation,
        text=(
            f"query {operation}($first: Int!, $after: String) {{"
            f" {root}(first: $first, after: $after) {{ {selection} }} }}"
        ),
        row=points(selection),
        fixed=OBJECT,
    )


TEAM_CHOICES = _choice("TeamChoices", "teams", "id key name")
PROJECT_CHOICES = _choice(
    "ProjectChoices", "projects", "id name teams(first: 10) { nodes { key } }"
)
WEBHOOKS = _choice("Webhooks", "webhooks", "id url enabled")
INSTALL_WEBHOOK = _once(
    "InstallWebhook",
    "($input: WebhookCreateInput!)",
    "webhookCreate(input: $input) { success webhook { id } }",
    kind="mutation",
)
REMOVE_WEBHOOK = _once(
    "RemoveWebhook",
    "($id: String!)",
    "webhookDelete(id: $id) { success }",
    kind="mutation",
)

ALL: tuple[Document, ...] = (
    *(one for stream in STREAMS.values() for one in (stream.page, stream.by_id, stream.ids)),
    ISSUE_RELATIONS, TEAMS_OF_PROJECT, WHO_AM_I, TEAM_CHOICES, PROJECT_CHOICES, WEBHOOKS,
    INSTALL_WEBHOOK, REMOVE_WEBHOOK,
)  # fmt: skip
"""Every question we ever ask, for those who check them against Linear's schema."""
