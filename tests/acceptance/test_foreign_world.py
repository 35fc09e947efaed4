"""A World that nobody of us wrote: JSON Lines in, the three commands, an answer out."""

import json
import random
import time
from pathlib import Path

import pytest

from tests.demo import process, run_json

pytestmark = [pytest.mark.acceptance, pytest.mark.xdist_group("demo")]

WORDS = [
    *("invoice", "release", "widget", "checkout", "budget", "meeting", "report", "export"),
    *("договор", "счёт", "срок", "релиз", "отчёт", "встреча", "макет", "оплата", "ошибка"),
]
QUESTION = "Who keeps the spare key of the Reykjavik office?"
NEEDLE = "The spare key of the Reykjavik office is kept by Sigrun in drawer 47."


def export(folder: Path, messages: int) -> None:
    """A made-up export: conversations of 1 to 30 messages, three inboxes."""
    chance, now, number, talk = random.Random(11), int(time.time()), 0, 0  # noqa: S311
    with (
        (folder / "conversations.jsonl").open("w") as talks,
        (folder / "messages.jsonl").open("w") as lines,
    ):
        while number < messages:
            talk += 1
            at = now - chance.randint(86_400, 60 * 86_400)
            for _ in range(chance.randint(1, 30)):
                number += 1
                at += chance.randint(30, 600)
                content = " ".join(chance.choice(WORDS) for _ in range(chance.randint(3, 40)))
                row = {
                    "id": number,
                    "conversation_id": talk,
                    "inbox_id": 1 + talk % 3,
                    "message_type": number % 2,
                    "content": NEEDLE if number == messages // 2 else content,
                    "created_at": at,
                    "private": False,
                    "sender": {"id": talk, "name": f"Client {talk}", "type": "contact"},
                }
                lines.write(json.dumps(row, ensure_ascii=False) + "\n")
            head = {
                "id": talk,
                "account_id": 1,
                "inbox_id": 1 + talk % 3,
                "status": chance.choice(["open", "resolved", "pending", "snoozed"]),
                "meta": {"sender": {"id": talk, "name": f"Client {talk}"}},
                "created_at": at,
                "updated_at": float(at),
                "last_activity_at": at,
            }
            talks.write(json.dumps(head) + "\n")


def test_five_thousand_messages_of_a_stranger_become_answerable(tmp_path: Path) -> None:
    world, home = tmp_path / "world", tmp_path / "home"
    world.mkdir()
    home.mkdir()
    export(world, 5_000)
    sandbox = ("sandbox", "--world", str(world), "--port", "0")
    with (
        process(home, *sandbox) as served,
        process(home, "up", MAYAK_PORT="0", **served["environment"]),
    ):
        settings = served["environment"]
        run_json(home, "project", "create", "Stranger", **settings)
        synced = run_json(home, "sync", "chatwoot", "--project", "stranger", **settings)
        answer = run_json(home, "ask", QUESTION, "--project", "stranger", **settings)

    assert synced["synced"]["messages"] >= 5_000
    assert synced["run"]["status"] == "ok"
    assert answer["citations"][0]["quote"] in NEEDLE
    assert synced["seconds"] < 20, "the acceptance bound"
