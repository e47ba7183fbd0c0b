import io
import json
import threading
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from rich.console import Console

from bot.cli.chat import ChatClient, ChatError, Screen, converse, listen, render_light

BUTTONS = [{"title": "Pièces", "payload": "b_1"}, {"title": "Coût", "payload": "b_2"}]


def client_of(answer: Callable[[httpx.Request], httpx.Response]) -> ChatClient:
    http = httpx.Client(transport=httpx.MockTransport(answer), base_url="http://gateway")
    return ChatClient(http, token="t", sender="s", timeout=1)


@pytest.fixture
def screen() -> Screen:
    return Screen(Console(file=io.StringIO(), width=200))


def shown(screen: Screen) -> str:
    file = screen.console.file
    assert isinstance(file, io.StringIO)
    return file.getvalue()


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("**Carte** d'identité\n• une\n  • deux", "Carte d'identité\n• une\n  • deux"),
        ("[Fiche](https://exemple.fr/a) ok", "Fiche (https://exemple.fr/a) ok"),
        ("**[Fiche](https://exemple.fr)**", "Fiche (https://exemple.fr)"),
        ("[x](javascript:alert(1)) [rouge] * # _", "[x](javascript:alert(1)) [rouge] * # _"),
        ("gras\x1b[31m\x07", "gras[31m"),
        ("2 ** 3", "2 ** 3"),
    ],
)
def test_light_markdown_is_drawn_and_all_else_is_shown_as_it_is(text: str, plain: str) -> None:
    assert render_light(text).plain == plain


def test_bold_covers_its_words_only() -> None:
    (span,) = render_light("un **mot** gras").spans
    assert (span.start, span.end, span.style) == (3, 6, "bold")


def test_buttons_are_numbered_over_the_replies_and_a_number_presses_one(screen: Screen) -> None:
    screen.show([{"text": "un", "buttons": BUTTONS[:1]}, {"text": "deux", "buttons": BUTTONS[1:]}])
    screen.show([{"text": "sans bouton"}])
    assert "  2. Coût" in shown(screen)
    assert [screen.meant(typed) for typed in ("1", "2", "3", "0", "coût", "²")] == ["b_1", "b_2", "3", "0", "coût", "²"]


def test_a_conversation_sends_what_is_typed_until_quitter(screen: Screen, monkeypatch: pytest.MonkeyPatch) -> None:
    sent: list[Any] = []

    def answer(request: httpx.Request) -> httpx.Response:

        assert request.headers["authorization"] == "Bearer t"
        sent.append(json.loads(request.content)["message"])
        return httpx.Response(200, json=[{"recipient_id": "s", "text": "**Bonjour**", "buttons": BUTTONS}])

    typed = iter(["bonjour", "", "2", "/Quitter"])
    monkeypatch.setattr("builtins.input", lambda _prompt: next(typed))
    converse(client_of(answer), screen)
    assert sent == ["bonjour", "b_2"]
    assert "Au revoir" in shown(screen)


@pytest.mark.parametrize("end", [EOFError, KeyboardInterrupt])
def test_the_end_of_the_input_leaves(screen: Screen, monkeypatch: pytest.MonkeyPatch, end: type[BaseException]) -> None:
    def leave(_prompt: str) -> str:
        raise end

    monkeypatch.setattr("builtins.input", leave)
    converse(client_of(lambda _request: httpx.Response(200, json=[])), screen)
    assert "Au revoir" in shown(screen)


def test_an_error_is_shown_and_the_conversation_goes_on(screen: Screen, monkeypatch: pytest.MonkeyPatch) -> None:
    answers = iter(
        [httpx.Response(429, json={"detail": "Trop de messages."}), httpx.Response(200, json=[{"text": "Oui"}])]
    )
    typed = iter(["a", "b", "/quitter"])
    monkeypatch.setattr("builtins.input", lambda _prompt: next(typed))
    converse(client_of(lambda _request: next(answers)), screen)
    assert shown(screen).index("Trop de messages.") < shown(screen).index("Oui")


def test_a_gateway_that_is_not_started_is_said_with_the_remedy() -> None:
    def refuse(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("refused", request=request)

    with pytest.raises(ChatError, match="ne répond pas") as error:
        client_of(refuse).check()
    assert "make run" in error.value.hint


@pytest.mark.parametrize(
    ("response", "words"),
    [
        (httpx.Response(500, text="<html>"), "erreur 500"),
        (httpx.Response(200, text="<html>"), "pas Équipier"),
        (httpx.Response(200, json={"a": 1}), "pas Équipier"),
        (httpx.Response(401, json={"detail": "Jeton refusé."}), "Jeton refusé."),
    ],
)
def test_an_unexpected_answer_is_explained(response: httpx.Response, words: str) -> None:
    with pytest.raises(ChatError, match=words):
        client_of(lambda _request: response).say("bonjour")


def test_late_replies_are_shown_as_they_come(screen: Screen) -> None:
    stop = threading.Event()

    def answer(request: httpx.Request) -> httpx.Response:
        assert request.url.params["sender"] == "s"
        if "Réponse" in shown(screen):
            stop.set()
            return httpx.Response(200, json=[])
        return httpx.Response(200, json=[{"recipient_id": "s", "text": "Réponse tardive", "buttons": BUTTONS}])

    listen(client_of(answer), screen, stop)
    assert shown(screen).count("Réponse tardive") == 1
    assert screen.meant("1") == "b_1"


def test_what_was_received_is_acknowledged_at_the_next_poll() -> None:
    acknowledged = []

    def answer(request: httpx.Request) -> httpx.Response:
        acknowledged.append(request.url.params["ack"])
        late = [{"text": "un", "id": 7}, {"text": "deux", "id": 9}]
        return httpx.Response(200, json=late if len(acknowledged) == 2 else [])

    client = client_of(answer)
    assert [len(client.wait()) for _ in range(4)] == [0, 2, 0, 0]
    assert acknowledged == ["0", "0", "9", "9"]
