"""The help-desk widget in a real browser, mostly on the page of another site whose policy is strict."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, expect

from tests.e2e.browser import SIZES, violations
from tests.e2e.widget_page import Widget, hearing_chromium, widget_on


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with hearing_chromium() as browser:
        yield browser


@pytest.fixture(params=SIZES)
def widget(request: pytest.FixtureRequest, browser: Browser) -> Iterator[Widget]:
    with widget_on(browser, request.param) as (widget, _):
        yield widget


@pytest.fixture
def desk(browser: Browser) -> Iterator[Widget]:
    with widget_on(browser, "desktop") as (widget, _):
        yield widget


@pytest.fixture
def tabs(browser: Browser) -> Iterator[tuple[Widget, BrowserContext]]:
    with widget_on(browser, "desktop") as found:
        yield found


def test_a_whole_conversation_goes_by_keyboard_alone(widget: Widget) -> None:
    page = widget.page
    page.goto(widget.host)
    widget.tab_to(widget.opener)
    page.keyboard.press("Enter")
    expect(widget.draft).to_be_focused()
    widget.looked_at("vide")
    page.keyboard.type("carte d'identité")
    page.keyboard.press("Shift+Enter")
    page.keyboard.press("Backspace")
    page.keyboard.press("Enter")
    expect(widget.answers).to_have_count(1)
    widget.looked_at("fiche")
    widget.tab_to(page.get_by_role("button", name="Délai"))
    page.keyboard.press("Enter")
    expect(widget.questions.last).to_contain_text("Délai")
    expect(widget.answers).to_have_count(2)
    expect(page.get_by_role("group", name="Réponses proposées")).to_have_count(0)
    expect(widget.draft).to_be_focused()
    worse = widget.answers.last.get_by_role("button", name="Réponse pas utile")
    page.keyboard.press("Shift+Tab")
    widget.page.locator(".log").focus()
    widget.tab_to(worse)
    page.keyboard.press("Space")
    expect(worse).to_have_attribute("aria-pressed", "true")
    reason = page.get_by_label("Il manque quelque chose")
    widget.tab_to(reason)
    page.keyboard.press("Space")
    widget.tab_to(page.get_by_label("Précisez si vous le souhaitez"))
    page.keyboard.type("Le prix manque.")
    widget.looked_at("motifs")
    widget.tab_to(page.locator(".why").get_by_role("button", name="Envoyer"))
    page.keyboard.press("Enter")
    expect(page.locator(".said")).to_contain_text("Merci")
    assert widget.server.opinions[-1] == {
        "id": 4,
        "rating": -1,
        "reasons": ["incomplet"],
        "comment": "Le prix manque.",
    }
    widget.tab_to(page.get_by_role("button", name="Préférences"))
    page.keyboard.press("Enter")
    widget.tab_to(page.get_by_label("Courtes"))
    page.keyboard.press("Space")
    expect(page.get_by_label("Courtes")).to_be_checked()
    widget.looked_at("preferences")
    page.keyboard.press("Escape")
    expect(page.locator("#menu")).to_be_hidden()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_be_hidden()
    expect(widget.opener).to_be_focused()
    assert widget.server.preferences == {"voice": False, "brief": True}


def test_each_kind_of_answer_is_clear_and_accessible(widget: Widget) -> None:
    widget.opened()
    page = widget.page
    widget.ask("carte d'identité")
    card = widget.answers.last.get_by_role("region", name="Fiche")
    expect(card.locator("blockquote li")).to_have_count(4)
    expect(card).to_contain_text("vérifiez la fiche en ligne avant d'agir")
    expect(card).to_contain_text("Mis à jour le 1er mars 2024")
    official = card.get_by_role("link", name=re.compile(r"Fiche officielle \(nouvelle fenêtre\)"))
    expect(official).to_have_attribute("rel", "noopener noreferrer")
    expect(official).to_have_attribute("target", "_blank")
    card.get_by_text("Autres fiches proches (2)").click()
    expect(card.get_by_role("link", name="Perte ou vol")).to_be_visible()
    widget.looked_at("fiche-entiere")
    widget.ask("logement")
    expect(widget.answers.last).to_contain_text("Fiches proposées")
    widget.looked_at("choix")
    widget.ask("mandat")
    mandat = widget.answers.last.get_by_role("region", name="Mandat M-2026-0042-K7")
    expect(mandat).to_contain_text("Papiers - Citoyenneté - Élections")
    expect(mandat).to_contain_text("1er décembre 2026")
    widget.looked_at("mandat")
    widget.ask("nouveau mandat")
    secure = page.get_by_role("link", name="Continuer sur la page sécurisée")
    expect(secure).to_have_attribute("href", "https://equipier.exemple.fr/s/secret")
    widget.looked_at("brouillon")
    widget.ask("trop", answers=0)
    expect(widget.questions.last).to_contain_text("Trop de messages")
    widget.looked_at("refuse")


def test_what_an_answer_holds_is_never_read_as_html(desk: Widget) -> None:
    desk.opened()
    desk.ask("piège")
    bubble = desk.answers.last.locator(".bubble")
    expect(bubble).to_contain_text("<img src=x onerror=alert(1)>")
    assert bubble.locator("img").count() == 0
    assert bubble.locator("a").evaluate_all("links => links.map((link) => link.href)") == [
        "https://example.org/?a=1&b=2"
    ]
    assert desk.wrong == []


def test_a_page_that_nobody_asks_for_help_on_asks_nothing_of_the_server(desk: Widget) -> None:
    desk.page.goto(desk.host)
    expect(desk.opener).to_be_visible()
    desk.page.wait_for_timeout(300)
    assert not [url for url in desk.asked if "socket.io" in url]
    desk.opener.click()
    desk.ask("bonjour")
    strangers = [url for url in desk.asked if not url.startswith(("http://127.0.0.1", "ws://127.0.0.1"))]
    assert strangers == []
    desk.page.reload()
    expect(desk.opener).to_be_visible()
    desk.opener.click()
    expect(desk.answers).to_have_count(1)


def test_messages_written_while_the_network_is_away_leave_in_order_when_it_is_back(
    tabs: tuple[Widget, BrowserContext],
) -> None:
    widget, context = tabs
    widget.opened()
    widget.ask("bonjour")
    context.set_offline(True)
    expect(widget.page.locator(".banner")).to_contain_text("Connexion perdue")
    for text in ("premier", "second"):
        widget.draft.fill(text)
        widget.draft.press("Enter")
    expect(widget.page.get_by_text("En attente d'envoi")).to_have_count(2)
    widget.looked_at("hors-ligne")
    context.set_offline(False)
    expect(widget.answers).to_have_count(3)
    expect(widget.page.locator(".banner")).to_have_count(0)
    expect(widget.page.get_by_text("En attente d'envoi")).to_have_count(0)
    assert list(widget.server.heard.values()) == ["bonjour", "premier", "second"]


def test_a_network_lost_in_the_middle_of_an_answer_loses_and_doubles_nothing(desk: Widget) -> None:
    desk.opened()
    desk.ask("bonjour")
    desk.server.mute = True
    desk.draft.fill("et maintenant ?")
    desk.draft.press("Enter")
    expect(desk.answers).to_have_count(2)
    expect(desk.page.locator("article.waiting, article.accepted")).to_have_count(0)
    expect(desk.questions).to_have_count(2)
    assert len(desk.server.heard) == 2
    assert len(desk.server.lines) == 4


def test_what_was_not_sent_survives_the_page(desk: Widget) -> None:
    desk.on_its_own_page()
    desk.ask("bonjour")
    desk.server.deaf = True
    desk.draft.fill("pas encore partie")
    desk.draft.press("Enter")
    expect(desk.questions).to_have_count(2)
    desk.draft.fill("à finir")
    desk.server.deaf = False
    desk.page.reload()
    expect(desk.answers).to_have_count(2)
    expect(desk.questions).to_have_count(2)
    expect(desk.draft).to_have_value("à finir")
    assert list(desk.server.heard.values()) == ["bonjour", "pas encore partie"]


def test_two_tabs_show_the_same_conversation(tabs: tuple[Widget, BrowserContext]) -> None:
    one, context = tabs
    one.opened()
    other = Widget(one.server, context.new_page(), one.size, one.host, one.own)
    other.on_its_own_page()
    one.ask("bonjour")
    expect(other.answers).to_have_count(1)
    expect(other.questions).to_have_count(1)
    other.ask("et ici ?")
    expect(one.answers).to_have_count(2)
    expect(one.questions).to_have_count(2)
    one.server.tell("line", one.server.add("in", "Envoyé du téléphone", channel="telegram"))
    for tab in (one, other):
        expect(tab.questions.last).to_contain_text("depuis Telegram")
        assert tab.wrong == []


def test_new_answers_are_announced_and_counted_old_ones_are_not(desk: Widget) -> None:
    desk.server.past(10)
    desk.opened()
    expect(desk.answers).to_have_count(5)
    news = desk.page.get_by_role("log")
    expect(news).to_have_attribute("aria-live", "polite")
    expect(news).to_be_empty()
    desk.ask("carte d'identité")
    expect(news).to_contain_text(re.compile(r"Équipier\s:.*Pièces à fournir.*Réponses proposées\s:.*Délai", re.DOTALL))
    assert "**" not in news.inner_text()
    assert "https://" not in news.inner_text()
    desk.page.get_by_role("button", name="Fermer la fenêtre d'aide").click()
    desk.server.tell("line", desk.server.add("out", "Le mandat prend fin demain."))
    desk.server.tell("line", desk.server.add("out", "Et un autre aussi."))
    expect(desk.page.get_by_role("button", name="2 nouveaux messages")).to_be_visible()
    expect(desk.page).to_have_title("(2) Commune de Saint-Exemple")
    desk.looked_at("non-lus")
    desk.opener.click()
    expect(desk.page).to_have_title("Commune de Saint-Exemple")
    expect(desk.answers.last).to_be_in_viewport()


def test_older_messages_come_on_request_and_what_is_read_does_not_move(widget: Widget) -> None:
    widget.server.past(120)
    widget.opened()
    expect(widget.page.locator("article")).to_have_count(50)
    expect(widget.page.get_by_text("Réponse ancienne 119.")).to_be_in_viewport()
    log = widget.page.locator(".log")
    log.evaluate("log => { log.scrollTop = 0 }")
    seen = widget.page.locator("#line-72")
    before = seen.bounding_box()
    widget.page.get_by_role("button", name="Messages plus anciens").click()
    expect(widget.page.locator("article")).to_have_count(100)
    after = seen.bounding_box()
    assert before
    assert after
    assert abs(before["y"] - after["y"]) < 60
    widget.looked_at("historique")
    widget.page.get_by_role("button", name="Messages plus anciens").click()
    expect(widget.page.locator("article")).to_have_count(120)
    expect(widget.page.get_by_role("button", name="Messages plus anciens")).to_have_count(0)
    expect(widget.page.locator(".date").last).to_have_text("Hier")
    assert widget.page.locator(".date").count() == 4
    expect(widget.questions.filter(has_text="depuis Telegram").first).to_be_attached()


def test_a_voice_message_is_recorded_sent_and_answered(widget: Widget) -> None:
    widget.opened()
    page = widget.page
    page.get_by_role("button", name="Dicter un message").click()
    stop = page.get_by_role("button", name="Arrêter et envoyer")
    expect(stop).to_be_focused()
    expect(page.locator(".timer")).to_contain_text("0:01")
    heard = re.compile(r"--level: (0\.(0[5-9]|[1-9])|1)")
    expect(page.locator("equipier-chat")).to_have_attribute("style", heard)
    widget.looked_at("enregistrement")
    stop.press("Enter")
    expect(widget.answers).to_have_count(1)
    expect(page.get_by_role("button", name="Dicter un message")).to_be_focused()
    (recording,) = widget.server.recordings
    assert recording.startswith((b"\x1aE\xdf\xa3", b"OggS"))  # WebM or Ogg
    page.get_by_role("button", name="Dicter un message").press("Enter")
    expect(page.get_by_role("button", name="Annuler")).to_be_visible()
    page.keyboard.press("Escape")
    expect(widget.draft).to_be_visible()
    expect(page.get_by_role("dialog")).to_be_visible()
    assert len(widget.server.recordings) == 1
    assert widget.wrong == []


def test_a_voice_message_ends_by_itself_after_two_minutes(desk: Widget) -> None:
    desk.page.clock.install()
    desk.opened()
    desk.page.get_by_role("button", name="Dicter un message").click()
    expect(desk.page.get_by_role("button", name="Arrêter et envoyer")).to_be_visible()
    desk.page.clock.fast_forward(111_000)
    expect(desk.page.locator(".notice")).to_have_text("Plus que 10 secondes.")
    desk.page.clock.fast_forward(10_000)
    expect(desk.page.get_by_role("button", name="Dicter un message")).to_be_visible()
    expect(desk.questions).to_have_count(1)


@pytest.mark.parametrize(
    ("error", "said"),
    [
        ("NotAllowedError", "Le micro n'est pas autorisé."),
        ("NotFoundError", "Aucun micro n'a été trouvé."),
        ("NotReadableError", "Le micro ne répond pas"),
    ],
)
def test_a_microphone_that_cannot_be_used_is_explained(desk: Widget, error: str, said: str) -> None:
    desk.page.add_init_script(
        f"navigator.mediaDevices.getUserMedia = () => Promise.reject(new DOMException('', '{error}'))"
    )
    desk.opened()
    desk.page.get_by_role("button", name="Dicter un message").click()
    expect(desk.page.get_by_role("status").filter(has_text=said)).to_be_attached()
    expect(desk.page.locator(".notice")).to_contain_text(said)
    desk.looked_at("micro-refuse")


def test_a_recording_that_is_refused_can_be_sent_again(desk: Widget) -> None:
    desk.opened()
    desk.ask("bonjour")
    desk.server.refusal = "Je n'ai rien entendu. Rapprochez-vous du micro."
    desk.page.get_by_role("button", name="Dicter un message").click()
    desk.page.get_by_role("button", name="Arrêter et envoyer").click()
    expect(desk.questions.last).to_contain_text("Je n'ai rien entendu")
    desk.server.refusal = None
    desk.page.get_by_role("button", name="Renvoyer").click()
    expect(desk.answers).to_have_count(2)
    assert len(desk.server.recordings) == 1


def test_answers_can_be_listened_to_one_by_one_or_as_they_come(desk: Widget) -> None:
    desk.opened()
    desk.ask("bonjour")
    with desk.page.expect_response("**/assistant/audio/*"):
        desk.page.get_by_role("button", name="Écouter").click()
    stop = desk.page.get_by_role("button", name="Arrêter")
    expect(stop).to_be_visible()
    assert desk.server.spoken == [2]
    stop.click()
    expect(stop).to_have_count(0)
    desk.page.get_by_role("button", name="Préférences").click()
    desk.page.get_by_label("Lues à voix haute").check()
    desk.page.get_by_role("button", name="Préférences").click()
    with desk.page.expect_response("**/assistant/audio/*"):
        desk.ask("encore")
    expect(desk.answers.last.get_by_role("button", name="Arrêter")).to_be_visible()
    assert desk.server.spoken == [2, 4]
    assert desk.wrong == []


def test_one_answer_can_be_copied_and_printed(tabs: tuple[Widget, BrowserContext]) -> None:
    widget, context = tabs
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    widget.opened()
    widget.ask("carte d'identité")
    widget.ask("bonjour")
    first = widget.answers.first
    first.get_by_role("button", name="Copier la réponse").click()
    expect(widget.page.locator(".notice")).to_have_text("Réponse copiée.")
    copied = widget.page.evaluate("navigator.clipboard.readText()")
    assert "Fiche officielle (https://www.service-public.gouv.fr/particuliers/vosdroits/F1341)" in copied
    assert "**" not in copied
    first.get_by_role("button", name="Imprimer la réponse").click()
    printed = widget.page.frames[-1]
    assert printed != widget.page.main_frame
    assert "Besoin d'aide" in printed.title()
    assert "Justificatif de domicile" in printed.locator("body").inner_text()
    assert "Réponse à « bonjour »" not in printed.locator("body").inner_text()
    assert printed.locator("blockquote").evaluate("quote => getComputedStyle(quote).borderLeftStyle") == "solid"
    assert widget.wrong == []


def test_on_paper_the_page_is_the_conversation_and_a_host_page_has_no_panel(desk: Widget) -> None:
    desk.on_its_own_page()
    desk.ask("carte d'identité")
    desk.page.emulate_media(media="print")
    expect(desk.draft).to_be_hidden()
    expect(desk.answers.first.get_by_role("button", name="Écouter")).to_be_hidden()
    expect(desk.answers.first.locator("blockquote")).to_be_visible()
    desk.page.goto(desk.host)
    expect(desk.opener).to_be_hidden()


def test_the_length_of_a_message_is_shown_when_it_nears_the_limit(desk: Widget) -> None:
    desk.opened()
    desk.draft.fill("a" * 399)
    expect(desk.page.locator("#count")).to_have_text("")
    desk.draft.fill("a" * 450)
    expect(desk.draft).to_have_accessible_description(re.compile("Encore 50 caractères"))
    desk.draft.fill("a" * 501)
    expect(desk.draft).to_have_accessible_description(re.compile("Message trop long de 1 caractères"))
    expect(desk.draft).to_have_attribute("aria-invalid", "true")
    desk.draft.press("Enter")
    expect(desk.page.locator(".notice")).to_contain_text("trop long")
    expect(desk.questions).to_have_count(0)
    desk.looked_at("trop-long")


def test_an_opinion_can_be_changed(desk: Widget) -> None:
    desk.opened()
    desk.ask("bonjour")
    desk.page.get_by_role("button", name="Réponse pas utile").click()
    desk.page.get_by_label("Ce n'est pas clair").check()
    desk.page.locator(".why").get_by_role("button", name="Envoyer").click()
    desk.page.get_by_role("button", name="Modifier mon avis").click()
    expect(desk.page.get_by_label("Ce n'est pas clair")).to_be_checked()
    better = desk.page.get_by_role("button", name="Réponse utile")
    better.click()
    expect(better).to_have_attribute("aria-pressed", "true")
    expect(desk.page.locator(".why")).to_have_count(0)
    assert [(one["rating"], one["reasons"]) for one in desk.server.opinions] == [
        (-1, []),
        (-1, ["pas_clair"]),
        (1, []),
    ]


def test_a_session_that_is_over_says_why_and_can_begin_again(widget: Widget) -> None:
    widget.opened()
    widget.ask("bonjour")
    widget.server.tell("ended", {"reason": "closed", "sentence": "Votre compte est fermé."})
    expect(widget.page.locator(".banner")).to_contain_text("Votre compte est fermé.")
    expect(widget.answers).to_have_count(0)
    widget.looked_at("terminee")
    widget.page.get_by_role("button", name="Recommencer").click()
    expect(widget.answers).to_have_count(1)


def test_a_refused_identity_is_said_not_hidden(desk: Widget) -> None:
    desk.server.refusal = "Cette conversation ne peut pas être reprise."
    desk.page.goto(desk.host)
    desk.opener.click()
    expect(desk.page.locator(".banner")).to_contain_text("Cette conversation ne peut pas être reprise.")
    desk.server.refusal = None
    desk.page.get_by_role("button", name="Recommencer").click()
    desk.ask("bonjour")


def test_whoever_is_signed_in_is_named_and_the_host_may_vouch_for_them(browser: Browser) -> None:
    with widget_on(browser, "desktop", 'data-jwt="jeton" data-position="left" data-accent="#ffcc00"') as (widget, _):
        widget.server.session = {"kind": "aidant", "name": "Maëlle Le Goff", "organisation": "CCAS de Brest"}
        widget.page.add_init_script("window.jeton = async () => 'aaa.bbb.ccc'")
        widget.opened()
        widget.page.get_by_role("button", name="Préférences").click()
        expect(widget.page.locator("#menu")).to_contain_text(
            "Vous êtes connecté(e)\u202f: Maëlle Le Goff, CCAS de Brest"
        )
        assert widget.server.auths[-1] == {"client": "equipier", "jwt": "aaa.bbb.ccc"}
        box = widget.page.get_by_role("dialog").bounding_box()
        assert box
        assert box["x"] < 100
        widget.looked_at("connectee")
        assert widget.page.evaluate("localStorage.length") == 0


@pytest.mark.parametrize(("width", "height"), [(320, 256), (320, 640), (640, 450)])
def test_zoomed_in_nothing_is_lost_and_nothing_scrolls_sideways(desk: Widget, width: int, height: int) -> None:
    desk.page.set_viewport_size({"width": width, "height": height})
    desk.opened()
    for text in ("carte d'identité", "logement", "nouveau mandat"):
        desk.ask(text)
    desk.page.get_by_role("button", name="Préférences").click()
    desk.page.get_by_label("Très grande").check()
    desk.looked_at(f"{width}x{height}-preferences")
    desk.page.get_by_role("button", name="Préférences").click()
    desk.page.get_by_role("button", name="Réponse pas utile").last.click()
    desk.looked_at(f"{width}x{height}")
    desk.page.get_by_role("button", name="Fermer", exact=True).click()
    desk.page.get_by_role("button", name="Dicter un message").click()
    desk.looked_at(f"{width}x{height}-enregistrement")


def test_forced_colours_and_still_pages_are_respected(desk: Widget) -> None:
    desk.page.emulate_media(forced_colors="active", reduced_motion="reduce")
    desk.opened()
    desk.server.slow = 1.0
    desk.draft.fill("carte d'identité")
    desk.draft.press("Enter")
    typing = desk.page.locator(".typing")
    expect(typing).to_be_visible()
    assert typing.locator("span").first.evaluate("dot => getComputedStyle(dot).animationName") == "none"
    expect(desk.page.get_by_role("status").filter(has_text="Équipier prépare sa réponse.")).to_be_attached()
    expect(desk.answers).to_have_count(1)
    desk.looked_at("couleurs-forcees")
    assert violations(desk.page) == []


def test_on_a_page_of_its_own_it_takes_its_place(widget: Widget) -> None:
    widget.on_its_own_page()
    widget.looked_at("page-vide")
    widget.page.get_by_role("button", name=re.compile("carte d'identité")).click()
    expect(widget.answers).to_have_count(1)
    widget.ask("carte d'identité")
    widget.looked_at("page")


def test_a_page_chooses_the_words_and_may_open_the_panel_without_taking_the_focus(browser: Browser) -> None:
    words = """data-open data-greeting="Bienvenue à la mairie." data-suggestions='["Mon passeport ?"]'"""
    with widget_on(browser, "desktop", words) as (widget, _):
        widget.page.goto(widget.host)
        expect(widget.page.get_by_role("dialog", name="Besoin d'aide")).to_be_visible()
        expect(widget.page.get_by_text("Bienvenue à la mairie.")).to_be_visible()
        assert widget.page.evaluate("document.activeElement === document.body")
        widget.page.get_by_role("button", name="Mon passeport").click()
        expect(widget.answers).to_have_count(1)
        assert list(widget.server.heard.values()) == ["Mon passeport ?"]
