"""Sentences by a model, each checked against its quotes as it comes."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field

from mayak.errors import Upstream
from mayak.lightrag.model.answer import Citation, Sentence
from mayak.lightrag.model.asking import ChatModel
from mayak.lightrag.model.choice import closeness
from mayak.lightrag.model.composing import (
    MOST,
    Claim,
    Sentences,
    claim,
    composed,
    grounded,
    prompt,
)
from mayak.lightrag.model.embedder import Embedder
from mayak.lightrag.model.language import language
from mayak.lightrag.model.questions import Question


@dataclass(slots=True, kw_only=True)
class Written:
    """What came of asking the model; filled as it writes."""

    kept: list[Sentence] = field(default_factory=list)
    dropped: int = 0
    """Sentences that their quotes do not bear out."""
    failed: bool = False


async def write(
    chat: ChatModel,
    embedder: Embedder,
    asked: Question,
    citations: Sequence[Citation],
    *,
    rest: float,
    written: Written,
) -> AsyncIterator[Sentence]:
    """The sentences that stand, as they come. `written` tells afterwards how it went.

    When the model fails no more of them come, and what came is not to be relied on.
    """
    known = {one.index: one for one in citations}
    cut = Sentences()
    try:
        async with aclosing(chat.stream(prompt(asked.text, citations, asked.locale))) as pieces:
            async for piece in pieces:
                for said in cut.add(piece):
                    sentence = await _checked(said, known, embedder, asked, rest, written)
                    if sentence is not None:
                        yield sentence
                if len(written.kept) >= MOST:
                    return
    except Upstream:
        written.failed = True
        return
    if rest_of := cut.last():
        sentence = await _checked(rest_of, known, embedder, asked, rest, written)
        if sentence is not None:
            yield sentence


async def _checked(
    said: str,
    known: Mapping[int, Citation],
    embedder: Embedder,
    asked: Question,
    rest: float,
    written: Written,
) -> Sentence | None:
    if len(written.kept) >= MOST:
        return None
    claimed = claim(said)
    near = await _nearness(claimed, known, embedder, rest)
    if not grounded(claimed, known, question=asked.text, closeness=near):
        written.dropped += 1
        return None
    sentence = composed(claimed)
    written.kept.append(sentence)
    return sentence


async def _nearness(
    claimed: Claim, known: Mapping[int, Citation], embedder: Embedder, rest: float
) -> float | None:
    """How near a sentence is to the nearest of its quotes, weighed only between two languages;
    None when it was not, or the embedder is down.
    """
    quotes = [known[index].quote for index in claimed.citations if index in known]
    if not quotes or not claimed.text or language(claimed.text) == language(" ".join(quotes)):
        return None
    try:
        vectors = await embedder.sentences([claimed.text, *quotes])
    except Upstream:
        return None
    return closeness(float(max(vectors[1:] @ vectors[0])), rest)
