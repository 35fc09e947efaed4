"""Text rules that know nothing of Mayak."""

import hashlib
import re
import unicodedata
from collections.abc import Mapping

import orjson

_NOT_WORD = re.compile(r"[^a-z0-9]+")
_CYRILLIC = str.maketrans(
    {
        "а": "a", "б": "b", "в": "v", "г": "g", "д": "d", "е": "e", "ё": "e", "ж": "zh",
        "з": "z", "и": "i", "й": "y", "к": "k", "л": "l", "м": "m", "н": "n", "о": "o",
        "п": "p", "р": "r", "с": "s", "т": "t", "у": "u", "ф": "f", "х": "h", "ц": "ts",
        "ч": "ch", "ш": "sh", "щ": "sch", "ъ": "", "ы": "y", "ь": "", "э": "e", "ю": "yu",
        "я": "ya",
    }
)  # fmt: skip


def slug(name: str) -> str:
    """A name as it may stand in an address: lower-case ASCII words joined by dashes.

    Russian letters are transliterated. May be empty when nothing of the name survives.
    """
    plain = unicodedata.normalize("NFKD", name.lower().translate(_CYRILLIC))
    return _NOT_WORD.sub("-", plain.encode("ascii", "ignore").decode()).strip("-")[:60].strip("-")


def content_hash(value: Mapping[str, object]) -> bytes:
    """SHA-256 of a JSON value in canonical form: the order of keys does not matter."""
    return hashlib.sha256(orjson.dumps(value, option=orjson.OPT_SORT_KEYS)).digest()


def without_nul(value: object) -> object:
    """The same JSON value without NUL characters, which PostgreSQL cannot store.

    They do occur: pasted binary, broken mail clients. Dropping them keeps the record.
    """
    match value:
        case str():
            return value.replace("\x00", "")
        case dict():
            return {without_nul(key): without_nul(item) for key, item in value.items()}
        case list():
            return [without_nul(item) for item in value]
        case _:
            return value


def without_halves(value: object) -> object:
    """The same JSON value with every string as `storable` spells it."""
    match value:
        case str():
            return storable(value)
        case dict():
            return {without_halves(key): without_halves(item) for key, item in value.items()}
        case list():
            return [without_halves(item) for item in value]
        case _:
            return value


def storable(text: str) -> str:
    """The text as PostgreSQL takes it: halves of characters are spelled out, NULs left out."""
    return text.encode("utf-8", "backslashreplace").decode().replace("\x00", "")
