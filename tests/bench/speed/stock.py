"""The assistant that `rasa init` makes, as its users run it: what ours is compared with.

Its domain, its data, its pipeline and its policies are untouched but for one custom action, the template's
``action_hello_world``, which answers « are you a bot? » after the usual sentence, so that an action server takes part.
"""

import os
import random
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from bot.setup.rasa import NLU
from tests.bench.speed.load import Replies, Target
from tests.bench.speed.processes import Command, Started, answers, free_port, started

_PYTHON = str(NLU / ".venv" / "bin" / "python")
_ACTION = """from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.executor import CollectingDispatcher


class ActionHelloWorld(Action):
    def name(self) -> str:
        return "action_hello_world"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[dict[str, Any]]:
        dispatcher.utter_message(text="Hello World!")
        return []
"""


def make(folder: Path) -> float:
    """Makes the project under *folder* and trains it; seconds that the training took.

    Raises:
        subprocess.CalledProcessError: it failed; the log is ``train.log``.
    """
    scaffold = "import sys; from rasa.cli.scaffold import create_initial_project as c; c(sys.argv[1])"
    folder.mkdir(parents=True, exist_ok=True)
    subprocess.run([_PYTHON, "-W", "ignore", "-c", scaffold, str(folder)], env=_environment(), check=True)
    (folder / "actions" / "actions.py").write_text(_ACTION, encoding="utf-8")
    _insert(folder / "domain.yml", before="session_config:", text="actions:\n  - action_hello_world\n\n")
    rules = folder / "data" / "rules.yml"
    rules.write_text(
        rules.read_text(encoding="utf-8").replace(
            "- action: utter_iamabot", "- action: utter_iamabot\n  - action: action_hello_world"
        ),
        encoding="utf-8",
    )
    begun = time.perf_counter()
    with (folder / "train.log").open("wb") as log:
        subprocess.run(
            [_PYTHON, "-W", "ignore", "-m", "rasa", "train"],
            cwd=folder,
            env=_environment(),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            check=True,
        )
    return time.perf_counter() - begun


@contextmanager
def stock_stack(folder: Path) -> Iterator[tuple[Started, Target, str]]:
    """`rasa run` and its action server over the project in *folder*; with its REST channel and its address."""
    rasa, actions = free_port(), free_port()
    url = f"http://127.0.0.1:{rasa}"
    (folder / "endpoints.yml").write_text(
        f"action_endpoint:\n  url: http://127.0.0.1:{actions}/webhook\n", encoding="utf-8"
    )
    arguments = ("--enable-api", "--interface", "127.0.0.1", "--port", str(rasa))
    commands = (
        Command(
            "stock-rasa",
            (_PYTHON, "-W", "ignore", "-m", "rasa", "run", *arguments),
            folder,
            _environment(),
            partial(answers, f"{url}/status"),
        ),
        Command(
            "stock-actions",
            (_PYTHON, "-W", "ignore", "-m", "rasa_sdk", "--actions", "actions", "--port", str(actions)),
            folder,
            _environment(),
            partial(answers, f"http://127.0.0.1:{actions}/health"),
        ),
    )
    with started(commands, folder / "log") as running:
        yield running, Target(f"{url}/webhooks/rest/webhook", {}), url


def talk(number: int) -> Iterator[str]:
    """A conversation of its domain: hello, a mood, what it asks, whether it is a bot, goodbye."""
    chance = random.Random(number)
    replies: Replies = yield chance.choice(("hello", "hey there", "good morning"))
    if chance.random() < 0.5:
        replies = yield chance.choice(("I am feeling very good", "great", "wonderful"))
    else:
        replies = yield chance.choice(("I'm so sad", "not very good", "extremely sad"))
        replies = yield chance.choice(("yes", "no", "not really"))
    replies = yield chance.choice(("are you a bot?", "am I talking to a human?"))
    assert replies is not None
    yield chance.choice(("bye", "see you around", "goodbye"))


def talk_of_actions(number: int) -> Iterator[str]:
    """A conversation of as many turns in which each message calls the action, as each of ours calls one."""
    chance = random.Random(number)
    for _ in range(4):
        yield chance.choice(("are you a bot?", "am I talking to a human?", "are you a human?"))


def _environment() -> Mapping[str, str]:
    """What a shell gives, without our settings: nothing is tuned."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("EQUIPIER_", "OMP_"))}
    for name in ("VIRTUAL_ENV", "PYTHONPATH", "PYTHONHOME"):
        kept.pop(name, None)
    return kept | {"RASA_TELEMETRY_ENABLED": "false", "SQLALCHEMY_SILENCE_UBER_WARNING": "1"}


def _insert(path: Path, *, before: str, text: str) -> None:
    content = path.read_text(encoding="utf-8")
    path.write_text(content.replace(before, text + before), encoding="utf-8")
