"""The models that are served, and what the owner of the server may set."""

from dataclasses import dataclass
from typing import Literal

OPENAI_KEY = "openai-sandbox-key"

Manner = Literal["honest", "liar", "mute", "slow", "reasoning"]


@dataclass(frozen=True, slots=True, kw_only=True)
class EmbeddingModel:
    dimensions: int
    """Of a vector, unless fewer are asked for."""
    resizable: bool = True
    """Whether fewer may be asked for."""


EMBEDDING_MODELS = {
    "text-embedding-3-small": EmbeddingModel(dimensions=1536),
    "text-embedding-3-large": EmbeddingModel(dimensions=3072),
    "text-embedding-ada-002": EmbeddingModel(dimensions=1536, resizable=False),
    "sandbox-embed": EmbeddingModel(dimensions=384),
}
CHAT_MODELS: dict[str, Manner] = {
    "sandbox-chat": "honest",
    "sandbox-chat-liar": "liar",
    "sandbox-chat-mute": "mute",
    "sandbox-chat-slow": "slow",
    "sandbox-chat-reasoning": "reasoning",
}


@dataclass(slots=True, kw_only=True)
class Provider:
    """Mutable: tests and benches set what they need."""

    key: str = OPENAI_KEY
    requests_per_minute: int = 10_000
    """Of each key and model, refilled evenly; a request that fails counts too."""
    tokens_per_minute: int = 10_000_000
    latency: float = 0.0
    """Seconds before every answer. They pass for real, without sockets too."""
    token_delay: float = 0.05
    """Seconds between the words of sandbox-chat-slow."""
