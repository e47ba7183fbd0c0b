"""A help desk in an office, with requests and canned replies, for the tests that ask every address."""

from dataclasses import replace

from bot.conversations.places import Places
from bot.conversations.store import ConversationStore
from bot.fiches.store import FicheStore
from bot.gateway.desk.helpdesk.services import HelpDeskServices
from bot.handover.asking import Handovers
from bot.handover.canned import CannedReplies
from bot.handover.fiches import FicheFinder
from bot.handover.helpdesk import HelpDesk
from bot.handover.hours import Hours
from bot.handover.views import Reason
from tests.unit.gateway.office import Office
from tests.unit.handover.front import Masks


def put(office: Office) -> None:
    """From now on *office* has a help desk."""
    house, desk = office.site.house, office.site.services.desk
    assert desk is not None
    services = HelpDeskServices(
        requests=HelpDesk(house.database, house.journal, house.clock, pseudonymiser=Masks()),
        canned=CannedReplies(house.database, house.clock, detector=Masks()),
        fiches=FicheFinder(FicheStore(house.database)),
    )
    office.site.services = replace(office.site.services, desk=replace(desk, helpdesk=services))


def a_request(office: Office) -> str:
    """The id of a new request of the aidant, who works in the first structure."""
    house = office.site.house
    now = house.clock.now()
    visit = f"page-{now.isoformat()}"
    place = Places(house.database).open("web", visit, now=now)
    house.aidants.link_conversation(place.conversation, house.aidants.conversation_code(office.aidant.id))
    ConversationStore(house.database).log_incoming(
        place.conversation, "je veux parler à quelqu'un", custom=None, channel="web", now=now
    )
    house.clock.advance(seconds=1)
    Handovers(house.database, house.journal, house.clock, hours=Hours.parse("toujours")).ask(
        place.conversation, Reason.ASKED
    )
    requests = _services(office).requests
    return str(requests.listed(requests.agent(office.supervisor.id), "attente")[-1].id)


def a_canned_reply(office: Office) -> str:
    """The id of a new reply of the first structure."""
    services = _services(office)
    agent = services.requests.agent(office.supervisor.id)
    return str(services.canned.add(agent, office.home, "Bonjour", "Bonjour, je regarde."))


def _services(office: Office) -> HelpDeskServices:
    desk = office.site.services.desk
    assert desk is not None
    assert desk.helpdesk is not None
    return desk.helpdesk
