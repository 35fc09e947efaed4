"""What servers that call themselves compatible do in their own way.

After the sources and issue trackers of each: Text Embeddings Inference (router/src/http), vLLM
(entrypoints/openai), Ollama (openai/openai.go).
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """Why a request is refused, before a server puts it in its own words."""

    status: int
    message: str
    type: str = "invalid_request_error"
    param: str | None = None
    code: str | None = None


Envelope = Callable[[Problem], Any]


def openai_error(problem: Problem) -> Any:
    return {
        "error": {
            "message": problem.message,
            "type": problem.type,
            "param": problem.param,
            "code": problem.code,
        }
    }


_OLLAMA = {400: "invalid_request_error", 404: "not_found_error"}
_VLLM = {400: "BadRequestError", 401: "AuthenticationError", 404: "NotFoundError"}
_TEI = {413: "Validation", 422: "Tokenizer", 424: "Backend", 429: "Overloaded"}


def ollama_error(problem: Problem) -> Any:
    kind = _OLLAMA.get(problem.status, "api_error")
    return {"error": {"message": problem.message, "type": kind, "param": None, "code": None}}


def vllm_error(problem: Problem) -> Any:
    return {
        "object": "error",
        "message": problem.message,
        "type": _VLLM.get(problem.status, "InternalServerError"),
        "param": None,
        "code": problem.status,
    }


def tei_error(problem: Problem) -> Any:
    kind = _TEI.get(problem.status, "Validation")
    return {"message": problem.message, "code": problem.status, "type": kind}


@dataclass(frozen=True, slots=True, kw_only=True)
class Habits:
    """How one kind of server behaves."""

    name: str
    error: Envelope
    owner: str
    checks_key: bool = False
    counts: bool = False
    """Whether there are rate limits, told in headers with every answer."""
    strict: bool = False
    """Whether a field it does not know is refused; else it is ignored."""
    most_texts: int | None = None
    longest_text: int = 8192
    """Tokens of one text."""
    cuts: bool = False
    """Whether a longer text is cut in silence."""
    most_tokens: int | None = None
    """Of all the texts of a request."""
    blank_refused: bool = True
    resizes: bool = True
    """Whether it takes `dimensions`."""
    base64: bool = True
    """Whether it heeds `encoding_format`; else vectors are always lists of numbers."""
    lists_models: bool = True
    knows_models: bool = True
    """Whether another model's name is refused; else the field is ignored."""
    chats: bool = True
    completion_limit: bool = True
    """Whether it knows `max_completion_tokens`; all know `max_tokens`."""
    schemas: bool = True
    """Whether it heeds a `response_format` of type json_schema."""
    context: int = 128_000
    """Tokens of a whole chat."""
    too_large: int = 400
    """The status that says there is too much in a request."""


OPENAI = Habits(
    name="openai",
    error=openai_error,
    owner="system",
    checks_key=True,
    counts=True,
    strict=True,
    most_texts=2048,
    most_tokens=300_000,
)
OLLAMA = Habits(
    name="ollama",
    error=ollama_error,
    owner="library",
    cuts=True,
    longest_text=2048,
    blank_refused=False,
    base64=False,
    completion_limit=False,
    schemas=False,
    context=8192,
)
VLLM = Habits(
    name="vllm",
    error=vllm_error,
    owner="vllm",
    checks_key=True,
    longest_text=512,
    blank_refused=False,
    resizes=False,
    context=32_768,
)
TEI = Habits(
    name="tei",
    error=tei_error,
    owner="tei",
    most_texts=32,
    longest_text=512,
    resizes=False,
    base64=False,
    lists_models=False,
    knows_models=False,
    chats=False,
    too_large=413,
)
SERVERS = {one.name: one for one in (OPENAI, OLLAMA, VLLM, TEI)}
