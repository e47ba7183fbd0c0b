"""Keys are in no file of the project, and in nothing that the program writes or answers."""

import base64
import logging
import re
from collections.abc import Iterator
from io import StringIO
from pathlib import Path

import httpx
import pytest
import structlog
from cryptography.fernet import Fernet
from pydantic import SecretStr

from bot.errors import EquipierError
from bot.gateway.logging import configure_logging
from bot.privacy.envelope import KeyRing
from bot.settings import ROOT, Settings
from bot.setup.processes import process_spec
from tests.integration.test_rest_channel import OUTBOX, WEBHOOK, running
from tests.project.files import is_under, project_files

# What the keys that matter here look like. Invented ones of tests are made of words, and told apart by that.
SHAPES = {
    "private key": re.compile(r"-----BEGIN (?:[A-Z]+ )*PRIVATE KEY-----\s+[A-Za-z0-9+/]{20}"),
    "Telegram token": re.compile(r"(?<!\d)\d{8,10}:[A-Za-z0-9_-]{35}(?![A-Za-z0-9_-])"),
    "32 bytes in base 64": re.compile(r"(?<![A-Za-z0-9+/_=-])[A-Za-z0-9+/_-]{43}=(?!=)"),
    "JWT": re.compile(r"eyJ[A-Za-z0-9_-]{10,}\.eyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}"),
    "Argon2 hash": re.compile(r"\$argon2id?\$v=\d+\$m=\d+[^\s\"']{30,}"),
    "token of a forge or a cloud": re.compile(
        r"\b(?:gh[pousr]_\w{36}|glpat-[\w-]{20}|AKIA[0-9A-Z]{16}|xox[bp]-[\w-]{20})"
    ),
    # A password of an example is a word.
    "address with a password": re.compile(
        r"\b(?:postgres(?:ql)?|rediss?|amqps?)(?:\+\w+)?://[^\s:/@'\"{]+:(?=[^@]*\d)(?=[^@]*[A-Za-z])[\w.-]{12,}@"
    ),
}
TEXT = {".py", ".md", ".toml", ".yml", ".yaml", ".lock", ".sh", ".cfg", ".mako", ".json", ".jsonl", ".txt", ".j2", ""}


def shaped(text: str) -> Iterator[tuple[str, str]]:
    """What *text* holds that looks like a key, and is no word written in base 64."""
    for kind, shape in SHAPES.items():
        for match in shape.finditer(text):
            found = match[0]
            if kind == "32 bytes in base 64" and _is_invented(found):
                continue
            yield kind, found


def _is_invented(found: str) -> bool:
    """Whether these 32 bytes are printable, as those of no real key are."""
    try:
        return base64.urlsafe_b64decode(found).decode("ascii").isprintable()
    except ValueError:
        return False


def test_no_file_holds_anything_shaped_like_a_key() -> None:
    files = [path for path in project_files() if path.suffix in TEXT and not is_under(path, "var")]
    assert len(files) > 300, "this test checks nothing"
    wrong = [
        f"{path.relative_to(ROOT)}: {kind}: {found[:12]}…"
        for path in files
        for kind, found in shaped(path.read_text(encoding="utf-8", errors="replace"))
    ]
    assert wrong == []


def test_the_search_would_find_them() -> None:
    for text in (
        Fernet.generate_key().decode(),
        KeyRing.new("k1"),
        "123456789:" + "A" * 35,
        "-----BEGIN PRIVATE KEY-----\n" + "M" * 64,
        "postgresql+psycopg://equipier:" + "h7Kq2mPz9xLw4@base/equipier",
        "eyJhbGciOiJIUzI1NiJ9." + "eyJzdWIiOiIxMjM0NTY3ODkwIn0" + ".dozjgNryP4J3jVmNHl0w",
        "$argon2id$" + "v=19$m=65536,t=3,p=4$c29tZXNhbHQ$RdescudvJCsgt3ub",
    ):
        assert list(shaped(f"clé : {text} ;")), text
    assert not list(shaped("dGVzdHRlc3R0ZXN0dGVzdHRlc3R0ZXN0dGVzdHRlc3Q="))


@pytest.fixture
def planted(tmp_path: Path) -> Settings:
    """Every secret of the settings, each one recognisable."""
    rings = ("master_keys", "seal_keys", "index_key", "checkpoint_key", "session_key")
    values = {name: KeyRing.new("t1") for name in rings}
    values |= {
        "rest_token": "jeton-rest-plante-0123456789",
        "vault_key": Fernet.generate_key().decode(),
        "telegram_token": "",
        "telegram_secret": "secret-telegram-plante-0123",
        "widget_jwt_key": "secret-du-site-plante-0123456789abcdef",
        "metrics_token": "jeton-des-mesures-plante-0123",
        "tracker_url": "",
        "events_url": "",
        "redis_url": "",
    }
    secret = {name for name, field in Settings.model_fields.items() if "SecretStr" in str(field.annotation)}
    assert secret == set(values), "plant the new one"
    return Settings(
        _env_file=None,
        var_dir=tmp_path,
        widget_jwt_issuer="intranet",
        **{name: SecretStr(value) for name, value in values.items() if value},
    )


def needles(settings: Settings) -> list[bytes]:
    """Each secret as it is set, and the bytes of the keys."""
    found = []
    for name in Settings.model_fields:
        value = getattr(settings, name)
        if isinstance(value, SecretStr) and value.get_secret_value():
            text = value.get_secret_value()
            found.append(text.encode())
            if name.endswith(("_key", "_keys")) and ":" in text:
                key = text.partition(":")[2]
                found += [key.encode(), base64.urlsafe_b64decode(key + "=" * (-len(key) % 4))]
    assert len(found) > 12
    return found


@pytest.fixture
def logs() -> Iterator[StringIO]:
    """Everything that is logged, at the finest level."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    configure_logging(as_json=True)
    (handler,) = root.handlers
    assert isinstance(handler, logging.StreamHandler)
    written = StringIO()
    handler.setStream(written)
    root.setLevel(logging.DEBUG)
    yield written
    root.handlers = handlers
    root.setLevel(level)
    structlog.reset_defaults()


async def test_a_running_gateway_writes_and_answers_no_secret(planted: Settings, logs: StringIO) -> None:
    told: list[str] = []
    token = planted.rest_token.get_secret_value()
    async with running(planted) as site:
        for fails in (None, httpx.ConnectError("down"), RuntimeError(f"boom {token}")):
            site.rasa.raises = fails
            for headers in (
                {"Authorization": f"Bearer {token}"},
                {"Authorization": f"Bearer {token}x"},
                {"Authorization": f"Basic {token}"},
                {"Cookie": f"equipier_session={token}", "Accept": "text/html"},
            ):
                answers = [
                    await site.http.post(WEBHOOK, json={"sender": "a", "message": "bonjour"}, headers=headers),
                    await site.http.post(WEBHOOK, content=b"{" + token.encode(), headers=headers),
                    await site.http.get(OUTBOX, params={"sender": "a"}, headers=headers),
                    await site.http.get("/readyz", headers=headers),
                    await site.http.get("/", headers=headers),
                    await site.http.get("/nulle-part", params={"token": token}, headers=headers),
                    await site.http.get("/connexion", params={"suite": "/compte"}, headers=headers),
                ]
                told += [answer.text + str(answer.headers) for answer in answers]
        told += [repr(site.services), repr(site.settings), str(site.settings.model_dump())]
    written = logs.getvalue().encode()
    assert b'"event"' in written, "this test checks nothing"
    everything = written + "\n".join(told).encode()
    assert [needle for needle in needles(planted) if needle in everything] == []


def test_no_process_is_given_more_secrets_than_it_needs(planted: Settings) -> None:
    """The command lines show in the list of processes; Rasa's environment is that of old libraries."""
    models = planted.var_dir / "models"
    models.mkdir()
    (models / "equipier-0.tar.gz").touch()
    base = {f"EQUIPIER_{name.upper()}": _shown(planted, name) for name in Settings.model_fields}
    specs = {name: process_spec(name, planted, base=base) for name in ("actions", "gateway", "worker")}
    try:
        specs["rasa"] = process_spec("rasa", planted, base=base)
    except EquipierError as error:
        pytest.fail(str(error))
    for spec in specs.values():
        command = " ".join(spec.argv).encode()
        assert not [needle for needle in needles(planted) if needle in command]
        assert "Bearer" not in repr(spec)
        assert planted.rest_token.get_secret_value() not in repr(spec)
    kept = "\n".join(specs["rasa"].environment.values()).encode()
    assert [needle for needle in needles(planted) if needle in kept] == []


def _shown(settings: Settings, name: str) -> str:
    value = getattr(settings, name)
    return value.get_secret_value() if isinstance(value, SecretStr) else str(value)
