"""The learnt numbers of the search: weight of each feature, calibration of confidence, abstention threshold.

They live in ``weights.json``, written by ``equipier index tune`` with the questions they were learnt on and the
scores they reached, so that a figure can always be traced to the data behind it.
"""

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, ValidationError

from bot.errors import CorpusError

WEIGHTS_PATH = Path(__file__).resolve().parent / "weights.json"
FEATURES = (
    "words",
    "grams",
    "full",
    "question",
    "question_meaning",
    "questions_meaning",
    "summary_meaning",
    "tower_questions",
    "tower_summary",
    "passage",
    "passage_meaning",
    "often_met",
    "plain_title",
)


class Weights(BaseModel):
    """Weights, calibration and thresholds.

    Attributes:
        features: weight of each feature, on z-scores.
        calibration: coefficients of the logistic model of confidence, the intercept last.
        abstain_below: confidence under which no fiche is shown at all.
        propose_below: confidence under which fiches are proposed to choose from rather than one answered.
        learnt_on: where the numbers come from and what they score, for people.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    features: dict[str, float]
    calibration: tuple[float, ...]
    abstain_below: float
    propose_below: float
    learnt_on: dict[str, Any] = {}

    @property
    def vector(self) -> NDArray[np.float32]:
        return np.array([self.features[name] for name in FEATURES], dtype=np.float32)

    def confidence(self, signals: tuple[float, ...]) -> float:
        """Probability, in [0, 1], that the first fiche found is an acceptable answer."""
        *slopes, intercept = self.calibration
        logit = intercept + sum(slope * signal for slope, signal in zip(slopes, signals, strict=True))
        return 1 / (1 + math.exp(-max(-30.0, min(30.0, logit))))

    @classmethod
    def load(cls, path: Path = WEIGHTS_PATH) -> "Weights":
        """Reads the weights.

        Raises:
            CorpusError: the file is missing, malformed, or does not weigh exactly the known features.
        """
        try:
            weights = cls.model_validate(json.loads(path.read_text(encoding="utf-8")))
        except (OSError, ValueError, ValidationError) as error:
            raise CorpusError(f"poids de recherche illisibles : {path.name}", hint="equipier index tune") from error
        if set(weights.features) != set(FEATURES):
            raise CorpusError(
                f"poids de recherche : {path.name} ne pèse pas les bons critères", hint="equipier index tune"
            )
        return weights
