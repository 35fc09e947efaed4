"""POST /chat/completions."""

import json
import uuid
from dataclasses import dataclass, replace
from typing import Any

from mayak.sandbox.exchange import Reply
from mayak.sandbox.openai import prompt as prompts
from mayak.sandbox.openai import stream, structured, tokens, writing
from mayak.sandbox.openai.desk import JSON, Desk, Refused
from mayak.sandbox.openai.provider import CHAT_MODELS, Manner

KNOWN = frozenset({
    "audio", "frequency_penalty", "function_call", "functions", "logit_bias", "logprobs",
    "max_completion_tokens", "max_tokens", "messages", "metadata", "modalities", "model", "n",
    "parallel_tool_calls", "prediction", "presence_penalty", "prompt_cache_key",
    "prompt_cache_retention", "reasoning_effort", "response_format", "safety_identifier", "seed",
    "service_tier", "stop", "store", "stream", "stream_options", "temperature", "tool_choice",
    "tools", "top_logprobs", "top_p", "user", "verbosity", "web_search_options",
})  # fmt: skip
ROLES = frozenset({"developer", "system", "user", "assistant", "tool", "function"})
REFUSED = "I'm sorry, but I cannot help with that."
BROKEN = '{"answer": "The sources say'
NAMESPACE = uuid.UUID("5a0f6d0e-6c55-5a39-9f3b-0c0cbb0a3b60")


@dataclass(frozen=True, slots=True, kw_only=True)
class Completion:
    """What the model said, before it is written as one answer or as a stream."""

    id: str
    created: int
    model: str
    pieces: tuple[str, ...]
    """Of the content; none when it is null."""
    silent: bool = False
    """Content is null, not empty."""
    refusal: str | None = None
    finish: str = "stop"
    prompt_tokens: int
    choices: bool = True
    usage: bool = True

    @property
    def content(self) -> str | None:
        return None if self.silent else "".join(self.pieces)

    def used(self) -> dict[str, Any]:
        said = len(self.pieces) + (tokens.count(self.refusal) if self.refusal else 0)
        return {
            "prompt_tokens": self.prompt_tokens,
            "completion_tokens": said,
            "total_tokens": self.prompt_tokens + said,
        }


def create(desk: Desk) -> Reply:
    """Raises Refused."""
    if not desk.habits.chats:
        raise Refused(404, "Not found")
    body = desk.body(KNOWN)
    model = desk.model(body, CHAT_MODELS, "sandbox-chat")
    manner = CHAT_MODELS[model]
    messages = _messages(body)
    limit = _limit(desk, body, manner)
    prompt = prompts.read(messages)
    size = tokens.count(prompt.text)
    if size > desk.habits.context:
        raise _too_long(desk, size)
    said = tuple(tokens.pieces(_said(desk, body, prompt, manner)))
    seed = f"{model} {desk.call.raw_body!r} {len(desk.call.world.journal)}"
    done = Completion(
        id=f"chatcmpl-{uuid.uuid5(NAMESPACE, seed).hex}",
        created=int(desk.call.now),
        model=model,
        pieces=said[:limit],
        finish="stop" if limit is None or len(said) <= limit else "length",
        prompt_tokens=size,
    )
    return _written(desk, body, _ended(desk, done), manner)


def _written(desk: Desk, body: dict[str, Any], done: Completion, manner: Manner) -> Reply:
    pause = desk.provider.token_delay if manner == "slow" else 0.0
    noted = {"model": done.model, "stream": bool(body.get("stream"))}
    if body.get("stream"):
        options = body.get("stream_options") or {}
        events = stream.events(done, options, padded=desk.habits.counts)
        wrong = desk.fault("stream_error")
        if wrong:
            events = stream.broken(events, wrong)
        return Reply(events=events, media_type=stream.MEDIA_TYPE, pause=pause, noted=noted)
    return Reply(body=_whole(done), media_type=JSON, delay=pause * len(done.pieces), noted=noted)


def _whole(done: Completion) -> dict[str, Any]:
    message: dict[str, Any] = {
        "role": "assistant",
        "content": done.content,
        "refusal": done.refusal,
        "annotations": [],
    }
    choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": done.finish}
    answer = {
        "id": done.id,
        "object": "chat.completion",
        "created": done.created,
        "model": done.model,
        "choices": [choice] if done.choices else [],
        "usage": done.used(),
    }
    if not done.usage:
        del answer["usage"]
    return answer


def _ended(desk: Desk, done: Completion) -> Completion:
    """The answer, as a planned fault makes it end."""
    fault = desk.fault("completion")
    half = done.pieces[: len(done.pieces) // 2]
    endings: dict[str, dict[str, Any]] = {
        "length": {"pieces": half, "finish": "length"},
        "content_filter": {"pieces": half, "finish": "content_filter"},
        "refusal": {"pieces": (), "silent": True, "refusal": REFUSED},
        "null": {"pieces": (), "silent": True},
        "no_choices": {"choices": False},
        "no_usage": {"usage": False},
        "invalid_json": {"pieces": tuple(tokens.pieces(BROKEN))},
    }
    return replace(done, **endings[fault.args["ends"]]) if fault else done


def _said(desk: Desk, body: dict[str, Any], prompt: prompts.Prompt, manner: Manner) -> str:
    if manner == "mute":
        return ""
    sentences = writing.lying(prompt) if manner == "liar" else writing.honest(prompt)
    said = " ".join(sentences)
    wanted = body.get("response_format") or {}
    match wanted.get("type", "text") if isinstance(wanted, dict) else None:
        case "text":
            return said
        case "json_object":
            if desk.habits.strict and "json" not in prompt.text.lower():
                raise _no_json()
            return json.dumps({"answer": said}, ensure_ascii=False)
        case "json_schema" if not desk.habits.schemas:
            return said
        case "json_schema":
            schema = (wanted.get("json_schema") or {}).get("schema")
            form = structured.Form(root=schema, said=said, sources=prompt.sources)
            return json.dumps(form.filled(schema), ensure_ascii=False)
    message = "Invalid value for 'response_format.type'."
    raise Refused(400, message, param="response_format.type", code="invalid_value")


def _messages(body: dict[str, Any]) -> list[Any]:
    messages = body.get("messages")
    if not isinstance(messages, list):
        message = "Missing required parameter: 'messages'."
        raise Refused(400, message, param="messages", code="missing_required_parameter")
    if not messages:
        message = "Invalid 'messages': empty array. Expected an array with minimum length 1."
        raise Refused(400, message, param="messages", code="empty_array")
    for at, one in enumerate(messages):
        if not isinstance(one, dict) or one.get("role") not in ROLES:
            where = f"messages[{at}].role"
            message = f"Invalid value for '{where}'."
            raise Refused(400, message, param=where, code="invalid_value")
    return messages


def _limit(desk: Desk, body: dict[str, Any], manner: Manner) -> int | None:
    """Tokens the answer may have; None for any number. Raises Refused."""
    if manner == "reasoning":
        if body.get("max_tokens") is not None:
            message = (
                "Unsupported parameter: 'max_tokens' is not supported with this model. "
                "Use 'max_completion_tokens' instead."
            )
            raise Refused(400, message, param="max_tokens", code="unsupported_parameter")
        if body.get("temperature", 1) != 1:
            message = (
                "Unsupported value: 'temperature' does not support this value with this model. "
                "Only the default (1) value is supported."
            )
            raise Refused(400, message, param="temperature", code="unsupported_value")
    newer = desk.whole(body, "max_completion_tokens") if desk.habits.completion_limit else None
    return newer or desk.whole(body, "max_tokens")


def _too_long(desk: Desk, size: int) -> Refused:
    message = (
        f"This model's maximum context length is {desk.habits.context} tokens. However, your "
        f"messages resulted in {size} tokens. Please reduce the length of the messages."
    )
    return Refused(400, message, param="messages", code="context_length_exceeded")


def _no_json() -> Refused:
    message = (
        "'messages' must contain the word 'json' in some form, to use 'response_format' of type "
        "'json_object'."
    )
    return Refused(400, message, param="messages")
