"""The page of the assistant, the widget's files, and the code that ties Telegram, in the gateway's pages."""

import json
import re
from dataclasses import replace
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from bot.storage.engine import Database
from tests.unit.gateway.office import Office
from tests.unit.gateway.site import words

VERSION = "0123456789abcdef"


def build_widget(static: Path, **changes: object) -> None:
    """What set-up leaves, in small."""
    folder = static / "widget" / VERSION
    folder.mkdir(parents=True)
    for name in ("equipier-chat.js", "loader.js"):
        (folder / name).write_text(f"// {name}\n", encoding="utf-8")
    manifest = {"version": VERSION, "entry": "equipier-chat.js", "loader": "loader.js", "files": {}} | changes
    (folder / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")


@pytest.fixture
def static(tmp_path: Path) -> Path:
    return tmp_path / "static"


@pytest.fixture
def office(database: Database, static: Path) -> Office:
    return Office.over(database, static=static)


@pytest.fixture
def browser(office: Office) -> TestClient:
    return office.site.browser()


def test_anyone_may_open_the_assistant_and_is_told_what_signing_in_would_change(
    browser: TestClient, static: Path
) -> None:
    build_widget(static)
    page = browser.get("/assistant")
    assert page.status_code == 200
    assert "Vous n'êtes pas connecté" in words(page)
    assert 'href="/connexion?suite=/assistant"' in page.text
    assert f'<script type="module" src="/static/widget/{VERSION}/equipier-chat.js"></script>' in page.text
    assert '<equipier-chat mode="page"' in page.text
    assert "L'assistant a besoin de JavaScript" in page.text
    assert 'href="/assistant" aria-current="true"' in page.text


def test_whoever_is_signed_in_has_their_menu_and_is_not_asked_to_sign_in(office: Office, static: Path) -> None:
    build_widget(static)
    page = office.signed_in(office.aidant).get("/assistant")
    assert "Maiwenn" in words(page)
    assert "Se déconnecter" in words(page)
    assert "pas connecté" not in words(page)
    assert "equipier_session=" in page.headers["set-cookie"], "half an hour begins anew"


def test_a_session_that_is_over_is_told_and_forgotten(office: Office, static: Path) -> None:
    build_widget(static)
    browser = office.signed_in(office.aidant)
    office.site.house.clock.advance(minutes=31)
    page = browser.get("/assistant")
    assert page.status_code == 200
    assert "Votre session est terminée" in words(page)
    assert 'equipier_session=""' in page.headers["set-cookie"]


def test_only_this_page_may_use_the_microphone_and_a_socket(browser: TestClient, static: Path) -> None:
    build_widget(static)
    page = browser.get("/assistant")
    policy = dict(part.strip().partition(" ")[::2] for part in page.headers["content-security-policy"].split(";"))
    assert policy["script-src"] == "'self'"
    assert policy["style-src"] == "'self'"
    assert policy["connect-src"] == "'self' ws://testserver"
    assert policy["media-src"] == "'self' blob:"
    assert policy["worker-src"] == "'none'"
    assert policy["default-src"] == "'none'"
    assert page.headers["permissions-policy"] == "microphone=(self)"
    other = browser.get("/accueil").headers
    assert "ws:" not in other["content-security-policy"]
    assert "permissions-policy" not in other


@pytest.mark.parametrize("host", ["piege.exemple.com; script-src *", "a b", "x'unsafe-inline'"])
def test_a_strange_host_does_not_loosen_the_policy(browser: TestClient, static: Path, host: str) -> None:
    build_widget(static)
    policy = browser.get("/assistant", headers={"host": host}).headers["content-security-policy"]
    assert "connect-src 'self';" in policy
    assert "*" not in policy


def test_a_page_has_no_script_or_style_of_its_own(browser: TestClient, static: Path) -> None:
    build_widget(static)
    page = browser.get("/assistant").text
    assert not re.search(r"<script(?![^>]*\bsrc=)|<style|\bstyle=|\bon\w+=", page)


@pytest.mark.parametrize(
    "changes",
    [
        {"entry": "absent.js"},
        {"entry": "../../../equipier.env"},
        {"loader": "x/../loader.js"},
        {"entry": 3},
        {"entry": ""},
    ],
    ids=str,
)
def test_a_widget_that_is_not_whole_is_told_with_what_to_do(
    browser: TestClient, static: Path, changes: dict[str, object]
) -> None:
    (static / "widget").mkdir(parents=True)
    (static / "widget" / ".partial-abc").mkdir()
    for built in (False, True):
        if built:
            build_widget(static, **changes)
        page = browser.get("/assistant")
        assert page.status_code == 503
        assert "« make setup »" in words(page)
        loader = browser.get("/widget.js")
        assert loader.status_code == 503
        assert "make setup" in loader.json()["detail"]


def test_the_loader_has_one_address_for_ever_and_is_asked_again_each_time(browser: TestClient, static: Path) -> None:
    build_widget(static)
    loader = browser.get("/widget.js", headers={"origin": "https://intranet.exemple.fr"})
    assert loader.text == "// loader.js\n"
    assert loader.headers["content-type"].startswith("text/javascript")
    assert loader.headers["cache-control"] == "no-cache"
    assert loader.headers["access-control-allow-origin"] == "*"


def test_the_files_of_the_widget_are_kept_for_ever_and_may_be_loaded_by_any_site(
    browser: TestClient, static: Path
) -> None:
    build_widget(static)
    file = browser.get(f"/static/widget/{VERSION}/equipier-chat.js")
    assert file.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert file.headers["access-control-allow-origin"] == "*"
    assert file.headers["cross-origin-resource-policy"] == "cross-origin"
    assert file.headers["x-content-type-options"] == "nosniff"
    assert browser.get("/static/widget/..%2f..%2fequipier.env").status_code == 404


def test_the_code_opens_telegram_in_one_tap_where_there_is_a_bot(office: Office) -> None:
    office.site.services = replace(office.site.services, telegram_bot="equipier_bot")
    browser = office.signed_in(office.aidant)
    assert "t.me" not in browser.get("/compte").text
    page = office.send(browser, "/compte", "/compte/code")
    code = re.search(r"lier (\d{4}) (\d{4})", words(page))
    assert code
    assert f'href="https://t.me/equipier_bot?start={code[1]}{code[2]}"' in page.text
    assert 'role="img" aria-label="Code QR qui ouvre Telegram' in page.text
    assert "<svg" in page.text
    assert "@equipier_bot" in words(page)


def test_without_a_bot_the_code_is_typed_in_the_conversation(office: Office) -> None:
    page = office.send(office.signed_in(office.aidant), "/compte", "/compte/code")
    assert "Écrivez dans la conversation" in words(page)
    assert "t.me" not in page.text
    assert "<svg" not in page.text


def test_every_page_leads_to_the_assistant(office: Office, browser: TestClient) -> None:
    assert 'href="/assistant"' in browser.get("/accueil").text
    assert 'href="/assistant"' in office.signed_in(office.aidant).get("/compte").text
