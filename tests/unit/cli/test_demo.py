"""`equipier demo` on a base of its own, and the invitation of the first admin."""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyotp
import pytest
import typer
from typer.testing import CliRunner, Result

from bot.bootstrap import MandatServices, mandats_services
from bot.cli import demo
from bot.cli.demo import CommandRefused
from bot.clock import SystemClock
from bot.conversations.feedback import REASONS
from bot.demo.calls import CALLS, CANNED
from bot.demo.chat import Invented
from bot.demo.fill import Filled, SetBack, fill, new_password
from bot.demo.story import CLAIRE, IDRISS, MEMBERS, NADIA, ORGANISATION, SIGNED
from bot.demo.talk import EXPIRED, PENSION, TALKS
from bot.gateway.desk.mandat import wrong_note
from bot.handover.canned import CannedReplies
from bot.handover.helpdesk import HelpDesk
from bot.journal.actions import Action
from bot.mandats.rules import Status
from bot.mandats.views import Actor
from bot.privacy.envelope import KeyRing
from bot.settings import get_settings
from bot.setup import steps
from bot.storage.migrate import upgrade
from bot.supervision.corrections import Corrections
from bot.supervision.figures import Dashboards
from bot.supervision.models import EpisodeNote, EpisodeTag
from bot.supervision.queries import Conversations
from bot.supervision.views import Filter, Progress, State

application = typer.Typer()
application.command()(demo.demo)


def settle(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    """The settings of a base in *folder*, with keys of its own."""
    monkeypatch.setenv("EQUIPIER_VAR_DIR", str(folder))
    monkeypatch.setenv("EQUIPIER_DATABASE_URL", "")
    monkeypatch.setenv("EQUIPIER_PUBLIC_URL", "https://equipier.example/")
    for name in ("MASTER_KEYS", "SEAL_KEYS", "INDEX_KEY", "CHECKPOINT_KEY", "SESSION_KEY"):
        monkeypatch.setenv(f"EQUIPIER_{name}", KeyRing.new("t1"))
    monkeypatch.setenv("EQUIPIER_VAULT_KEY", "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=")
    get_settings.cache_clear()


@pytest.fixture(autouse=True)
def _own_base(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    settle(monkeypatch, tmp_path / "var")
    yield
    get_settings.cache_clear()


@pytest.fixture
def services() -> Iterator[MandatServices]:
    services = mandats_services(get_settings())
    upgrade(services.database)
    yield services
    services.close()


@dataclass(frozen=True)
class Stopped:
    """A clock that shows one instant."""

    instant: datetime

    def now(self) -> datetime:
        return self.instant


def filled_at(services: MandatServices, instant: datetime) -> Filled:
    clock = SetBack(Stopped(instant))
    return fill(mandats_services(get_settings(), clock=clock, database=services.database), clock)


def person(services: MandatServices, place: int) -> str:
    return services.aidants.by_email(MEMBERS[place].email).id


def equipier(*arguments: str) -> Result:
    return CliRunner().invoke(application, arguments)


def test_the_demonstration_holds_mandates_in_every_state(services: MandatServices) -> None:
    clock = SetBack(SystemClock())
    filled = fill(mandats_services(get_settings(), clock=clock, database=services.database), clock)
    (organisation,) = services.aidants.organisations()
    assert (organisation.name, filled.organisation) == (ORGANISATION, ORGANISATION)
    assert [one.aidant.enrolled for one in services.aidants.people(organisation.id)] == [True] * len(MEMBERS)
    actor = Actor(services.aidants.by_email(MEMBERS[0].email).id, organisation.id)
    mandats = services.register.mandats(actor, everything=True)
    assert filled.mandats == len(mandats) == len(SIGNED) + 2
    assert {one.status for one in mandats} == set(Status)
    active = [one for one in mandats if one.status is Status.ACTIVE]
    assert [one for one in active if 1 < one.days_left <= 30]
    assert [one for one in active if one.days_left > 30]
    assert len([one for one in mandats if one.renews]) == 2
    assert [one for one in active if len(one.open_demarches) < len(one.scopes)]
    assert len({one.usager for one in mandats}) == 12
    assert all(6 <= one.sealed_at.hour < 15 for one in mandats if one.sealed_at.date() < SystemClock().now().date())


def test_its_journal_holds_and_follows_the_calendar(services: MandatServices) -> None:
    clock = SetBack(SystemClock())
    fill(mandats_services(get_settings(), clock=clock, database=services.database), clock)
    (organisation,) = services.aidants.organisations()
    assert services.journal.verify(organisation.id).broken is None
    entries = services.journal.entries(organisation.id)[::-1]
    instants = [one.at for one in entries]
    assert instants == sorted(instants)
    assert instants[-1] <= SystemClock().now()
    assert (instants[-1] - instants[0]).days > 365
    assert {Action.USE_AUTORISATION, Action.CANCEL_MANDAT, Action.INIT_RENEW_MANDAT} <= {one.action for one in entries}


WEDNESDAY_AFTERNOON = datetime(2026, 11, 25, 14, 20, tzinfo=UTC)
MONDAY_MORNING = datetime(2026, 11, 23, 8, 3, tzinfo=UTC)
SUNDAY = datetime(2026, 3, 29, 10, 0, tzinfo=UTC)
AFTER_MIDNIGHT = datetime(2026, 7, 14, 22, 10, tzinfo=UTC)


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[MandatServices, Filled]]:
    """The demonstration, put in once; its tests only read it."""
    with pytest.MonkeyPatch.context() as monkeypatch:
        settle(monkeypatch, tmp_path_factory.mktemp("story"))
        services = mandats_services(get_settings())
        upgrade(services.database)
        filled = filled_at(services, WEDNESDAY_AFTERNOON)
    yield services, filled
    services.close()


def test_the_supervisor_has_four_weeks_of_conversations_to_read(story: tuple[MandatServices, Filled]) -> None:
    services, filled = story
    conversations, claire = Conversations(services.database), person(services, CLAIRE)
    rows = conversations.page(claire, Filter(), limit=100).rows
    assert filled.conversations == len(rows) == len(TALKS) + len(CALLS)
    assert {row.channel for row in rows} == {"web", "telegram", "rest"}
    assert {row.aidant_name for row in rows} == {one.name for one in MEMBERS[:NADIA]}
    assert all(row.turns for row in rows)
    assert WEDNESDAY_AFTERNOON - min(row.first_at for row in rows) < timedelta(days=28)
    for wanted in (
        Filter(fallback=True),
        Filter(abstained=True),
        Filter(rating=1),
        Filter(rating=-1),
        Filter(flagged=True),
        Filter(intent="faq_mandat/duree"),
        Filter(text="réversion"),
    ):
        assert conversations.count(claire, wanted), wanted
    assert conversations.count(claire, Filter(handover=True)) == len(CALLS)
    assert Counter(row.state for row in rows)[State.REVU] == 9


def test_the_review_has_begun(story: tuple[MandatServices, Filled]) -> None:
    services, _ = story
    clock = Stopped(WEDNESDAY_AFTERNOON)
    corrections = Corrections(
        services.database, services.journal, clock, intents=tuple, fiche_exists=lambda _: True
    ).list(person(services, CLAIRE))
    assert {one.text: one.progress for one in corrections} == {
        EXPIRED.text: Progress.PROPOSED,
        PENSION.text: Progress.VALIDATED,
    }
    with services.database.unit_of_work() as session:
        assert session.query(EpisodeTag).count() == 3
        assert session.query(EpisodeNote).count() == 1


def test_the_dashboard_has_figures(story: tuple[MandatServices, Filled]) -> None:
    services, _ = story
    (organisation,) = services.aidants.organisations()
    dashboards = Dashboards(services.database, Stopped(WEDNESDAY_AFTERNOON))
    figures = dashboards.figures(dashboards.last(30), organisation.id)
    assert figures.activity.conversations == len(TALKS) + len(CALLS)
    assert figures.activity.answering.count
    assert (figures.activity.fallbacks.count, figures.activity.abstentions.count) == (len(CALLS) + 2, 1)
    assert figures.answers.liked.count
    assert figures.answers.asked
    assert figures.handovers.asked == len(CALLS)
    assert figures.handovers.first_reply.count == 2
    assert figures.mandats.active
    assert dashboards.understanding(dashboards.last(30), organisation.id).count == 2


def test_the_help_desk_has_requests_in_every_state(story: tuple[MandatServices, Filled]) -> None:
    services, filled = story
    clock = Stopped(WEDNESDAY_AFTERNOON)
    desk = HelpDesk(services.database, services.journal, clock, pseudonymiser=Invented())
    nadia = desk.agent(person(services, NADIA))
    assert nadia is not None
    waiting, mine, closed = (desk.listed(nadia, tab) for tab in ("attente", "miennes", "closes"))
    assert filled.requests == len(waiting) + len(mine) == 3
    assert {one.person: one.ticket for one in waiting} == {MEMBERS[IDRISS].name: False, MEMBERS[CLAIRE].name: True}
    assert [one.closed_at is None and one.first_reply_after for one in mine] == [timedelta(minutes=9)]
    assert [one.first_reply_after for one in closed] == [timedelta(minutes=11)]
    assert not desk.thread(mine[0]).waiting
    canned = CannedReplies(services.database, clock, detector=Invented())
    assert {one.title for one in canned.listed(nadia)} == {title for title, _ in CANNED}
    # Supervisors answer too: the account that is shown has the inbox.
    claire = desk.agent(person(services, CLAIRE))
    assert claire is not None
    assert desk.listed(claire, "attente") == waiting


@pytest.mark.parametrize("instant", [MONDAY_MORNING, SUNDAY, AFTER_MIDNIGHT])
def test_it_can_be_put_in_at_any_hour(services: MandatServices, instant: datetime) -> None:
    filled = filled_at(services, instant)
    assert (filled.conversations, filled.requests) == (len(TALKS) + len(CALLS), 3)
    rows = Conversations(services.database).page(person(services, CLAIRE), Filter(), limit=100).rows
    assert max(row.last_at for row in rows) <= instant
    (organisation,) = services.aidants.organisations()
    entries = services.journal.entries(organisation.id)[::-1]
    assert [one.at for one in entries] == sorted(one.at for one in entries)


def test_it_says_the_same_each_time(services: MandatServices, story: tuple[MandatServices, Filled]) -> None:
    def told(over: MandatServices) -> list[tuple[object, ...]]:
        rows = Conversations(over.database).page(person(over, CLAIRE), Filter(), limit=100).rows
        return [(row.first_at, row.last_at, row.excerpt, row.channel, row.turns, row.state) for row in rows]

    filled_at(services, WEDNESDAY_AFTERNOON)
    assert told(services) == told(story[0])


def test_what_it_tells_stays_within_what_people_may_say() -> None:
    said = [one for talk in TALKS for one in talk.said]
    assert {reason for one in said for reason in one.reasons} <= set(REASONS)
    assert all(one.comment == "" or one.rating == -1 for one in said)
    assert max(talk.day for talk in TALKS) <= 18  # working days: four weeks, public holidays included


def test_what_is_shown_opens_the_account(services: MandatServices) -> None:
    result = equipier()
    assert result.exit_code == 0, result.output
    shown = dict(re.findall(r"^(\S[^\n]*?)  +(\S.*)$", result.output, flags=re.MULTILINE))
    assert shown["Page de connexion"] == "https://equipier.example/connexion"
    totp = shown["Clé des codes"].replace(" ", "")
    assert re.fullmatch(r"\d{6}", shown["Code du moment"])
    view = services.aidants.sign_in(shown["Adresse"], shown["Mot de passe"], pyotp.TOTP(totp).now())
    assert view.name == "Claire Morvan"
    assert shown["Conversations"] == "https://equipier.example/supervision/conversations"
    assert shown["Demandes d'aide"] == "https://equipier.example/aide"
    assert f"{len(TALKS) + len(CALLS)} conversations" in result.output
    assert f"{len(MEMBERS)} personnes" in result.output
    assert "3 demandes d'aide en cours" in result.output


def test_it_is_never_put_in_twice() -> None:
    assert equipier().exit_code == 0
    for again in (equipier(), equipier("--force")):
        assert isinstance(again.exception, CommandRefused)
        assert "déjà" in str(again.exception)


def test_real_structures_keep_it_out_unless_it_is_forced(services: MandatServices) -> None:
    services.aidants.create_organisation("CCAS de Lens")
    refused = equipier()
    assert isinstance(refused.exception, CommandRefused)
    assert "--force" in refused.exception.hint
    assert len(services.aidants.organisations()) == 1
    assert equipier("--force").exit_code == 0
    assert len(services.aidants.organisations()) == 2


def test_passwords_are_never_the_same() -> None:
    made = {new_password() for _ in range(50)}
    assert len(made) == 50
    assert all(re.fullmatch(r"(\w{4}-){3}\w{4}", one) for one in made)


def test_its_notes_name_nobody() -> None:
    assert not [note for one in SIGNED for _, _, note in one.uses if wrong_note(note, one.usager)]


def test_the_first_admin_is_invited_once(services: MandatServices) -> None:
    said = steps.admin_step(get_settings())
    link = re.search(r"https://equipier\.example/inscription/([\w-]+)", said)
    assert link is not None
    invited = services.aidants.enrolment(link[1])
    assert (invited.email, invited.admin) == ("admin@equipier.invalid", True)
    again = steps.admin_step(get_settings())
    assert "inscription en attente" in again
    assert "inscription/" not in again


def test_an_admin_who_enrolled_is_left_alone(services: MandatServices) -> None:
    link = re.search(r"inscription/([\w-]+)", steps.admin_step(get_settings()))
    assert link is not None
    totp = pyotp.random_base32()
    services.aidants.enrol(link[1], "trombone lavande pivert", totp, pyotp.TOTP(totp).now())
    assert steps.admin_step(get_settings()) == "en place"


def test_the_address_of_the_first_admin_is_a_setting(services: MandatServices, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EQUIPIER_ADMIN_EMAIL", "Direction@exemple.fr")
    get_settings.cache_clear()
    steps.admin_step(get_settings())
    assert services.aidants.by_email("direction@exemple.fr").admin
