"""GET /models and /models/{model}."""

from typing import Any

from mayak.sandbox.exchange import Reply
from mayak.sandbox.openai.desk import JSON, Desk, Refused
from mayak.sandbox.openai.provider import CHAT_MODELS, EMBEDDING_MODELS

CREATED = 1_735_689_600
"""Of every model: the start of 2025."""


def listing(desk: Desk) -> Reply:
    """Raises Refused where there is no such route."""
    _known(desk)
    rows = [_row(desk, name) for name in (*EMBEDDING_MODELS, *CHAT_MODELS)]
    return Reply(body={"object": "list", "data": rows}, media_type=JSON)


def show(desk: Desk) -> Reply:
    """Raises Refused."""
    _known(desk)
    name = desk.call.path["model"]
    if name not in EMBEDDING_MODELS and name not in CHAT_MODELS:
        message = f"The model '{name}' does not exist"
        raise Refused(404, message, param="model", code="model_not_found")
    return Reply(body=_row(desk, name), media_type=JSON)


def _known(desk: Desk) -> None:
    if not desk.habits.lists_models:
        raise Refused(404, "Not found")


def _row(desk: Desk, name: str) -> dict[str, Any]:
    return {"id": name, "object": "model", "created": CREATED, "owned_by": desk.habits.owner}
