"""Embeddings of any OpenAI-compatible API, over our own HTTP code.

The official SDK retries by itself, even where the account is out of credit; here every
failure is told apart once and the job engine alone decides when to come back.
"""

import asyncio
import base64
import hashlib
import re
import time
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import httpx
import numpy as np

from mayak.errors import Upstream, UpstreamKind, UpstreamRejected
from mayak.lightrag.model.embedder import Vector, Vectors
from mayak.lightrag.model.sets import EmbeddingSet

OFFICIAL = "https://api.openai.com/"
SERVICE = "The embeddings provider"
TIMEOUT = httpx.Timeout(120, connect=5)
SOON = 30.0
"""Seconds. Whoever answers within them is not near the timeout with twice as many texts either."""
AT_ONCE = 4
"""Requests in flight; more of them only meet the rate limit sooner."""
MAX_ITEMS = 256
MAX_TOKENS = 200_000
"""Per request, by `estimate`. The API's own limits are 2048 texts and 300,000 tokens."""
LONGEST = 8_000
"""Tokens of one text; what is longer is cut."""
TOO_MUCH = frozenset({"max_tokens_per_request", "context_length_exceeded"})
TOO_LONG = re.compile(r"maximum (?:input|context) length|exceeds the context length", re.IGNORECASE)
"""How a text is said to be too long without a code: by OpenAI ("Invalid 'input[0]': maximum input
length is 8192 tokens."), vLLM ("This model's maximum context length is 512 tokens.") and Ollama.
"""
STOPPED: dict[int, UpstreamKind] = {401: "auth", 403: "auth", 404: "not_found"}
_DURATION = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h)")
_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}


class OpenAIEmbeddings:
    """`base_url` is taken with or without its `/v1`. `dimensions` is asked of the server only
    when configured, because many servers reject the field.
    """

    provider = "openai"
    resting: float | None = None
    batch = MAX_ITEMS
    """Fewer after a timeout; doubles again with each reply that comes soon."""
    at_once = AT_ONCE
    remote = True

    def __init__(
        self,
        http: httpx.AsyncClient,
        *,
        base_url: str,
        model: str,
        api_key: str | None = None,
        dimensions: int | None = None,
        max_items: int = MAX_ITEMS,
        max_tokens: int = MAX_TOKENS,
    ) -> None:
        self._http = http
        self._url = endpoint(base_url)
        self._headers = {"Authorization": f"Bearer {api_key}"} if api_key else {}
        self._asked_dimensions = dimensions
        self._max_items = max_items
        self._max_tokens = max_tokens
        self._turns = asyncio.Semaphore(AT_ONCE)
        self._usual = 0  # what `batch` was before the server was too slow for it
        self.model = model
        self.dimensions = dimensions
        # Two servers may give one name to two models: their vectors must not meet.
        where = hashlib.sha256(self._url.encode()).hexdigest()[:8]
        self.space = f"openai/{model}/{dimensions or 'default'}/{where}"

    async def passages(self, texts: Sequence[str]) -> Vectors:
        """Raises UpstreamRejected of kind rejected when a text is blank: the API refuses those."""
        if any(not text.strip() for text in texts):
            raise UpstreamRejected(SERVICE, "a text is blank")
        most = min(self._max_items, self.batch)
        parts = batches(texts, max_items=most, max_tokens=self._max_tokens)
        done = await asyncio.gather(*(self._batch(part) for part in parts))
        return np.concatenate(done) if done else np.empty((0, self.dimensions or 0), np.float32)

    async def sentences(self, texts: Sequence[str]) -> Vectors:
        return await self.passages(texts)

    async def query(self, text: str) -> Vector:
        vectors = await self.passages([text])
        return np.asarray(vectors[0])

    async def _batch(self, texts: Sequence[str]) -> Vectors:
        """Vectors of one request's texts; halves them when the server finds them too much."""
        try:
            async with self._turns:
                began = time.monotonic()
                made = self._parse(await self._post(texts), len(texts))
                if time.monotonic() - began < SOON and len(texts) >= self.batch:
                    self.batch = max(self.batch, min(2 * self.batch, self._usual))
                return made
        except _TooMuch as error:
            if len(texts) > 1:
                half = len(texts) // 2
                left = await self._batch(texts[:half])
                return np.concatenate([left, await self._batch(texts[half:])])
            shorter = texts[0][: len(texts[0]) // 2]
            if len(shorter) < LONGEST // 32:
                raise UpstreamRejected(SERVICE, error.reason) from error
            return await self._batch([shorter])

    async def _post(self, texts: Sequence[str]) -> Any:
        body: dict[str, Any] = {
            "model": self.model,
            "input": [_shortened(text) for text in texts],
            "encoding_format": "base64",
        }
        if self._asked_dimensions is not None:
            body["dimensions"] = self._asked_dimensions
        try:
            reply = await self._http.post(
                self._url, json=body, headers=self._headers, timeout=TIMEOUT
            )
        except httpx.HTTPError as error:
            if isinstance(error, httpx.ReadTimeout) and len(texts) > 1:
                self._usual = max(self._usual, self.batch)
                self.batch = min(self.batch, len(texts) // 2)
            reason = f"{type(error).__name__}: {error}".strip(": ")
            raise Upstream(SERVICE, reason, kind="network") from error
        _check(reply)
        try:
            return reply.json()
        except ValueError as error:
            raise Upstream(SERVICE, "the reply is not JSON", kind="server") from error

    def _parse(self, reply: Any, expected: int) -> Vectors:
        """Raises UpstreamRejected of kind schema when the reply is not what was asked for."""
        rows = reply.get("data") if isinstance(reply, dict) else None
        if not isinstance(rows, list) or len(rows) != expected:
            raise _malformed(f"{expected} vectors were asked for")
        try:
            ordered = sorted(rows, key=lambda row: int(row["index"]))
            indexes = [int(row["index"]) for row in ordered]
            vectors = [_floats(row["embedding"]) for row in ordered]
        except (KeyError, TypeError, ValueError) as error:
            raise _malformed("a vector cannot be read") from error
        if indexes != list(range(expected)):
            raise _malformed("the indexes do not match the texts")
        return self._checked(vectors)

    def _checked(self, vectors: Sequence[Vector]) -> Vectors:
        sizes = {len(vector) for vector in vectors}
        if len(sizes) != 1 or sizes == {0}:
            raise _malformed(f"vectors of different lengths {sorted(sizes)}")
        size = sizes.pop()
        if self.dimensions not in (None, size):
            raise _malformed(f"vectors have {size} dimensions, not {self.dimensions}")
        stacked = np.stack(vectors)
        lengths = np.linalg.norm(stacked, axis=1, keepdims=True)
        if not np.isfinite(stacked).all() or not np.all(lengths > 0):
            raise _malformed("a vector is not finite, or zero")
        self.dimensions = size
        return np.asarray(stacked / lengths, dtype=np.float32)


class OpenAIServer:
    """One server, and an embedder for each of its models."""

    def __init__(self, http: httpx.AsyncClient, *, base_url: str, api_key: str | None) -> None:
        self._http = http
        self._base_url = base_url
        self._key = api_key

    def embedder(self, model: str, *, dimensions: int | None) -> OpenAIEmbeddings:
        return OpenAIEmbeddings(
            self._http,
            base_url=self._base_url,
            model=model,
            api_key=self._key,
            dimensions=dimensions,
        )

    def embedder_of(self, kept: EmbeddingSet) -> OpenAIEmbeddings | None:
        """Whoever fills this set; None when it is of another server, or nothing is known of this
        one: OpenAI itself answers nobody without a key.
        """
        if kept.provider != OpenAIEmbeddings.provider:
            return None
        if self._key is None and self._base_url.startswith(OFFICIAL):
            return None
        for dimensions in (None, kept.dimensions):
            made = self.embedder(kept.model, dimensions=dimensions)
            if made.space == kept.space:
                return made
        return None


class _TooMuch(UpstreamRejected):
    """The request is larger than the server takes; half of it may pass."""


def endpoint(base_url: str) -> str:
    """The address of the embeddings route, from a base with or without `/v1`."""
    base = base_url.rstrip("/")
    base = base.removesuffix("/embeddings")
    return f"{base}/embeddings" if re.search(r"/v\d+$", base) else f"{base}/v1/embeddings"


def estimate(text: str) -> int:
    """At least as many tokens as `text` has, without the vocabulary: 3 ASCII characters make one,
    and each other character one more.
    """
    plain = len(text.encode("ascii", "ignore"))
    return plain // 3 + (len(text) - plain) + 1


def batches(texts: Sequence[str], *, max_items: int, max_tokens: int) -> list[list[str]]:
    """Split in order, by count and by estimated tokens, because servers limit both."""
    parts: list[list[str]] = []
    filled = 0
    for text in texts:
        size = min(estimate(text), LONGEST)
        if not parts or len(parts[-1]) >= max_items or filled + size > max_tokens:
            parts.append([])
            filled = 0
        parts[-1].append(text)
        filled += size
    return parts


def _shortened(text: str) -> str:
    size = estimate(text)
    return text if size <= LONGEST else text[: int(len(text) * LONGEST / size)]


def _floats(value: Any) -> Vector:
    """Some servers send floats although base64 was asked for."""
    if isinstance(value, str):
        return np.frombuffer(base64.b64decode(value, validate=True), dtype="<f4")
    return np.asarray(value, dtype=np.float32)


def _malformed(reason: str) -> UpstreamRejected:
    return UpstreamRejected(SERVICE, f"the reply does not fit: {reason}", kind="schema")


def _check(reply: httpx.Response) -> None:
    if reply.is_success:
        return
    status = reply.status_code
    code, said = _problem(reply)
    reason = f"HTTP {status}: {said}"
    if status == httpx.codes.TOO_MANY_REQUESTS and code == "insufficient_quota":
        raise UpstreamRejected(SERVICE, reason, kind="quota")
    if status == httpx.codes.TOO_MANY_REQUESTS:
        raise Upstream(SERVICE, reason, kind="rate_limit", retry_after=_wait(reply.headers))
    if status >= httpx.codes.INTERNAL_SERVER_ERROR or status == httpx.codes.REQUEST_TIMEOUT:
        raise Upstream(SERVICE, reason, kind="server", retry_after=_wait(reply.headers))
    if status == httpx.codes.REQUEST_ENTITY_TOO_LARGE or _too_much(status, code, said):
        raise _TooMuch(SERVICE, reason)
    raise UpstreamRejected(SERVICE, reason, kind=STOPPED.get(status, "rejected"))


def _too_much(status: int, code: str | None, said: str) -> bool:
    if code in TOO_MUCH:
        return True
    return status == httpx.codes.BAD_REQUEST and TOO_LONG.search(said) is not None


def _problem(reply: httpx.Response) -> tuple[str | None, str]:
    """The code and the message of an error, in any of the spellings that servers use."""
    try:
        body = reply.json()
    except ValueError:
        return None, reply.text[:200].strip() or reply.reason_phrase
    error = body.get("error", body) if isinstance(body, dict) else body
    if not isinstance(error, dict):
        return None, str(error)[:200]
    code = error.get("code") or error.get("type")
    return str(code) if code else None, str(error.get("message") or error.get("detail"))[:200]


def _wait(headers: httpx.Headers) -> timedelta | None:
    """How long the server asks us to stay away; None when it does not say."""
    waits = [
        _duration(headers.get("x-ratelimit-reset-requests", "")),
        _duration(headers.get("x-ratelimit-reset-tokens", "")),
        _duration(headers.get("retry-after", "") + "s"),
        _duration(headers.get("retry-after-ms", "") + "ms"),
    ]
    longest = max(waits)
    return timedelta(seconds=longest) if longest > 0 else None


def _duration(text: str) -> float:
    """Seconds of a duration such as `6m0s` or `20ms`; 0 for anything else."""
    return sum(float(number) * _SECONDS[unit] for number, unit in _DURATION.findall(text))
