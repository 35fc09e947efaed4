"""Where sentences begin and end in what people write to each other."""

import re

_END = re.compile(r"[.!?…]+[\"'»”)\]]*(?=\s)|\n+")
_ABBREVIATION = re.compile(
    r"(?:^|[\s(«\"])(?:mr|mrs|ms|dr|st|no|vs|approx|e\.g|i\.e|etc|incl|"
    r"т\.\s?[едпк]|г|ул|д|кв|руб|тыс|млн|млрд|стр|доп|ред|им|см|[A-ZА-ЯЁ])\.$",
    re.IGNORECASE,
)
LONGEST = 600
"""Characters of a sentence; what runs on for longer (a pasted key, a wall of text) is cut."""
_LIST_NUMBER = re.compile(r"(?:^|\n)\s*\d{1,2}\.$")


def sentences(text: str) -> list[tuple[int, int]]:
    """The (start, end) of every sentence of `text`, in order, without the space around it.

    A line break ends a sentence; a full stop does when a space and no small letter follows.
    Sentences never overlap, and every character that is not white space is in one.
    """
    found: list[tuple[int, int]] = []
    start = 0
    for stop in _END.finditer(text):
        if stop.group()[0] != "\n" and not _ends(text, start, stop.end()):
            continue
        _keep(found, text, start, stop.end())
        start = stop.end()
    _keep(found, text, start, len(text))
    return found


def _ends(text: str, start: int, end: int) -> bool:
    rest = text[end:].lstrip(" \t\u00a0")
    if rest[:1].islower():
        return False
    said = text[max(start, end - 12) : end]
    return not (_ABBREVIATION.search(said) or _LIST_NUMBER.search(text[start:end]))


def _keep(found: list[tuple[int, int]], text: str, start: int, end: int) -> None:
    part = text[start:end]
    left = start + len(part) - len(part.lstrip())
    right = start + len(part.rstrip())
    while right - left > LONGEST:
        cut = text.rfind(" ", left + LONGEST // 2, left + LONGEST)
        middle = left + LONGEST if cut < 0 else cut
        found.append((left, middle))
        left = middle + len(text[middle:right]) - len(text[middle:right].lstrip())
    if left < right:
        found.append((left, right))
