"""What a message asks about a procedure: papers, price, delay, place, conditions."""

import re

from bot.fiches.analysis import fold, stems
from bot.fiches.model import Aspect

# Words that ask for an aspect. They are matched on folded text; « à » and « où » are told apart from « a » and
# « ou » on the raw text, since folding merges them.
_ASKING = {
    Aspect.PIECES: re.compile(
        r"\b(?:pieces?|documents?|justificatifs?|papiers (?:a |faut|demand|fournir|il)|quels? papiers?|comme papiers?"
        r"|photocopies?|originaux|formulaires?|cerfa|fournir|apporter|amener|photos?)\b"
    ),
    Aspect.COUT: re.compile(
        r"\b(?:combien (?:ca )?(?:coute|vaut|faut payer|on paye|on paie|c'est)|couts?|coutent?|prix|tarifs?|payant"
        r"|payer|gratuit|frais|timbre fiscal|cher|revient a combien)\b"
        r"|\bcombien\b.*\b(?:timbre|coute)\b"
    ),
    Aspect.DELAI: re.compile(
        r"\b(?:delais?|combien de (?:temps|jours?|semaines?|mois)|long|longtemps|quand|durees?|attendre|attente"
        r"|avant quand|date limite|valable|validite|c'est long)\b"
    ),
    Aspect.OU: re.compile(
        r"\b(?:a quel(?:le)? (?:adresse|guichet|endroit|bureau|service)|adresse|guichet|rendez-vous|rdv|en ligne"
        r"|internet|a qui (?:s'adresser|demander|envoyer)|s'adresser|quel service|quelle mairie|quel organisme)\b"
    ),
    Aspect.CONDITIONS: re.compile(
        r"\b(?:conditions?|criteres?|qui a droit|a droit|droit a|eligibl\w*|plafonds?|qui peut|peut-il|peut-elle"
        r"|age minimum|quel age|obligatoire)\b"
    ),
}
_WHERE = re.compile(
    r"\bo[ùÙ]\b|^ou (?:est|se|on|il|elle|faut|dois|aller|s'adresser|deposer|envoyer|faire)\b", re.IGNORECASE
)

_MANDATS = re.compile(
    r"\bmandats?\b|\baidants?\b|\bhabilit\w+|\breferente?s?\b|\bfrance ?connect\b|\botp\b|\bperimetres?\b|\brevo[qc]\w+"
    r"|\bsign(?:e|er|ature|ee)\b|\bconsentement\b|\bmots? de passe\b|\bidentifiants?\b|\brgpd\b|\bcode\b|\bformation\b"
)

# Stems that only ask, and so do not tell which procedure is meant.
_ASKING_STEMS = frozenset(
    stems(
        "combien coûte coûtent prix tarif payer payant gratuit cher frais euro pièces papiers documents justificatifs "
        "photocopie original originaux fournir apporter amener ramener délai temps jours semaines mois long longtemps "
        "quand où adresse lieu guichet rendez-vous rdv ligne internet envoyer déposer aller conditions critères droit "
        "obligatoire besoin demande demander question recevoir réponse attendre attente démarche procédure dossier "
        "truc chose personne gens monde autre pareil vraiment exactement environ comment pourquoi peut pouvoir doit "
        "veut vouloir savoir dire donner avoir être faire prendre suffit ouvert remplir courrier carte-bancaire "
        "espèces chèque rembourser trompe age photo photos formulaire cerfa lien site numéro téléphone appeler"
    )
)

# Stems of greetings and courtesies, which name no procedure either.
_COURTESY_STEMS = frozenset(
    stems("bonjour bonsoir salut coucou hello bjr bsr slt cc stp svp merci mci plaît plait avance collègues équipe re")
)


def asked_aspects(text: str) -> tuple[Aspect, ...]:
    """The aspects that *text* asks for, in the order in which they are named; empty for a general question."""
    folded = fold(text)
    found = [(match.start(), aspect) for aspect, pattern in _ASKING.items() if (match := pattern.search(folded))]
    if (where := _WHERE.search(text)) and all(aspect is not Aspect.OU for _, aspect in found):
        found.append((where.start(), Aspect.OU))
    return tuple(aspect for _, aspect in sorted(found, key=lambda pair: pair[0]))


def speaks_of_mandats(text: str) -> bool:
    """Whether *text* holds a word of Aidants Connect and its mandates; a question about them may well hold none."""
    return _MANDATS.search(fold(text)) is not None


def topic_stems(text: str) -> tuple[str, ...]:
    """The stems of *text* that may name a procedure or a situation: asking words and courtesies are out."""
    return tuple(stem for stem in stems(text) if stem not in _ASKING_STEMS and stem not in _COURTESY_STEMS)
