"""What the environment says, and what happens when it says nonsense."""

from pathlib import Path

import pytest

from mayak import config
from mayak.config import Settings
from mayak.errors import Misconfigured

WRONG = {
    "database_url": "mysql://root@localhost/mayak",
    "mayak_public_url": "mayak.example",
    "mayak_log_level": "loud",
    "mayak_log_format": "yaml",
    "mayak_time_zone": "Mars/Olympus",
    "shutdown_timeout": "0",
    "worker_io": "0",
    "worker_cpu": "0",
    "worker_derive": "0",
    "worker_memory_mb": "-1",
    "mayak_port": "65536",
    "cors_origin": "https://a.example/path",
    "cookie_secure": "perhaps",
    "session_idle_days": "-1",
    "session_days": "366",
    "chatwoot_base_url": "chatwoot.example",
    "chatwoot_account_id": "0",
    "chatwoot_requests_per_minute": "0",
    "embeddings": "cohere",
    "openai_base_url": "ftp://models.example",
    "openai_embedding_dimensions": "63",
    "embedding_patience_seconds": "0",
    "lightrag_only": "2",
    "linear_base_url": "linear",
    "attio_base_url": "attio",
    "attio_reads_per_second": "0",
    "loops_base_url": "loops",
}
ANY_TEXT_IS_RIGHT = {
    "redis_url",
    "mayak_data_dir",
    "mayak_secret_key",
    "mayak_host",
    "chatwoot_api_token",
    "openai_api_key",
    "openai_embedding_model",
    "openai_chat_model",
    "linear_api_key",
    "attio_api_key",
    "loops_api_key",
}


@pytest.fixture(autouse=True)
def bare(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No variable of ours, and a current folder without `.env`."""
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)
    monkeypatch.chdir(tmp_path)


def shown() -> dict[str, str | None]:
    return {str(row["name"]): row["value"] for row in config.load().shown()}


def test_every_setting_has_a_wrong_value_here_or_takes_any_text() -> None:
    assert set(Settings.model_fields) == WRONG.keys() | ANY_TEXT_IS_RIGHT


@pytest.mark.parametrize("name", sorted(WRONG))
def test_a_wrong_value_is_one_line_that_names_its_setting(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name.upper(), WRONG[name])

    with pytest.raises(Misconfigured) as refused:
        config.load()

    said = str(refused.value)
    assert said.startswith(f"{name.upper()}: ")
    assert "\n" not in said
    assert len(said) > len(name) + 10


@pytest.mark.parametrize("zone", ["Europe", "../../etc/passwd", "x" * 300, "Europe/Berlin/"])
def test_what_only_looks_like_a_time_zone_is_refused(
    zone: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MAYAK_TIME_ZONE", zone)

    with pytest.raises(Misconfigured, match="MAYAK_TIME_ZONE"):
        config.load()


def test_an_empty_value_means_the_default(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in Settings.model_fields:
        monkeypatch.setenv(name.upper(), "")

    assert config.load() == Settings()


def test_a_list_is_separated_by_commas_and_loses_spaces_and_slashes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("CORS_ORIGIN", " https://a.example/ ,, http://b.example:81")

    assert config.load().cors_origin == ["https://a.example", "http://b.example:81"]


def test_the_env_file_is_read_and_the_environment_wins(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / ".env").write_text(
        '# ours\nMAYAK_PORT=8100\nMAYAK_TIME_ZONE="Europe/Berlin"\nNOT_OURS=1\n', encoding="utf-8"
    )
    monkeypatch.setenv("MAYAK_PORT", "8200")

    settings = config.load()

    assert (settings.mayak_port, settings.mayak_time_zone) == (8200, "Europe/Berlin")


def test_an_env_file_that_is_not_text_is_named(tmp_path: Path) -> None:
    (tmp_path / ".env").write_bytes(b"MAYAK_HOST=\xff\xfe\n")

    with pytest.raises(Misconfigured, match=r"^\.env: "):
        config.load()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("CHATWOOT_API_TOKEN", "hunter2"),
        ("OPENAI_API_KEY", "hunter2"),
        ("MAYAK_SECRET_KEY", "hunter2,hunter2"),
        ("LINEAR_API_KEY", "hunter2"),
        ("ATTIO_API_KEY", "hunter2"),
        ("LOOPS_API_KEY", "hunter2"),
        ("DATABASE_URL", "postgresql://ann:hunter2@db.example/mayak"),
        ("DATABASE_URL", "postgresql://ann:hun@hunter2@db.example/mayak"),
        ("DATABASE_URL", "postgresql://db.example/mayak?user=ann&password=hunter2&port=5"),
        ("REDIS_URL", "redis://:hunter2@redis.example"),
        ("CHATWOOT_BASE_URL", "https://ann:hunter2@desk.example"),
    ],
)
def test_a_secret_is_masked_where_settings_are_shown(
    name: str, value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, value)

    assert "hunter2" not in repr(shown())
    assert "********" in str(shown()[name])


def test_the_address_around_a_secret_stays_readable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://ann:hunter2@db.example:5433/mayak")

    assert shown()["DATABASE_URL"] == "postgresql://********@db.example:5433/mayak"


@pytest.mark.parametrize("name", ["CHATWOOT_API_TOKEN", "OPENAI_API_KEY"])
def test_a_secret_is_not_in_the_text_of_the_settings(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, "hunter2")

    assert "hunter2" not in repr(config.load())


def test_a_wrong_database_address_does_not_tell_its_password(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("DATABASE_URL", "mysql://ann:hunter2@localhost/mayak")

    with pytest.raises(Misconfigured) as refused:
        config.load()

    assert "hunter2" not in str(refused.value)


@pytest.mark.parametrize(
    "pasted", ["/app/accounts/1/dashboard", "/api/v1", "/?account=1", "/#/conversations"]
)
def test_an_address_pasted_from_a_browser_is_refused(
    monkeypatch: pytest.MonkeyPatch, pasted: str
) -> None:
    monkeypatch.setenv("CHATWOOT_BASE_URL", f"https://chat.example.com{pasted}")

    with pytest.raises(Misconfigured, match="CHATWOOT_BASE_URL: give the address alone"):
        config.load()
