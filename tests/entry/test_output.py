"""What customers wrote cannot steer the terminal of who reads it."""

import pytest

from mayak.entry.cli.output import plain


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Мы ждём уже неделю 🗼\n\tда", "Мы ждём уже неделю 🗼\n\tда"),
        ("\x1b[2J\x1b]0;pwned\x07", "\\u001b[2J\\u001b]0;pwned\\u0007"),
        ("pay 100\u202e001", "pay 100\\u202e001"),
    ],
)
def test_controls_are_spelled_out_and_letters_stay(text: str, shown: str) -> None:
    assert plain(text) == shown
