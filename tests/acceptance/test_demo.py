"""`mayak demo --once --json` does the main job."""

from pathlib import Path
from typing import Any

import psycopg
import pytest

from mayak.platform.embedded import EmbeddedPostgres
from tests.demo import run_json

pytestmark = [pytest.mark.acceptance, pytest.mark.xdist_group("demo")]


def test_everything_was_synced_and_embedded(outcome: dict[str, Any]) -> None:
    assert outcome["synced"]["conversations"] >= 60
    assert outcome["synced"]["messages"] >= 700
    assert outcome["synced"]["contacts"] > 15
    assert outcome["synced"]["issues"] >= 100
    assert outcome["synced"]["deals"] >= 5
    assert outcome["chunks"]["ready"] > 100
    assert (outcome["chunks"]["pending"], outcome["chunks"]["failed"]) == (0, 0)


def test_questions_in_both_languages_are_answered_with_quotes(outcome: dict[str, Any]) -> None:
    answered = [one for one in outcome["answers"] if one["status"] == "answered"]

    assert len(answered) >= 6
    assert sum(any("а" <= letter <= "я" for letter in one["question"]) for one in answered) >= 3
    for one in answered:
        assert one["citations"], one["question"]
        assert all(sentence["citations"] for sentence in one["sentences"])
        assert all(quote["url"].startswith("http") for quote in one["citations"])


def test_what_the_data_does_not_hold_is_refused_with_the_reason(outcome: dict[str, Any]) -> None:
    (refused,) = [one for one in outcome["answers"] if one["status"] == "empty"]

    assert refused["question"].startswith("Сколько рентген-аппаратов")
    assert refused["reason"] == "below_threshold"
    assert refused["reason_text"]
    assert refused["citations"] == []


TABLES = {
    "chatwoot_message": "cw_messages",
    "linear_issue": "linear_issues_raw",
    "linear_comment": "linear_comments_raw",
    "attio_note": "attio_notes_raw",
    "attio_task": "attio_tasks_raw",
}
"""Where the texts that the demo's answers quote are kept: the field of a text is its column. Facts,
which join tables, are held to their records in tests/lightrag.
"""


def test_every_quote_stands_in_the_stored_record(
    outcome: dict[str, Any], demo_folder: Path
) -> None:
    quotes = [quote for one in outcome["answers"] for quote in one["citations"]]
    assert len(quotes) >= 6
    postgres = EmbeddedPostgres(demo_folder / "demo")
    with psycopg.connect(postgres.start().dsn) as conn:
        stored: dict[tuple[str, str], dict[str, Any]] = {
            (kind, row["external_id"]): row
            for kind, table in TABLES.items()
            for (row,) in conn.execute(f"SELECT to_jsonb(row) FROM {table} AS row".encode())
        }
    postgres.release()

    texts = [quote for quote in quotes if quote["field"] in ("content", "title", "description")]
    assert len(texts) >= 6
    for quote in texts:
        record = stored[quote["source_type"], quote["external_id"]]
        assert not record.get("private")
        content = record[quote["field"]]
        assert content[quote["start"] : quote["end"]] == quote["quote"]
        assert (quote["quote"] + "!") not in content


def test_a_second_run_reuses_everything(outcome: dict[str, Any], demo_folder: Path) -> None:
    again = run_json(demo_folder, "demo", "--once")

    assert again["synced"] == outcome["synced"]
    assert again["chunks"] == outcome["chunks"]
    assert [one["answer"] for one in again["answers"]] == [
        one["answer"] for one in outcome["answers"]
    ]
