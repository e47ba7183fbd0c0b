"""French tokenizer and normaliser.

spaCy's French rules cut the text (elision, hyphens, « aujourd'hui » kept whole) without loading any model; each
token keeps its own text and place, for entities, and carries a normalised form as its lemma: lower case, no accents,
SMS spelling opened (« pr » → « pour »). The bag-of-words featurizers read the lemma.
"""

from __future__ import annotations

import unicodedata
from pathlib import Path
from typing import Any

import spacy
import yaml
from rasa.engine.graph import ExecutionContext
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.nlu.tokenizers.tokenizer import Token, Tokenizer
from rasa.shared.nlu.training_data.message import Message

_NAME = "nom"
_TITLES = frozenset("m mr mme mlle monsieur madame mademoiselle".split())
_NOT_NAMES = frozenset(  # what also follows « monsieur » in a sentence
    "a ai au aux avait avec dans de des dit doit du en est et il elle la le les ma mon n ne ou par pas pour peut qui "
    "sa s se son sans sur svp va veut vient merci maire bonjour et l d j c".split()
)
LEXICON = Path(__file__).resolve().parent.parent / "lexicons" / "lexique.yml"


def fold(text: str) -> str:
    """Lower case, no accents, ligatures opened, apostrophes made plain."""
    lowered = text.lower().replace("œ", "oe").replace("æ", "ae").replace("’", "'")
    return "".join(char for char in unicodedata.normalize("NFKD", lowered) if not unicodedata.combining(char))


def sms_forms(lexicon: Path = LEXICON) -> dict[str, str]:
    """One-word SMS forms and misspellings of the lexicon, folded, with the word they stand for."""
    entries = yaml.safe_load(lexicon.read_text(encoding="utf-8"))
    if isinstance(entries, dict):
        entries = entries["entries"]
    return {
        fold(form): fold(entry["to"][0])
        for entry in entries
        if entry["kind"] in ("sms", "faute") and entry.get("when", "both") != "retrieval"
        for form in entry["from"]
        if " " not in form
    }


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.MESSAGE_TOKENIZER, is_trainable=False)
class FrenchTokenizer(Tokenizer):
    """Cuts French text and normalises each word."""

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        return {
            "intent_tokenization_flag": False,
            "intent_split_symbol": "_",
            "token_pattern": None,
            "prefix_separator_symbol": None,
        }

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> FrenchTokenizer:
        return cls(config)

    def __init__(self, config: dict[str, Any]) -> None:
        super().__init__(config)
        self._nlp = spacy.blank("fr")
        self._sms = sms_forms()

    def tokenize(self, message: Message, attribute: str) -> list[Token]:
        doc = self._nlp(message.get(attribute))
        tokens: list[Token] = []
        for word in doc:
            if not word.is_space and not word.is_punct:
                tokens.append(self._token(word.text, word.idx, tokens[-1] if tokens else None))
        # A message of punctuation alone still needs a token: featurizers refuse an empty sequence.
        return tokens or [Token(message.get(attribute), 0, lemma="_")]

    def _token(self, text: str, start: int, before: Token | None) -> Token:
        folded = fold(text)
        if before is not None and _is_name(text, folded, before):
            return Token(text, start, lemma=_NAME)
        return Token(text, start, lemma=self._sms.get(folded, folded))


def _is_name(text: str, folded: str, before: Token) -> bool:
    """Whether a word follows a title (« mme kervella ») or goes on a name (« Mme Yolande Kervella »).

    Names that the pseudonymiser left must not be learnt from: they become the word of its placeholder, ``[NOM]``.
    """
    if before.lemma == _NAME:
        return text[:1].isupper() and before.text.upper() != _NAME.upper()
    return before.lemma in _TITLES and folded.isalpha() and folded not in _NOT_NAMES
