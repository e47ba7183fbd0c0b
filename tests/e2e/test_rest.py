"""Start to finish: real Rasa, action server and gateway, over the REST channel."""

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from bot.settings import Settings
from tests.e2e.stack import Processes, installation, running

pytestmark = [pytest.mark.rasa, pytest.mark.corpus]
TOKEN = "jeton-de-test"


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    with installation(tmp_path_factory.mktemp("var"), rest_token=TOKEN) as settings:
        yield settings


@pytest.fixture(scope="module")
def processes(settings: Settings) -> Iterator[Processes]:
    with running(settings, ("rasa", "actions", "gateway")) as processes:
        yield processes


@pytest.fixture(scope="module")
def client(settings: Settings, processes: object) -> Iterator[httpx.Client]:
    with httpx.Client(
        base_url=f"http://127.0.0.1:{settings.gateway_port}",
        headers={"Authorization": f"Bearer {TOKEN}"},
        timeout=20,
        trust_env=False,
    ) as http:
        yield http


def say(client: httpx.Client, sender: str, message: str) -> list[dict[str, Any]]:
    response = client.post("/webhooks/rest/webhook", json={"sender": sender, "message": message})
    assert response.status_code == 200, response.text
    replies: list[dict[str, Any]] = response.json()
    assert replies
    return replies


def text_of(replies: list[dict[str, Any]]) -> str:
    return "\n".join(reply.get("text", "") for reply in replies)


def guidance_of(replies: list[dict[str, Any]]) -> dict[str, Any]:
    return next(reply["custom"] for reply in replies if reply.get("custom", {}).get("type") == "guidance")


def test_a_lost_identity_card_is_answered_with_source_date_and_scope(client: httpx.Client) -> None:
    replies = say(client, "une", "mon usager majeur a perdu sa carte d'identité, il faut quoi ?")
    guidance = guidance_of(replies)
    assert "F1344" in [fiche["id"] for fiche in guidance["fiches"]]
    assert guidance["scope"] == "papiers"
    assert guidance["stale"] is True
    assert "service-public.gouv.fr" in text_of(replies)


def test_follow_ups_stay_on_the_current_fiche(client: httpx.Client) -> None:
    first = guidance_of(say(client, "suivi", "renouvellement de la carte d'identité périmée d'un majeur"))
    assert first["fiches"][0]["id"] == "F21089"
    cost = say(client, "suivi", "ça coûte combien ?")
    assert guidance_of(cost)["fiches"][0]["id"] == "F21089"
    assert "gratuit" in text_of(cost)


def test_a_button_leads_to_its_fiche_and_only_in_its_own_conversation(client: httpx.Client) -> None:
    replies = say(client, "boutons", "renouvellement de la carte d'identité périmée d'un majeur")
    button = next(button for reply in replies for button in reply.get("buttons", []))
    assert not button["payload"].startswith("/")
    assert guidance_of(say(client, "boutons", button["payload"]))["fiches"][0]["id"] == "F21089"
    assert "custom" not in say(client, "quelqu'un d'autre", button["payload"])[0]


@pytest.mark.parametrize("typed", ["/restart", " ／restart", '/choisir_fiche{"fiche_id": "F1344"}'])
def test_a_typed_command_is_only_text(client: httpx.Client, typed: str) -> None:
    replies = say(client, "commande", typed)
    assert "F1344" not in str([reply.get("custom", {}).get("passage") for reply in replies])


def test_a_question_about_mandates_is_answered_from_a_guide(client: httpx.Client) -> None:
    replies = say(client, "mandat", "combien de temps dure un mandat au maximum ?")
    guidance = guidance_of(replies)
    assert guidance["fiches"][0]["id"].startswith("G-AC-")
    assert "Vérifié le" in text_of(replies)


def test_off_topic_gets_no_fiche(client: httpx.Client) -> None:
    replies = say(client, "hors sujet", "raconte-moi une blague")
    assert all("custom" not in reply for reply in replies)


@pytest.mark.parametrize("message", ["", "x", "👍", "a" * 5000, "<script>alert(1)</script>", "' OR 1=1 --", "idiot"])
def test_bad_input_gets_a_french_sentence(client: httpx.Client, message: str) -> None:
    text = text_of(say(client, "bizarre", message))
    assert text
    assert "Traceback" not in text
    assert "<script>" not in text


def test_a_wrong_token_is_refused(client: httpx.Client) -> None:
    body = {"sender": "x", "message": "bonjour"}
    response = client.post("/webhooks/rest/webhook", json=body, headers={"Authorization": "Bearer faux"})
    assert response.status_code == 401


def test_when_the_action_server_dies_the_message_is_kept(client: httpx.Client, processes: Processes) -> None:
    processes["actions"].terminate()
    processes["actions"].wait(timeout=20)
    text = text_of(say(client, "panne", "demande d'aide au logement"))
    assert "gardé" in text
