"""Messages go to standard error only, and carry no secrets. Each test is a process of its own."""

import json
import subprocess
import sys

import pytest

SET_UP = """
import logging, structlog, sys
from mayak.platform.telemetry import set_up_logging
set_up_logging({level!r}, {form!r})
log = structlog.get_logger("ours")
"""


def said(code: str, *, level: str = "info", form: str = "json") -> list[str]:
    """The lines on standard error; standard output has to stay empty."""
    program = SET_UP.format(level=level, form=form) + code
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout == ""
    return done.stderr.splitlines()


def test_a_message_of_ours_is_one_json_object_per_line() -> None:
    (line,) = said("log.info('run ended\\nwell', run='r1', имя='Мария')")

    record = json.loads(line)
    assert (record["event"], record["run"], record["level"]) == ("run ended\nwell", "r1", "info")
    assert record["timestamp"].endswith("Z")


@pytest.mark.parametrize("form", ["json", "text", "auto"])
def test_messages_of_libraries_go_to_standard_error_too(form: str) -> None:
    (line,) = said("logging.getLogger('psycopg.pool').warning('connection lost')", form=form)

    assert "connection lost" in line
    assert (line.startswith("{")) is (form != "text")


def test_less_important_messages_than_asked_for_are_not_written() -> None:
    assert (
        said("log.info('chatty'); logging.getLogger('httpx').info('GET /')", level="warning") == []
    )


def test_libraries_stay_quiet_when_we_are_told_to_say_everything() -> None:
    lines = said(
        "logging.getLogger('httpx').info('GET /?token=hunter2'); log.debug('ours')", level="debug"
    )

    assert len(lines) == 1
    assert "hunter2" not in lines[0]


@pytest.mark.parametrize("form", ["json", "text"])
@pytest.mark.parametrize("logger", ["log", "logging.getLogger('theirs')"])
def test_a_traceback_shows_where_but_not_the_values_that_were_there(logger: str, form: str) -> None:
    code = f"""
def connect(password):
    token = password.upper()
    raise OSError("refused")
try:
    connect("hunter2 is a secret")
except OSError:
    {logger}.exception("cannot connect")
"""
    text = "\n".join(said(code, form=form))

    assert "refused" in text
    assert "connect" in text
    assert "hunter2" not in text
    assert "HUNTER2" not in text
