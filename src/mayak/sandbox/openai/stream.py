"""A chat answer as server-sent events: one for the role, one for each word, one for the end."""

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from mayak.sandbox.faults import Fault

if TYPE_CHECKING:
    from mayak.sandbox.openai.chat import Completion

MEDIA_TYPE = "text/event-stream; charset=utf-8"
DONE = b"data: [DONE]\n\n"
OVERLOADED = {
    "error": {
        "message": "The server had an error while processing your request. Sorry about that!",
        "type": "server_error",
        "param": None,
        "code": None,
    }
}
PADDED = 16
"""Characters up to which a word is padded, so that its length does not show on the wire."""


def events(done: "Completion", options: Mapping[str, Any], *, padded: bool) -> tuple[bytes, ...]:
    """`usage` comes only when `include_usage` asks for it, in a last event without choices."""
    told = bool(options.get("include_usage")) and done.usage
    padded = padded and options.get("include_obfuscation") is not False
    opening = {"role": "assistant", "content": None if done.silent else "", "refusal": None}
    deltas: list[dict[str, Any]] = [opening, *({"content": one} for one in done.pieces)]
    if done.refusal:
        deltas.append({"refusal": done.refusal})
    chunks = [
        *(_chunk(done, delta, None, padded=padded) for delta in deltas),
        _chunk(done, {}, done.finish, padded=padded),
    ]
    if told:
        chunks = [{**chunk, "usage": None} for chunk in chunks]
        chunks.append({**_frame(done), "choices": [], "usage": done.used()})
    return (*(event(chunk) for chunk in chunks), DONE)


def broken(sent: tuple[bytes, ...], fault: Fault) -> tuple[bytes, ...]:
    """The stream as it ends when the server fails after it has said 200."""
    kept = int(fault.args.get("events", len(sent) // 2))
    return (*sent[:kept], event(fault.args.get("body") or OVERLOADED))


def event(body: Any) -> bytes:
    return f"data: {json.dumps(body, ensure_ascii=False)}\n\n".encode()


def _frame(done: "Completion") -> dict[str, Any]:
    return {
        "id": done.id,
        "object": "chat.completion.chunk",
        "created": done.created,
        "model": done.model,
    }


def _chunk(
    done: "Completion", delta: dict[str, Any], finish: str | None, *, padded: bool
) -> dict[str, Any]:
    choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}
    made = {**_frame(done), "choices": [choice] if done.choices else []}
    if padded:
        made["obfuscation"] = "x" * max(PADDED - len(str(delta.get("content") or "")), 1)
    return made
