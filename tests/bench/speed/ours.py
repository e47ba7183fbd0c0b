"""Our assistant as `equipier run` starts it, in an installation of its own, and the traffic of a working day."""

import os
import random
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache, partial
from pathlib import Path
from tempfile import TemporaryDirectory

from bot.evaluation.files import GuidanceItem, IntentItem, TopicItem, read_items
from bot.settings import get_settings, load_settings
from bot.setup.processes import NAMES, process_spec
from bot.setup.readiness import is_ready
from bot.storage.engine import Database
from bot.storage.migrate import upgrade
from tests.bench.speed.load import Replies, Target
from tests.bench.speed.processes import Command, Started, copied_base, free_port, started

EVAL = Path(__file__).resolve().parents[2] / "eval"
TOKEN = "jeton-de-mesure"
_FOLLOW_UPS = ("et ça coûte combien ?", "il faut quels papiers ?", "ça prend combien de temps ?", "on s'adresse où ?")
_MANDATS = ("mes mandats en cours", "est-ce que le mandat 2026-0001 est encore valable ?", "où en sont mes mandats ?")
_CHAT = ("bonjour", "merci beaucoup", "d'accord", "tu sais faire quoi ?", "au revoir")


@contextmanager
def our_stack(built: Path | None = None) -> Iterator[tuple[Started, Target, str, str]]:
    """All the processes of one machine but the voice.

    With them, the gateway's REST channel, the address of Rasa, and that of the database.
    """
    with TemporaryDirectory(prefix="equipier-bench-") as folder:
        var = Path(folder) / "var"
        copied_base(built or get_settings().var_dir, var, ("index", "models", "static"))
        values = {
            "VAR_DIR": str(var),
            "REST_TOKEN": TOKEN,
            "RASA_URL": f"http://127.0.0.1:{free_port()}",
            "ACTIONS_URL": f"http://127.0.0.1:{free_port()}",
            "GATEWAY_PORT": str(free_port()),
            **_keys(),
        }
        environment = dict(os.environ) | {f"EQUIPIER_{name}": value for name, value in values.items()}
        before = dict(os.environ)
        os.environ.update(environment)
        try:
            settings = load_settings()
        finally:
            os.environ.clear()
            os.environ.update(before)
        database = Database.at(settings.sqlalchemy_url)
        upgrade(database)
        database.close()
        specs = [process_spec(name, settings, base=environment) for name in NAMES]
        commands = [
            Command(spec.name, spec.argv, spec.folder, spec.environment, partial(is_ready, spec)) for spec in specs
        ]
        target = Target(
            f"http://127.0.0.1:{settings.gateway_port}/webhooks/rest/webhook", {"Authorization": f"Bearer {TOKEN}"}
        )
        with started(commands, Path(folder) / "log") as running:
            yield running, target, settings.rasa_url, settings.sqlalchemy_url


def _keys() -> dict[str, str]:
    settings = get_settings()
    names = ("vault_key", "master_keys", "seal_keys", "index_key", "checkpoint_key", "session_key")
    return {name.upper(): getattr(settings, name).get_secret_value() for name in names}


@lru_cache(maxsize=1)
def _texts() -> tuple[Sequence[str], Sequence[str], Sequence[str]]:
    return (
        [item.text for item in read_items(EVAL / "guidance.dev.jsonl", GuidanceItem)],
        [item.text for item in read_items(EVAL / "faq.dev.jsonl", TopicItem)],
        [item.text for item in read_items(EVAL / "intents.dev.jsonl", IntentItem)],
    )


def talk(number: int) -> Iterator[str]:
    """A conversation: hello, a question, a follow-up, a button, another question, about mandates, anything, thanks."""
    chance = random.Random(number)
    guidance, faq, anything = _texts()
    replies: Replies = yield _CHAT[0]
    replies = yield chance.choice(guidance)
    replies = yield _button(replies, chance) or chance.choice(_FOLLOW_UPS)
    replies = yield chance.choice(_FOLLOW_UPS)
    replies = yield chance.choice(guidance)
    replies = yield _button(replies, chance) or chance.choice(_FOLLOW_UPS)
    replies = yield chance.choice(faq)
    replies = yield chance.choice(anything)
    replies = yield chance.choice(_MANDATS)
    replies = yield chance.choice(guidance)
    yield chance.choice(_CHAT[1:])


def _button(replies: Replies, chance: random.Random) -> str | None:
    """One of the buttons of the last answer, pressed; ``None`` when it had none."""
    buttons = [button["payload"] for reply in replies for button in reply.get("buttons") or ()]
    return chance.choice(buttons) if buttons else None
