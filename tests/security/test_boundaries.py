"""Where the program meets files, addresses, markup and other machines."""

import re
import tomllib
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from fastapi import FastAPI
from hypothesis import given
from hypothesis import strategies as st
from starlette.types import Message

from bot.gateway.pages import static
from bot.gateway.pages.widget import FOLDER
from bot.settings import ROOT
from tests.project.files import is_under, project_files
from tests.security.fuzz import any_text, examples
from tests.unit.gateway.test_authorisation_matrix import GETS, ROWS, Everyone, everyone

assert everyone  # the fixture

FILES = [row for row in ROWS if row.method == "GET" and re.search(r"\.(pdf|csv|json|pem)\b", row.path)]
# Who opens a connection to another machine, or to another process: a new one is a decision.
SPEAKERS = {
    "bot/bootstrap.py": "Rasa and the actions, at the addresses of the settings",
    "bot/bootstrap_channels.py": "Telegram and the voice process, at the addresses of the settings",
    "bot/cli/chat.py": "the gateway, at the address of the settings or of the command line",
    "bot/cli/voice.py": "the voice process, at the address of the settings",
    "bot/fiches/importers/dila.py": "the DILA, over https, on one host",
    "bot/setup/readiness.py": "our own processes",
    "bot/supervision/services.py": "Rasa, to load a model that was trained here",
    "bot/voice/evaluation/questions.py": "Rasa, at the address of the settings",
    "bot/voice/install.py": "the publishers of the models, whose hashes are known",
}


@pytest.mark.parametrize("row", FILES, ids=str)
def test_the_name_of_a_file_holds_nothing_that_was_typed(everyone: Everyone, row: Any) -> None:
    answer = everyone.browser(row.allowed()).get(everyone.address(row, anew=True))
    if answer.status_code == 200:
        named = answer.headers.get("content-disposition", "")
        assert re.fullmatch(r'(?:attachment|inline); filename="[A-Za-z0-9._-]+"', named), named
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert "html" not in answer.headers["content-type"]


def test_files_are_tried() -> None:
    assert len(FILES) >= 8
    assert len(GETS) > 40


parts = st.sampled_from(
    ["..", "%2e%2e", "....", "//", "\\", "..\\", "%5c", "%00", "etc", "passwd", "equipier.db", "a", "~"]
)


async def _get(app: Any, raw: str) -> tuple[int, bytes, str]:
    """Status, body and location of the answer to this very path: clients tidy theirs before they send it."""
    sent: list[Message] = []

    async def receive() -> Message:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Message) -> None:
        sent.append(message)

    scope = {
        "type": "http",
        "http_version": "1.1",
        "method": "GET",
        "scheme": "http",
        "path": raw,
        "raw_path": raw.encode("utf-8", "surrogatepass"),
        "root_path": "",
        "query_string": b"",
        "headers": [(b"host", b"testserver")],
        "client": ("127.0.0.1", 1),
        "server": ("testserver", 80),
        "app": app,
    }
    await app(scope, receive, send)
    location = dict(sent[0]["headers"]).get(b"location", b"").decode()
    return sent[0]["status"], b"".join(message.get("body", b"") for message in sent), location


@given(
    st.sampled_from(["/static/dsfr", "/static/equipier/1", f"/static/{FOLDER}"]),
    st.lists(st.one_of(parts, any_text), max_size=6),
)
@examples(60)
async def test_no_path_gets_out_of_the_static_files(tmp_path: Path, root: str, below: list[str]) -> None:
    secret = tmp_path / "equipier.db"
    secret.write_bytes(b"SECRET")
    (tmp_path / "static" / "dsfr").mkdir(parents=True, exist_ok=True)  # the other one is missing
    app = FastAPI()
    static.mount(app, static=tmp_path / "static")
    for path in (f"{root}/{'/'.join(below)}", f"{root}/../../equipier.db", f"{root}/../../../equipier.db"):
        try:
            status, body, location = await _get(app, path)
        except UnicodeEncodeError:  # no server hands over half a character
            continue
        assert b"SECRET" not in body
        assert b"root:" not in body
        assert status in {200, 307, 400, 404, 405}, path
        assert urlsplit(location).netloc in {"", "testserver"}, location  # 307: the same without its last slash


def test_who_speaks_to_another_machine_is_known() -> None:
    """Nothing fetches an address that was typed or read in a fiche: those that speak have theirs from the settings."""
    opens = re.compile(r"\b(?:httpx\.(?:AsyncClient|Client|get|post|put|stream|request)|urlopen|create_connection)\(")
    sources = [path for path in project_files(".py") if is_under(path, "bot", "actions")]
    assert len(sources) > 200
    names = {str(path.relative_to(ROOT)) for path in sources if opens.search(path.read_text(encoding="utf-8"))}
    speaking = {name for name in names if not name.startswith("bot/demo/")}  # tries itself, on this machine
    assert speaking - set(SPEAKERS) == set(), "say to whom"
    assert set(SPEAKERS) - speaking == set(), "no such speaker"


def test_the_linter_looks_for_dangerous_calls() -> None:
    """``eval``, ``pickle``, SQL that is put together, shells, unsafe YAML: ruff's rules « S » refuse them all."""
    lint = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["ruff"]["lint"]
    assert "S" in lint["select"]
    assert {rule for rule in lint["ignore"] if rule.startswith("S") and rule[1:].isdigit()} == {"S101"}
    freed = [folder for folder, rules in lint["per-file-ignores"].items() if {"S", "ALL"} & set(rules)]
    assert freed == ["tests/**"]


# Drawings made by the QR library, from addresses that it encodes.
AS_MARKUP = {"compte.html.j2": {"qr"}, "inscription.html.j2": {"qr"}}


def test_templates_escape_everything_but_our_own_drawings() -> None:
    found: dict[str, set[str]] = {}
    templates = [path for path in project_files(".j2") if is_under(path, "bot/gateway/templates")]
    assert len(templates) > 30
    for path in templates:
        text = path.read_text(encoding="utf-8")
        assert "autoescape false" not in text
        for name in re.findall(r"{{-?\s*([\w.]+)[^}]*\|\s*safe\b", text):
            found.setdefault(path.name, set()).add(name)
        assert not re.search(r"\son\w+=|javascript:|<script>", text), path.name
    assert found == AS_MARKUP
