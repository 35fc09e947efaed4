"""Which language a text is in, told by its script alone."""

from typing import Literal

Language = Literal["ru", "en", "other"]
Locale = Literal["en", "ru"]


def language(text: str) -> Language:
    """Russian when Cyrillic letters lead, English when ASCII letters do, else other.

    A Russian sentence full of product names stays Russian: a third of its letters suffices.
    """
    letters = [letter for letter in text if letter.isalpha()]
    cyrillic = sum("\u0400" <= letter <= "\u04ff" for letter in letters)
    latin = sum(letter.isascii() for letter in letters)
    if not letters or cyrillic + latin < len(letters) / 2:
        return "other"
    return "ru" if cyrillic * 3 >= len(letters) else "en"


def locale_of(question: str) -> Locale:
    """The language to answer in when the asker did not say."""
    return "ru" if language(question) == "ru" else "en"
