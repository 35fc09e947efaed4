"""The rows of a World and their indices: reading a page never walks all rows."""

from bisect import bisect_left, insort
from collections.abc import Iterator

from mayak.sandbox.attio.rows import AttioRows
from mayak.sandbox.linear.workspace import Workspace
from mayak.sandbox.rows import (
    Account,
    Agent,
    Contact,
    Conversation,
    ConversationKey,
    CustomAttribute,
    Inbox,
    Label,
    Message,
    Team,
    Webhook,
)


class Store:
    """Tables by id, and of each conversation its messages in order of creation."""

    def __init__(self) -> None:
        self.accounts: dict[int, Account] = {}
        self.agents: dict[int, Agent] = {}
        self.inboxes: dict[int, Inbox] = {}
        self.teams: dict[int, Team] = {}
        self.labels: dict[int, Label] = {}
        self.custom_attributes: dict[int, CustomAttribute] = {}
        self.webhooks: dict[int, Webhook] = {}
        self.contacts: dict[int, Contact] = {}
        self.conversations: dict[ConversationKey, Conversation] = {}
        self.messages: dict[int, Message] = {}
        self.linear = Workspace()
        self.attio = AttioRows()
        self.revision = 0
        """Grows with every change of a contact, conversation or message."""
        self._timelines: dict[ConversationKey, list[int]] = {}
        self._of_contact: dict[int, set[ConversationKey]] = {}

    def timeline(self, key: ConversationKey) -> list[int]:
        """Ids of the messages of a conversation, by (created_at, id). Not to be changed."""
        return self._timelines.get(key, [])

    def messages_of(self, key: ConversationKey) -> Iterator[Message]:
        return (self.messages[id_] for id_ in self.timeline(key))

    def newest_first(self, key: ConversationKey) -> Iterator[Message]:
        return (self.messages[id_] for id_ in reversed(self.timeline(key)))

    def conversations_of(self, contact_id: int) -> list[Conversation]:
        """Conversations of one contact, oldest display id first."""
        return [self.conversations[key] for key in sorted(self._of_contact.get(contact_id, ()))]

    def agent_by_token(self, token: str) -> Agent | None:
        return next((a for a in self.agents.values() if token and a.token == token), None)

    def put_contact(self, row: Contact) -> None:
        self.contacts[row.id] = row
        self.revision += 1

    def put_conversation(self, row: Conversation) -> None:
        old = self.conversations.get(row.key)
        if old is not None and old.contact_id != row.contact_id:
            self._of_contact[old.contact_id].discard(row.key)
        self.conversations[row.key] = row
        self._timelines.setdefault(row.key, [])
        self._of_contact.setdefault(row.contact_id, set()).add(row.key)
        self.revision += 1

    def put_message(self, row: Message) -> None:
        """Insert or replace. Raises KeyError when its conversation does not exist."""
        timeline = self._timelines[row.conversation_key]
        if row.id in self.messages:
            self._forget(self.messages[row.id])
        self.messages[row.id] = row
        insort(timeline, row.id, key=self._moment)
        self.revision += 1

    def remove_conversation(self, key: ConversationKey) -> None:
        """Drop a conversation and its messages for good."""
        row = self.conversations.pop(key)
        self._of_contact[row.contact_id].discard(key)
        for id_ in self._timelines.pop(key):
            del self.messages[id_]
        self.revision += 1

    def remove_contact(self, contact_id: int) -> None:
        """Drop a contact with all its conversations for good."""
        for key in tuple(self._of_contact.get(contact_id, ())):
            self.remove_conversation(key)
        self._of_contact.pop(contact_id, None)
        del self.contacts[contact_id]
        self.revision += 1

    def copy(self) -> "Store":
        """The rows as they are now; later changes of this store do not reach the copy."""
        twin = Store()
        for name, value in vars(twin).items():
            if isinstance(value, dict):
                setattr(twin, name, dict(getattr(self, name)))
        twin._timelines = {key: list(ids) for key, ids in self._timelines.items()}
        twin._of_contact = {id_: set(keys) for id_, keys in self._of_contact.items()}
        twin.linear, twin.attio = self.linear.copy(), self.attio.copy()
        twin.revision = self.revision
        return twin

    def _moment(self, message_id: int) -> tuple[float, int]:
        return self.messages[message_id].created_at, message_id

    def _forget(self, row: Message) -> None:
        timeline = self._timelines[row.conversation_key]
        del timeline[bisect_left(timeline, (row.created_at, row.id), key=self._moment)]
