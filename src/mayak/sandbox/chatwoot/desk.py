"""Who is asking, what they may see, and how they are refused."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from mayak.sandbox.exchange import Call, Reply
from mayak.sandbox.rows import Agent, Conversation, Inbox
from mayak.sandbox.store import Store
from mayak.sandbox.world import World


class Refused(Exception):
    """The request is answered with an error, in Chatwoot's own words."""

    def __init__(self, status: int, body: Mapping[str, Any]) -> None:
        super().__init__(str(body))
        self.reply = Reply(status=status, body=dict(body))


def invalid_token() -> Refused:
    return Refused(401, {"error": "Invalid Access Token"})


def forbidden() -> Refused:
    """401, not 403: what one may not do is told like a wrong password."""
    return Refused(401, {"error": "You are not authorized to do this action"})


def not_found() -> Refused:
    return Refused(404, {"error": "Resource could not be found"})


def rejected(message: str) -> Refused:
    """422 of a request that makes no sense."""
    return Refused(422, {"error": message})


def invalid(message: str, *attributes: str) -> Refused:
    """422 of a record that does not validate: another shape than the one above."""
    return Refused(422, {"message": message, "attributes": list(attributes)})


def to_i(text: str | None) -> int:
    """Ruby's String#to_i: leading digits count, anything else is 0."""
    found = re.match(r"\s*[+-]?\d+", text or "")
    return int(found.group()) if found else 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """One authenticated request: the rows it may see and the words it came with."""

    call: Call
    agent: Agent

    @property
    def rows(self) -> Store:
        return self.call.rows

    @property
    def world(self) -> World:
        return self.call.world

    @property
    def account_id(self) -> int:
        return self.agent.account_id

    @property
    def page(self) -> int:
        return max(1, to_i(self.call.param("page")))

    def inboxes(self) -> dict[int, Inbox]:
        """The inboxes this user sees: administrators all of them, agents their own."""
        return {
            id_: inbox
            for id_, inbox in self.rows.inboxes.items()
            if inbox.account_id == self.account_id
            and (self.agent.role == "administrator" or id_ in self.agent.inbox_ids)
            and id_ not in self.call.hidden_inboxes
        }

    def conversation(self) -> Conversation:
        """The conversation of the path. Raises Refused: 404, or 401 in a foreign inbox."""
        text = self.call.path["conversation_id"]
        key = (self.account_id, int(text) if text.isdecimal() else 0)
        row = self.rows.conversations.get(key)
        if row is None:
            raise not_found()
        if row.inbox_id not in self.inboxes():
            raise forbidden()
        return row

    def must_administrate(self) -> None:
        if self.agent.role != "administrator":
            raise forbidden()

    def body(self) -> dict[str, Any]:
        """The JSON object of the request. Raises Refused with 400 for anything else."""
        try:
            body = json.loads(self.call.raw_body or b"{}")
        except ValueError as error:
            raise Refused(400, {"status": 400, "error": "Bad Request"}) from error
        if not isinstance(body, dict):
            raise Refused(400, {"status": 400, "error": "Bad Request"})
        return body


def enter(call: Call) -> Desk:
    """Authenticate by token and account. An unknown account is 404, a foreign one 401."""
    agent = call.world.agent_by_token(call.headers.get("api_access_token", ""))
    if agent is None:
        raise invalid_token()
    if "account_id" in call.path:
        account_id = to_i(call.path["account_id"])
        if account_id not in call.world.accounts:
            raise not_found()
        if account_id != agent.account_id:
            raise Refused(401, {"error": "You are not authorized to access this account"})
    return Desk(call=call, agent=agent)
