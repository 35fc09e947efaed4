"""Identifiers in what people write: what ties one document to another."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from mayak.lightrag.model.records import Record

Kind = Literal["key", "email", "number"]

_EMAIL = re.compile(r"[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,6}")
_KEY = re.compile(r"(?<![\w-])[^\W\d_]{1,10}-\d{1,10}(?![\w-])")
_NUMBER = re.compile(
    r"(?:№|#|\bno\.|\b(?:order|invoice|booking)(?:\s+(?:no\.?|number))?"
    r"|\b(?:заказ|сч[её]т|накладн|договор)\w*(?:\s+номер\w*)?)\s{0,3}[№#]?\s?(\d{3,12})(?![\w.,]*\d)",
    re.IGNORECASE,
)
_NO_KEYS = frozenset({"UTF", "ISO", "COVID", "SHA", "AES", "RFC", "MD", "IPV", "A", "V"})
"""What stands before a dash and a number and numbers nothing of anybody."""

FREE_MAIL = (
    "aol.com", "bk.ru", "fastmail.com", "gmail.com", "gmx.com", "gmx.de", "gmx.net",
    "googlemail.com", "hey.com", "hotmail.com", "icloud.com", "inbox.ru", "internet.ru", "list.ru",
    "live.com", "mac.com", "mail.com", "mail.ru", "me.com", "msn.com", "outlook.com", "pm.me",
    "proton.me", "protonmail.com", "qq.com", "rambler.ru", "tutanota.com", "ukr.net", "web.de",
    "ya.ru", "yahoo.com", "yandex.com", "yandex.ru", "zoho.com",
)  # fmt: skip
"""Domains that say nothing about whose address it is."""


@dataclass(frozen=True, slots=True)
class Mention:
    kind: Kind
    value: str
    """What is compared: a key in upper case, an e-mail in lower case, a number's digits."""
    written: str


TOLD: tuple[str, ...] = (
    "title", "name", "subject", "description", "content", "body", "next_step",
)  # fmt: skip
"""Fields that somebody wrote. The record's own keys and addresses mention nobody."""


def mentions_of(records: Iterable[Record], title: str | None = None) -> list[Mention]:
    """The identifiers in the public texts of a document and its title, each once."""
    texts = [title or ""]
    texts += [
        text
        for record in records
        if record.public
        for field, text in record.fields.items()
        if field in TOLD
    ]
    found: dict[tuple[Kind, str], Mention] = {}
    for text in texts:
        for one in _mentions(text):
            found.setdefault((one.kind, one.value), one)
    return list(found.values())


def _mentions(text: str) -> Iterable[Mention]:
    for match in _EMAIL.finditer(text):
        yield Mention("email", match.group().lower(), match.group())
    for match in _KEY.finditer(text):
        if match.group().split("-")[0].upper() not in _NO_KEYS:
            yield Mention("key", match.group().upper(), match.group())
    for match in _NUMBER.finditer(text):
        yield Mention("number", match.group(1), match.group().strip())
