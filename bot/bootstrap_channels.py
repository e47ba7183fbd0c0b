"""Composition root, second part: conversations, and the channels on which they are held."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial

import httpx

from bot.aidants.linking import ChatLinking
from bot.bootstrap import MandatServices, handovers_of
from bot.channels.rest import RestChannel
from bot.channels.telegram.api import make_bot
from bot.channels.telegram.channel import TelegramChannel
from bot.channels.telegram.poller import Poller
from bot.channels.telegram.services import CHANNEL as TELEGRAM
from bot.channels.telegram.services import TelegramServices
from bot.channels.telegram.wire import make_request
from bot.channels.web.channel import WebChannel
from bot.channels.web.claims import HostTokens
from bot.channels.web.late import LateReplies
from bot.channels.web.manager import SharedRooms
from bot.channels.web.origins import Origins, origins_of
from bot.channels.web.services import WebServices
from bot.clock import Clock
from bot.conversations.cipher import FernetCipher
from bot.conversations.deliveries import Deliveries
from bot.conversations.doorstep import Doorstep, HidesPersonalData
from bot.conversations.engine import Engine
from bot.conversations.feedback import Feedback
from bot.conversations.history import History
from bot.conversations.kept import KeptMessages
from bot.conversations.limits import MESSAGES_A_MINUTE, MINUTE, MakesLimiters, in_memory
from bot.conversations.outbox import AcknowledgedOutbox
from bot.conversations.places import Places
from bot.conversations.preferences import PreferenceHearing, PreferenceStore
from bot.conversations.router import Router
from bot.conversations.store import ConversationStore
from bot.privacy.envelope import KeyRing
from bot.settings import Settings
from bot.shared.redis import SharedMemory
from bot.shared.turns import SharedTurns
from bot.voice.client import VoiceClient

_DRAIN = 2.0  # seconds for what is being answered when the gateway stops, after the four of its server
_ANYWHERE = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}  # noqa: S104  read, not bound


@dataclass(frozen=True, slots=True)
class Channels:
    """Every channel, over the same conversations.

    Attributes:
        telegram: ``None`` when there is no bot.
        drain: ends what is being answered.
    """

    rest: RestChannel
    web: WebChannel
    telegram: TelegramChannel | None
    drain: Callable[[], Awaitable[None]]


def channels_of(
    settings: Settings,
    mandats: MandatServices,
    *,
    clock: Clock,
    pseudonymiser: HidesPersonalData,
    engine: Engine,
    http: httpx.AsyncClient,
    limiters: MakesLimiters = in_memory,
    shared: SharedMemory | None = None,
) -> Channels:
    """The channels of the gateway, over the database of *mandats*.

    Args:
        limiters: makes what counts messages, connections, events.
        shared: what several gateways share; ``None`` when there is one.

    Raises:
        SettingsError: a key is missing or wrong.
    """
    database, cipher = mandats.database, FernetCipher(settings.vault_key)
    places, store, preferences = Places(database, cipher=cipher), ConversationStore(database), PreferenceStore(database)
    feedback = Feedback(database, pseudonymiser=pseudonymiser)
    voice = VoiceClient(http, url=settings.voice_url)
    router = Router(
        places=places,
        store=store,
        doorstep=Doorstep(
            store=store,
            pseudonymiser=pseudonymiser,
            max_chars=settings.message_max_chars,
            vault=mandats.vault,
            linking=ChatLinking(mandats.aidants, places),
            preferences=PreferenceHearing(preferences),
        ),
        kept=KeptMessages(database, cipher=cipher),
        engine=engine,
        limiter=limiters("messages", limit=MESSAGES_A_MINUTE, window=MINUTE),
        clock=clock,
        preferences=preferences,
        humans=handovers_of(settings, mandats, clock=clock),
        pushed=(TELEGRAM,),
        turns=SharedTurns(shared) if shared is not None else None,
    )
    web = WebServices(
        router=router,
        places=places,
        history=History(database),
        feedback=feedback,
        preferences=preferences,
        accounts=mandats.aidants,
        late=LateReplies(database).among,
        keys=KeyRing.parse(settings.session_key, setting="EQUIPIER_SESSION_KEY"),
        clock=clock,
        origins=Origins(settings.public_url, guests=origins_of(settings.widget_origins)),
        public_url=settings.public_url,
        max_chars=settings.message_max_chars,
        hosts=_host_tokens(settings, clock),
        voice=voice,
        limiters=limiters,
    )
    manager = SharedRooms(settings.redis_url, shared) if shared is not None else None
    telegram = None
    if token := settings.telegram_token.get_secret_value():
        telegram = TelegramChannel(
            TelegramServices(
                bot=make_bot(token, api_url=settings.telegram_api_url),
                router=router,
                places=places,
                deliveries=Deliveries(database, cipher=cipher),
                feedback=feedback,
                preferences=preferences,
                voice=voice,
                clock=clock,
                key=settings.vault_key,
                secret=settings.telegram_secret,
                mode=settings.telegram_mode,
                public_url=settings.public_url,
                unknown=settings.telegram_unknown,
            )
        )
    outbox = AcknowledgedOutbox(database, places, clock=clock)
    rest = RestChannel(router, token=settings.rest_token, key=settings.vault_key, outbox=outbox)
    return Channels(rest, WebChannel(web, manager=manager), telegram, partial(router.drain, within=_DRAIN))


def telegram_poller(settings: Settings, *, alive: Callable[[], None]) -> tuple[Poller, Callable[[], Awaitable[None]]]:
    """What fetches the messages of Telegram and hands them to the gateway, and what to call after it."""
    client = httpx.AsyncClient(trust_env=False)
    host = _ANYWHERE.get(settings.gateway_host, settings.gateway_host)
    poller = Poller(
        make_request(settings.telegram_api_url),
        client,
        api_url=settings.telegram_api_url,
        token=settings.telegram_token,
        gateway=f"http://{host}:{settings.gateway_port}",
        secret=settings.telegram_secret,
        alive=alive,
    )
    return poller, client.aclose


def _host_tokens(settings: Settings, clock: Clock) -> HostTokens | None:
    """What recognises the aidants of a host site; ``None`` when no site vouches for any."""
    if not settings.widget_jwt_key.get_secret_value():
        return None
    return HostTokens(
        settings.widget_jwt_key, issuer=settings.widget_jwt_issuer, public_url=settings.public_url, clock=clock
    )
