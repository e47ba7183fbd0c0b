"""Intent and ``faq_mandat`` topic by two logistic regressions over bags of n-grams and sentence vectors.

It writes what Rasa's classifiers and ResponseSelector write (``intent``, ``intent_ranking``,
``response_selector``), so that rules and actions need not know which one is in the pipeline. Against DIET and
ResponseSelector it trains in seconds and needs no TensorFlow session (``tests/bench`` compares them).
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Any

import numpy as np
import skops.io
from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.nlu.classifiers.classifier import IntentClassifier
from rasa.nlu.featurizers.featurizer import Featurizer
from rasa.shared.nlu.constants import FEATURE_TYPE_SENTENCE, INTENT, INTENT_RESPONSE_KEY, TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData
from scipy.sparse import csr_matrix, hstack, vstack
from sklearn.feature_extraction.text import TfidfTransformer
from sklearn.linear_model import LogisticRegression
from sklearn.multiclass import OneVsRestClassifier
from sklearn.preprocessing import normalize

_CLASSIFIERS = ("intent", "topic")
_SPARSE = "scipy.sparse._csr.csr_matrix"  # plain arrays, which skops does not know to be safe


@dataclass(frozen=True)
class _Row:
    """One message as the regressions read it: places and values of its n-grams, and its sentence vector if it has one.

    The same numbers as :meth:`SentenceClassifier._features`, without the matrices that they cost.
    """

    places: np.ndarray
    values: np.ndarray
    vector: np.ndarray | None


@dataclass(frozen=True)
class _Linear:
    """The regressions of a classifier as one matrix: asked one by one, fifty of them take most of the parse."""

    classes: tuple[str, ...]
    weights: np.ndarray  # a column per class
    intercepts: np.ndarray

    @classmethod
    def of(cls, model: OneVsRestClassifier) -> _Linear:
        return cls(
            tuple(map(str, model.classes_)),
            np.hstack([one.coef_.T for one in model.estimators_]).astype(np.float32),
            np.array([one.intercept_[0] for one in model.estimators_], dtype=np.float32),
        )

    def rank(self, row: _Row) -> list[dict[str, Any]]:
        """Every class with its probability, the likeliest first."""
        scores = row.values @ self.weights[row.places] + self.intercepts
        if row.vector is not None:
            scores = scores + row.vector @ self.weights[-len(row.vector) :]
        each = 1 / (1 + np.exp(-scores))
        probabilities = each / each.sum()
        return [
            {"name": self.classes[index], "confidence": float(probabilities[index])}
            for index in np.argsort(-probabilities)
        ]


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.INTENT_CLASSIFIER, is_trainable=True)
class SentenceClassifier(IntentClassifier, GraphComponent):
    """Classifies whole sentences, twice: the intent, then the topic of a retrieval intent."""

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        return {
            "C": 10.0,  # inverse regularisation strength
            "dense_scale": 0.5,  # weight of the sentence vector against the n-grams, both of length one
            "ranking_length": 10,
            "random_state": 20,
            # A retrieval intent has as many examples as all of its topics together: all of them would draw the
            # messages of small intents to it. Those that name what commands also name are kept, as they tell
            # « c'est quoi un mandat » from « ouvre un mandat »; so many of the others (see ``nlu/CLASSIFIER.md``).
            "intent_anchor": "mandat",
            "intent_cap": 400,
        }

    @classmethod
    def required_components(cls) -> list[type]:
        return [Featurizer]

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> SentenceClassifier:
        return cls(config, model_storage, resource)

    def __init__(
        self,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        models: dict[str, Any] | None = None,
    ) -> None:
        self.component_config = config
        self._model_storage = model_storage
        self._resource = resource
        self._use(models or {})

    def _use(self, models: dict[str, Any]) -> None:
        self._models = models
        self._linear = {name: _Linear.of(model) for name, model in models.items() if name in _CLASSIFIERS}
        # Made anew by scikit-learn each time it is asked for.
        self._idf = models["information"].idf_ if "information" in models else np.ones(0)

    def train(self, training_data: TrainingData) -> Resource:
        intents = [example for example in training_data.intent_examples if example.get(TEXT)]
        topics = [example for example in intents if example.get(INTENT_RESPONSE_KEY)]
        self._models = {}
        if intents:
            # Rare n-grams tell more than common ones: worth 3 points on topics between data written apart.
            self._models["information"] = TfidfTransformer(sublinear_tf=True).fit(_sparse(intents))
            self._models["intent"] = self._fit(self._balanced(intents), INTENT)
        if topics:
            self._models["topic"] = self._fit(topics, INTENT_RESPONSE_KEY)
        self._use(self._models)
        with self._model_storage.write_to(self._resource) as folder:
            for name, model in self._models.items():
                skops.io.dump(model, folder / f"{name}.skops")
        return self._resource

    @classmethod
    def load(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
        **kwargs: Any,
    ) -> SentenceClassifier:
        with model_storage.read_from(resource) as folder:
            models = {path.stem: skops.io.load(path, trusted=[_SPARSE]) for path in sorted(folder.glob("*.skops"))}
        return cls(config, model_storage, resource, models)

    def process(self, messages: list[Message]) -> list[Message]:
        readable = [message for message in messages if message.get(TEXT)]
        if not readable or "intent" not in self._linear:
            return messages
        length = self.component_config["ranking_length"]
        for message in readable:
            row = self._row(message)
            ranking = self._linear["intent"].rank(row)
            topic = self._linear["topic"].rank(row) if "topic" in self._linear else []
            message.set("intent", ranking[0], add_to_output=True)
            message.set("intent_ranking", ranking[:length], add_to_output=True)
            if topic:
                message.set("response_selector", _selector(topic[:length]), add_to_output=True)
        return messages

    def process_training_data(self, training_data: TrainingData) -> TrainingData:
        self.process(training_data.training_examples)
        return training_data

    def _balanced(self, examples: list[Message]) -> list[Message]:
        """*examples* with no more than ``intent_cap`` of those that have a topic and do not name the anchor."""
        anchor = self.component_config["intent_anchor"]
        free = [example for example in examples if example.get(INTENT_RESPONSE_KEY) and anchor not in _words(example)]
        kept = random.Random(self.component_config["random_state"]).sample(  # noqa: S311
            range(len(free)), min(self.component_config["intent_cap"], len(free))
        )
        left_out = {id(example) for place, example in enumerate(free) if place not in set(kept)}
        return [example for example in examples if id(example) not in left_out]

    def _fit(self, examples: list[Message], label: str) -> OneVsRestClassifier:
        model = OneVsRestClassifier(
            LogisticRegression(
                C=self.component_config["C"],
                class_weight="balanced",
                solver="liblinear",
                random_state=self.component_config["random_state"],
            )
        )
        return model.fit(self._features(examples), [example.get(label) for example in examples])

    def _row(self, message: Message) -> _Row:
        """Read straight from the featurizers' own vectors: joining them as Rasa does takes a quarter of the parse."""
        places, counts, dense, width = [], [], [], 0
        for features in message.features:
            if features.attribute != TEXT or features.type != FEATURE_TYPE_SENTENCE:
                continue
            if features.is_sparse():
                bag = features.features.tocoo()
                places.append(bag.col + width)
                counts.append(bag.data)
                width += bag.shape[1]
            else:
                dense.append(features.features.ravel())
        where = np.concatenate(places)
        values = (np.log(np.concatenate(counts)) + 1) * self._idf[where]
        norm = np.linalg.norm(values)
        vector = None
        if dense:
            vector = np.concatenate(dense)
            vector = vector / (np.linalg.norm(vector) or 1.0) * self.component_config["dense_scale"]
        return _Row(where, values / (norm or 1.0), vector)

    def _features(self, messages: list[Message]) -> csr_matrix:
        parts = [normalize(self._models["information"].transform(_sparse(messages)))]
        dense = [message.get_dense_features(attribute=TEXT)[1] for message in messages]
        if all(dense):
            vectors = np.vstack([features.features for features in dense])
            parts.append(csr_matrix(normalize(vectors)) * self.component_config["dense_scale"])
        return hstack(parts).tocsr()


def _words(message: Message) -> str:
    return str(message.get(TEXT)).lower()


def _sparse(messages: list[Message]) -> csr_matrix:
    """The bags of n-grams, a row per message."""
    return vstack([csr_matrix(message.get_sparse_features(attribute=TEXT)[1].features) for message in messages]).tocsr()


def _selector(ranking: list[dict[str, Any]]) -> dict[str, Any]:
    """Rasa's ResponseSelector output, reduced to what actions read."""
    named: list[tuple[str, float]] = [(entry["name"], entry["confidence"]) for entry in ranking]
    best, confidence = named[0]
    return {
        "default": {
            "response": {"intent_response_key": best, "confidence": confidence},
            "ranking": [{"intent_response_key": name, "confidence": score} for name, score in named],
        }
    }
