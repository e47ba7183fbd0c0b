"""Rasa's agent, without what costs more than it gives in a process that only serves.

The dialogue is Rasa's: its graph, its policies, its events. What differs: the graph is a list of calls, slots that no
mapping can fill are not looked for, copies made for a debug log are not made, calls to actions keep their connections,
and an action that fails is the failure of its message, which the gateway keeps and sends again, rather than a message
written down without an answer.
"""

# ruff: noqa: ARG004  the signatures are not ours

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from rasa.core.actions.action import Action, ActionExecutionRejection, RemoteAction
from rasa.core.agent import Agent
from rasa.core.channels.channel import OutputChannel, UserMessage
from rasa.core.nlg import NaturalLanguageGenerator, TemplatedNaturalLanguageGenerator
from rasa.core.policies.policy import PolicyPrediction
from rasa.core.processor import MessageProcessor
from rasa.engine.loader import load_predict_graph_runner
from rasa.engine.runner.interface import GraphRunner
from rasa.engine.storage.local_model_storage import LocalModelStorage
from rasa.engine.storage.storage import ModelMetadata
from rasa.shared.core.constants import ACTION_VALIDATE_SLOT_MAPPINGS
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import ActionExecutionRejected, Event
from rasa.shared.core.trackers import DialogueStateTracker

from serving.calls import RemoteCall
from serving.graph import StraightRunner

_FIRST = "Quels papiers pour une carte d'identité ?"


class ServingProcessor(MessageProcessor):
    """Handles the messages of one model."""

    @staticmethod
    def _load_model(model_path: str | Path) -> tuple[str, ModelMetadata, GraphRunner]:
        archive = Path(model_path)
        with TemporaryDirectory() as folder:
            metadata, runner = load_predict_graph_runner(Path(folder), archive, LocalModelStorage, StraightRunner)
        return archive.name, metadata, runner

    def warm(self) -> None:
        """Understands a message for nobody: what is loaded when it is first needed makes the first person wait."""
        self._parse_message_with_graph(UserMessage(_FIRST), DialogueStateTracker("", self.domain.slots))

    def _check_for_unseen_features(self, parse_data: dict[str, Any]) -> None:
        """Nothing: training has checked that the model says nothing that the domain does not know.

        Rasa builds an empty domain for each message, to compare.
        """

    async def run_action_extract_slots(
        self, output_channel: OutputChannel, tracker: DialogueStateTracker
    ) -> DialogueStateTracker:
        if not fills_slots(self.domain):
            return tracker
        return await super().run_action_extract_slots(output_channel, tracker)

    async def _run_action(
        self,
        action: Action,
        tracker: DialogueStateTracker,
        output_channel: OutputChannel,
        nlg: NaturalLanguageGenerator,
        prediction: PolicyPrediction,
    ) -> bool:
        """Runs *action* and writes down what it did; whether another one should follow.

        Raises:
            RasaException: the action failed.
            aiohttp.ClientError: the action server did not answer.
        """
        if type(action) is RemoteAction:
            action = RemoteCall(action.name(), self.action_endpoint)
        try:
            events = await action.run(output_channel, nlg, tracker, self.domain)
        except ActionExecutionRejection:
            tracker.update(ActionExecutionRejected(action.name(), prediction.policy_name, prediction.max_confidence))
            return self.should_predict_another_action(action.name())
        self._log_action_on_tracker(tracker, action, events, prediction)
        await self.execute_side_effects(events, tracker, output_channel)
        return self.should_predict_another_action(action.name())

    def _log_action_on_tracker(
        self,
        tracker: DialogueStateTracker,
        action: Action,
        events: list[Event] | None,
        prediction: PolicyPrediction,
    ) -> None:
        told = events or []
        if not any(isinstance(event, ActionExecutionRejected) for event in told):
            tracker.update_with_events(prediction.events, self.domain)
            tracker.update(action.event_for_successful_execution(prediction))
        tracker.update_with_events(told, self.domain)


class ServingAgent(Agent):
    """An agent whose stores fail when they fail: Rasa would go on in memory and forget."""

    def load_model(self, model_path: str | Path, fingerprint: str | None = None) -> None:
        """Serves the model at *model_path* from now on; what is being answered ends with the one before.

        Raises:
            Exception: it cannot be loaded; the one before goes on.
        """
        processor = ServingProcessor(
            model_path=model_path,
            tracker_store=self.tracker_store,
            lock_store=self.lock_store,
            action_endpoint=self.action_endpoint,
            generator=self.nlg,
        )
        processor.warm()
        self.processor = processor
        self.domain = self.tracker_store.domain = processor.domain
        if isinstance(self.nlg, TemplatedNaturalLanguageGenerator):
            self.nlg.responses = self.domain.responses
        self._set_fingerprint(fingerprint)

    @staticmethod
    def _create_tracker_store(store: object, domain: Domain) -> object:
        return store


def fills_slots(domain: Domain) -> bool:
    """Whether some slot of *domain* may be filled by a message itself, rather than by an action only."""
    return ACTION_VALIDATE_SLOT_MAPPINGS in domain.user_actions or any(
        mapping.get("type") != "custom" or "action" in mapping for slot in domain.slots for mapping in slot.mappings
    )
