"""What a heading announces: the typed parts of a fiche are told by their titles.

The publisher types only one kind of chapter (``type="pieces"``); everything else has to be read in the titles. The
patterns were written on the titles of the 2020 corpus, most frequent first.
"""

import re

from bot.fiches.analysis import fold
from bot.fiches.model import Aspect

# In this order: the first that matches wins, so « Dans quel délai faire la demande ? » is about the delay.
_PATTERNS = (
    (
        Aspect.PIECES,
        r"\b(?:pieces?|documents?|justificatifs?|papiers) (?:justificati\w+ )?(?:sont )?"
        r"(?:a (?:fournir|presenter|produire|joindre|prevoir|envoyer|transmettre|apporter|remettre)"
        r"|qu'il faut|faut-il|fournir|necessaires?|demande\w*|exige\w*|obligatoires?|requis\w*)\b"
        r"|^pieces?(?: justificatives?)?(?: et (?!billets).*)?$|^(?:quels? )?justificatifs?\b|^documents?$"
        r"|\bque faut-il (?:fournir|joindre|presenter|apporter)|\b(?:composition|contenu) du dossier",
    ),
    (
        Aspect.DELAI,
        r"\bdelais?\b(?! differe)"
        # Not the length of a working day, nor the name of a contract.
        r"|(?<!longue )(?<!courte )\bdurees?\b(?!.*\btravail\b)"
        r"(?! (?:(?:in)?determinee|legale|quotidienne|hebdomadaire))"
        r"|\bquand\b.*\?|^fabrication$|\bcombien de temps\b|\bvalidite\b(?! territoriale)|\ba quel moment\b"
        r"|\bmoment de la demande\b"
        r"|\bdates? (?:limites?|de (?:paiement|versement|remise|depot|la demande)|d'effet)\b|^calendrier\b|^dates?$",
    ),
    (
        Aspect.COUT,
        r"\bcouts?\b|\bcoutent?\b|\bprix\b|\btarifs?\b|\bcombien\b(?! de )|\bfrais\b|\bmontants?\b|^gratuite?\b"
        r"|\bpayante?s?\b|\bcomment payer\b|\b(?:modes?|moyens?) de paiement\b|\btimbre fiscal\b",
    ),
    (
        Aspect.OU,
        r"^(?:et )?ou (?!bien\b)|: ou \b"
        r"|\ba qui (?:s'adresser|demander|envoyer|transmettre|remettre|adresser|declarer)\b"
        r"|\baupres de (?:qui|quel)|^(?:choix du |du )?lieux? (?!concerne|prive|public|ou\b)"
        r"|\bs'adresser\b|\ba quel(?:le)? (?:service|organisme|autorite|administration|juridiction|tribunal)"
        r"|\b(?:juridiction|tribunal|autorite|juge) competente?\b|\bqui contacter\b",
    ),
    (
        Aspect.CONDITIONS,
        r"\bconditions?\b(?! (?:de travail|generales))"
        r"|(?:^|[:,] |et )qui (?:peut|est concerne|doit|a droit|est soumis)\b"
        r"|\bbeneficiaires?\b|\bpour qui\b|\bconcerne(?:e|s|es)?\b|\bcriteres?\b|\bplafonds?\b|^age\b"
        r"|\bage (?:minimum|maximum|requis)\b|\bchamp d'application\b|\ba-t-on droit\b",
    ),
    (
        Aspect.DEMARCHE,
        r"\bdemarches?\b|\bcomment\b|\bdemandes?\b|\bdemander\b|\bprocedures?\b|\betapes?\b|\bformalites?\b"
        r"|\bdeclarations?\b|\bdeclarer\b|\binscriptions?\b|\bs'inscrire\b|\brenouvellement\b|\bmodalites?\b"
        r"|\bdepot (?:du|d'un|de la) dossier\b|\bque (?:faut-il )?faire\b|\bsaisine\b|\bsouscription\b",
    ),
)
_COMPILED = tuple((aspect, re.compile(pattern)) for aspect, pattern in _PATTERNS)

# A case says who or when (« Délai dépassé », « Montant supérieur à 188 € »): it only changes the aspect when its title
# does nothing but announce one.
_CASE = re.compile(r"(?:(?:les?|la) )?(?:(?:pieces|documents|justificatifs) a fournir|couts?|prix|tarifs?|delais?)")


def aspect_of_heading(title: str) -> Aspect | None:
    """The aspect that *title* announces; ``None`` when it announces none."""
    folded = _plain(title)
    return next((aspect for aspect, pattern in _COMPILED if pattern.search(folded)), None)


def aspect_of_case(title: str) -> Aspect | None:
    """The same for the title of a case, which nearly always tells a situation instead."""
    return aspect_of_heading(title) if _CASE.fullmatch(_plain(title)) else None


def _plain(title: str) -> str:
    return " ".join(fold(title).split())
