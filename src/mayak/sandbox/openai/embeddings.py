"""POST /embeddings."""

import base64
from typing import Any

import numpy as np

from mayak.sandbox.exchange import Reply
from mayak.sandbox.faults import Fault
from mayak.sandbox.openai import tokens
from mayak.sandbox.openai.desk import JSON, Desk, Refused
from mayak.sandbox.openai.provider import EMBEDDING_MODELS
from mayak.sandbox.openai.vectors import Vector, vector

KNOWN = frozenset({"model", "input", "dimensions", "encoding_format", "user"})


def create(desk: Desk) -> Reply:
    """Raises Refused."""
    body = desk.body(KNOWN)
    model = desk.model(body, EMBEDDING_MODELS, "sandbox-embed")
    texts = _texts(desk, body.get("input"))
    _poison(desk, texts)
    sizes = [tokens.count(text) for text in texts]
    texts = [_fitting(desk, at, text, sizes[at]) for at, text in enumerate(texts)]
    most = desk.habits.most_tokens
    if most is not None and sum(sizes) > most:
        message = f"Requested {sum(sizes)} tokens, max {most} tokens per request"
        kind = "max_tokens_per_request"
        raise Refused(desk.habits.too_large, message, kind=kind, code=kind)
    dimensions = _dimensions(desk, body, model)
    encoded = _encoded(desk, body)
    made = [vector(text, dimensions) for text in texts]
    rows = [
        {"object": "embedding", "index": index, "embedding": _spelled(one, encoded=encoded)}
        for index, one in enumerate(_spoilt(made, desk.fault("bad_vector")))
    ]
    used = {"prompt_tokens": sum(sizes), "total_tokens": sum(sizes)}
    answer = {
        "object": "list",
        "data": _miscounted(rows, desk.fault("wrong_count")),
        "model": model,
        "usage": used,
    }
    return Reply(body=answer, media_type=JSON, noted={"model": model, "inputs": len(texts)})


def asked(body: Any) -> int:
    """Tokens of a request that was not looked at yet, for the rate limit."""
    given = body.get("input") if isinstance(body, dict) else None
    texts = given if isinstance(given, list) else [given]
    return sum(tokens.count(one) for one in texts if isinstance(one, str))


def _texts(desk: Desk, given: Any) -> list[str]:
    """A text, texts, one text as ids of tokens, or several of those."""
    if isinstance(given, str):
        texts = [given]
    elif not isinstance(given, list) or not given:
        raise _invalid()
    elif all(isinstance(one, str) for one in given):
        texts = given
    elif all(_ids(one) for one in given):
        texts = [" ".join(map(str, ids)) for ids in given]
    elif _ids(given):
        texts = [" ".join(map(str, given))]
    else:
        raise _invalid()
    most = desk.habits.most_texts
    if most is not None and len(texts) > most:
        raise _too_many(desk, len(texts), most)
    if desk.habits.blank_refused and not all(text.strip() for text in texts):
        raise Refused(400, "Invalid 'input': input cannot be an empty string.", param="input")
    return texts


def _too_many(desk: Desk, count: int, most: int) -> Refused:
    if desk.habits.name == "tei":
        return Refused(413, f"batch size {count} > maximum allowed batch size {most}")
    message = (
        f"Invalid 'input': array too long. Expected an array with maximum length {most}, "
        f"but instead got an array with length {count}."
    )
    return Refused(400, message, param="input", code="array_above_max_length")


def _ids(given: Any) -> bool:
    return (
        isinstance(given, list)
        and bool(given)
        and all(isinstance(one, int) and not isinstance(one, bool) for one in given)
    )


def _invalid() -> Refused:
    return Refused(400, "'$.input' is invalid. Please check the API reference.")


def _poison(desk: Desk, texts: list[str]) -> None:
    """One text that the server cannot stand spoils the whole request."""
    for fault in desk.call.faults:
        if fault.kind == "poisoned_text" and any(fault.args["text"] in text for text in texts):
            raise _invalid()


def _fitting(desk: Desk, at: int, text: str, size: int) -> str:
    longest = desk.habits.longest_text
    if size <= longest:
        return text
    if desk.habits.cuts:
        return text[: len(text) * longest // size]
    match desk.habits.name:
        case "tei":
            said = f"Input validation error: `inputs` must have less than {longest} tokens. "
            raise Refused(413, f"{said}Given: {size}")
        case "vllm":
            said = f"This model's maximum context length is {longest} tokens. However, you "
            said += f"requested {size} tokens in the input for embedding generation. "
            raise Refused(400, f"{said}Please reduce the length of the input.")
    # Without a code, as the real one.
    raise Refused(400, f"Invalid 'input[{at}]': maximum input length is {longest} tokens.")


def _dimensions(desk: Desk, body: dict[str, Any], name: str) -> int:
    model = EMBEDDING_MODELS[name]
    wanted = desk.whole(body, "dimensions")
    if wanted is None:
        return model.dimensions
    if not desk.habits.resizes:
        message = f'Model "{name}" does not support matryoshka representation, changing output '
        raise Refused(desk.habits.too_large, f"{message}dimensions will lead to poor results.")
    if not model.resizable:
        raise Refused(400, "This model does not support specifying dimensions.")
    if wanted > model.dimensions:
        message = (
            f"Invalid value for 'dimensions' = {wanted}. Must be less than or equal to "
            f"{model.dimensions}."
        )
        raise Refused(400, message)
    return wanted


def _encoded(desk: Desk, body: dict[str, Any]) -> bool:
    form = body.get("encoding_format", "float")
    if not desk.habits.base64:
        return False
    if form not in {"float", "base64"}:
        message = "Invalid value for 'encoding_format': expected 'float' or 'base64'."
        raise Refused(400, message, param="encoding_format", code="invalid_value")
    return bool(form == "base64")


def _spelled(made: Vector, *, encoded: bool) -> Any:
    if not encoded:
        return made.tolist()
    return base64.b64encode(made.astype("<f4").tobytes()).decode()


def _spoilt(made: list[Vector], fault: Fault | None) -> list[Vector]:
    """The last vector as a broken server would give it."""
    if fault is None:
        return made
    last = made[-1].copy()
    match fault.args.get("how", "nan"):
        case "zero":
            last[:] = 0
        case "short":
            last = last[:-1]
        case _:
            last[0] = np.nan
    return [*made[:-1], last]


def _miscounted(rows: list[Any], fault: Fault | None) -> list[Any]:
    """Fewer rows than texts, or more: the last one again."""
    if fault is None:
        return rows
    by = int(fault.args.get("by", -1))
    if by < 0:
        return rows[:by]
    return rows + [{**rows[-1], "index": len(rows) + extra} for extra in range(by)]
