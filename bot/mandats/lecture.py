"""What a message gives for a mandate: scopes, duration, eligibility. Pure; nothing is guessed.

What is uncertain stays unknown, and is asked: a wrong « mineur » or « sous tutelle » would refuse a mandate, a wrong
« présent » would skip a question.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from bot.demarches import Demarche
from bot.fiches.analysis import fold
from bot.mandats.lecture_scopes import read_scopes
from bot.mandats.rules import ADULT_AGE, Duration

_DIGITS_STUCK = re.compile(r"\b(\d+)[ -]?(?=(?:ans?|mois|jours?|j|h|heures?|semaines?|annees?)\b)")
_NUMBER_WORDS = (
    r"deux|trois|quatre|cinq|six|sept|huit|neuf|dix|onze|douze|quinze|vingt|trente|quarante|soixante|cent|plusieurs"
    r"|quelques|quelque"
)
_LONG = (
    r"(?:un|1) ans?|(?:une|1) annee|(?:12|douze) mois|365 (?:jours|j)|mandats? longs?|longue duree"
    r"|(?:pour|toute) l'annee|l'annee entiere|(?:le|la) plus long(?:ue|temps)?|le max(?:imum)?"
)
_SEMESTER = r"(?:six|6)[ -]mois|(?:(?:un|1) )?semestre|182 (?:jours|j)|(?:(?:une|la) )?demi[- ]annee"
_MONTH = r"(?:un|1) (?:seul )?mois|(?:31|30|trente(?:[ -]et[ -]un)?) (?:jours|j)|pour le mois"
_SHORT = (
    r"(?:un|1) (?:seul )?(?:jour|j)|(?:une|1) (?:seule )?journee|pour la journee|24 ?(?:h|heures)"
    r"|mandats? courts?|courte duree|(?:le|la) plus courte?|le min(?:imum)?"
    r"|(?:pour|juste|seulement|que) aujourd'hui|aujourd'hui (?:seulement|uniquement|suffi\w+)"
)
# « un an et demi » first: it is no duration of a mandate.
_DURATION = re.compile(
    r"\b(?:"
    r"(?P<none>(?:un|1|six|6) (?:ans?|mois|jour) et demi\w*"
    rf"|(?:\d+|{_NUMBER_WORDS}|une) (?:ans?|mois|semaines?|jours?|j|annees?|trimestres?)|un trimestre|une quinzaine)"
    r")\b"
)
_EXISTING = tuple(
    (duration, re.compile(rf"\b(?:{words})\b(?! et demi)"))
    for duration, words in (
        (Duration.LONG, _LONG),
        (Duration.SEMESTER, _SEMESTER),
        (Duration.MONTH, _MONTH),
        (Duration.SHORT, _SHORT),
    )
)
_ALONE = re.compile(
    r"^(?:\W|oui|non|ok|alors|plutot|un|mandat)*(?:(?P<short>courte?|aujourd'hui|la journee|le jour meme|1 j)"
    r"|(?P<long>long(?:ue)?|l'annee))(?:\W|stp|svp|merci)*$"
)
# « depuis un an », « dans six mois » : time that passes, not how long a mandate lasts.
_PASSING = re.compile(
    r"(?:\bil y a|\bdepuis|\bdans|\b[cs]a fait|\bcela fait|\bavant|\bapres|\b(?:plus|moins) d[e']|\btous"
    r" les|\btoutes les"
    r"|\bpar|\bage[es]* d[e']|\b(?:bebe|enfant|enceinte|fils|fille) d[e']|\bpas|\bau lieu d[e']|\bplutot qu[e']?|\ba"
    r" la place d[e']|\benviron"
    r"|\bdernier\w*|\bprochain\w*|\b(?!dur)\w+(?:rai|ras|ra|rons|rez|ront))\s*(?:d')?$"
)
_ONE_DAY = re.compile(
    r"\s*(?:ou l'autre|peut-etre|prochain|sur (?:deux|trois)|par (?:mois|semaine|an)\b|je|tu|il|elle|on|nous|vous)\b"
)
_OF_TIME = re.compile(
    r"\s*(?:de (?:loyers?|retard|prison|salaires?|travail|conges?|preavis|stage)|apres|avant|plus tard)\b"
)

_TENS = r"vingt|trente|quarante|cinquante|soixante|quatre[- ]vingts?|septante|octante|nonante"
_CHILD_AGES = (
    "un deux trois quatre cinq six sept huit neuf dix onze douze treize quatorze quinze seize dix-sept".split()
)
_AGE = re.compile(
    rf"\b(?P<future>aura|bientot|presque|pas encore) (?:ses )?(?:18|dix[- ]huit) ans\b"
    rf"|\b(?:(?P<digits>\d{{1,3}})|(?P<tens>(?:{_TENS})(?:[- ]\w+){{0,3}}?)"
    rf"|(?P<small>dix[- ](?:sept|huit|neuf)|{'|'.join(_CHILD_AGES)})) ans\b"
)
_OLDEST_DURATION = 10  # years: nobody asks for a mandate so long, so a bare « 45 ans » is an age
_PERSON = r"(?:elle|il|usagere?|dame|monsieur|madame|personne|jeune|garcon|ado|homme|femme|nom\]|fille|fils)"
_OF_AGE = re.compile(
    rf"\b{_PERSON}\W+(?:n')?(?:a|de|est age?e? de|age?e? de|qui a)"
    r"(?: \w+)?(?: (?:que|seulement|juste|deja|de|plus de))?\s*$"
    r"|\bagee? de\s*$|\bavoir\s*$"
)
_FOR_LONG = re.compile(r"\b(?:pour|pendant|duree(?: de)?|mandats? d[e']|sur)\s*$")
_RELATIVE = (
    r"(?:enfants?|fils|filles?|bebes?|petits?[- ](?:fils|enfants?)|petites?[-"
    r" ]filles?|freres?|soeurs?|neveux?|nieces?"
    r"|mere|pere|parents?|mari|femme|conjointe?|epouse|epoux|voisine?|tante|oncle|grand[- ]mere|grand[- ]pere)"
)
# « elle a un fils de 7 ans », « sa mère est sous tutelle » : not about the usager. Asked again rather than guessed.
_OF_RELATIVE = re.compile(
    rf"\b(?:son|sa|ses|mon|ma|mes|leurs?|un|une|des|deux|trois|quatre|d'|les|l') ?{_RELATIVE}\b"
    r"(?: (?:qui|est|sont|a|ont|de|age?e?s?|encore|tous|toutes|la|et|moins|plus|sous|une|en))*"
    r"(?: (?:mineure?s?|majeure?s?|adultes?|protegee?s?|tutelles?|curatelles?(?: renforcee)?|sauvegarde(?: de"
    r" justice)?"
    r"|(?:\d{1,3}|\w+(?:-\w+)*) ans))+"
)

_END = (
    r"(?=\W*$|\s*[,.;:!?()]|\s+(?:pour|avec|et|aujourd'hui|devant|en|a"
    r" cote|maintenant|dans|mais|on|sans|aucune?|majeure?|oui)\b)"
)
_NOT_NOW = r"(?!\W*(?:demain|apres[- ]demain|lundi|mardi|mercredi|jeudi|vendredi|samedi|la semaine))"
_HERE = (
    r"(?:sur place|ici|avec (?:moi|nous)|devant (?:moi|nous)|(?:juste )?(?:a cote|en face|aupres|pres)(?: de"
    r" (?:moi|nous))?"
    r"|au (?:guichet|bureau)|dans (?:mon|le|notre|nos) (?:bureau|guichet|locaux))"
)
_ABSENT = re.compile(
    rf"\b(?:pas|plus|jamais) (?:encore |physiquement )?(?:presente?|{_HERE})\b"
    rf"|\b(?:pas|plus) (?:encore )?la{_END}|\bpas (?:encore )?(?:arrivee?|venue?)\b"
    r"|\b(?:est|reste|restee?|rentree?|sera|serait|bloquee?) (?:\w+ )?(?:chez|a) (?:elle|lui|la maison|l'hopital)\b"
    r"|^\W*(?:non\W+)?chez (?:elle|lui)\b"
    r"|\babsente?s?\b"
    r"|(?:^\W*(?:non\W+)?|\b(?:mandat|est|consentement|accord|signature|sign\w+|joint\w*|ai|suis|sommes)\b[^.;!?]{0,24}\b)"
    r"(?:a distance|par (?:telephone|tel|visio|sms|mail|courriel)|au telephone|en visio\w*)\b"
)
_PRESENT = re.compile(
    rf"\b(?:est|sont|bien|deja|oui|etait|assise?|assis|venue?) (?:bien |deja |assise? )?{_HERE}\b{_NOT_NOW}"
    rf"|\bj'ai\b[^.;!?]{{0,40}}\b(?:avec|devant|en face de|a cote de) moi\b"
    rf"|\b(?:a cote|en face|aupres|pres) de moi\b|\bdevant moi\b|(?:^|[,;.!]|\bla\b)\W*avec moi\b|^\W*{_HERE}\W*$"
    rf"|\best (?:bien |deja )?(?:la{_END}|presente?\b){_NOT_NOW}|\best venue?\b|\bvient d'arriver\b"
    rf"|(?:^|[,;.:!]|\bet|\boui|\bbien)\W*(?:bien )?presente?{_END}"
    r"|\busagere? presente?\b|\bface a face\b|\ben presentiel\b|\ben (?:sa|ma) presence\b"
    r"|\b(?:je suis|on est|nous sommes) (?:\w+ )?(?:chez|avec) (?:elle|lui|l'usager|la dame|le monsieur|\[nom\])"
)
_LA = re.compile(rf"\best (?:bien |d[ée]j[àa] )?là\b{_NOT_NOW}")  # on the raw text: « là » is no article

_MEASURE = (
    r"(?:mesures?(?: de protection(?: juridique)?| judiciaire| de tutelle| de curatelle)?(?! d)|(?:mise )?tutelles?"
    r"|curatelles?(?: renforcee| simple)?|sauvegardes?(?: de justice)?|protections?(?: juridique| judiciaire)?"
    r"(?! (?:sociale|maternelle|subsidiaire|universelle|maladie|de l'enfance|des donnees|civile))|habilitation"
    r" familiale)"
)
_UNPROTECTED = re.compile(
    rf"\b(?:aucune?|pas|pas de|pas d'|sans|ni|plus|plus de|n'a pas de)\s*(?:sous |de |une |d'aucune |autre"
    rf" |problemes? de )?"
    rf"{_MEASURE}\b"
    rf"(?:\s*[,/]\s*(?:(?:ni|ou|et) (?:sous |de |une )?)?{_MEASURE}\b|\s*,?\s*(?:ni|ou) (?:sous |de |une"
    rf" |d')?{_MEASURE}\b)*"
    r"|\b(?:pas|non|ni) (?:protegee?s?|sous protection)\b"
)
_PROTECTED = re.compile(
    r"\b(?:tutelles?|curatelles?|sauvegardes? de justice|sous (?:une )?(?:mesure|sauvegarde|protection(?!"
    r" (?:sociale|subsid"
    r"iaire|universelle|internationale)))|mesures? (?:de protection|judiciaire)|(?:a|avec|ya|y a) une mesure(?! d)"
    r"|protection (?:juridique|judiciaire)|protegee?s? (?:juridiquement|par)|majeure?s? protegee?s?|est protegee?"
    r"|habilitation familiale|tuteur|tutrice|curateur|curatrice|mandataire judiciaire|udaf)\b"
)
_NOT_YET_PROTECTED = re.compile(
    r"\b(?:demandes?|demander|dossiers?|mise|requetes?|procedures?|jug\w+) (?:[\w']+ ){0,4}?"
    r"(?:tutelles?|curatelles?|sauvegarde de justice|habilitation familiale)\b"
    rf"|\b(?:etait|avait|ete|fut) (?:\w+ )?{_MEASURE}|{_MEASURE} (?:\w+ ){{0,2}}(?:levee|terminee|finie|supprimee)\b"
    r"|\b(?:il|elle) est (?:le |la |lui-meme |elle-meme )?(?:tuteur|tutrice|curateur|curatrice)\b(?! de justice)"
)
_ADULT = re.compile(r"(?<!force )(?<!en )\bmajeure?s?\b(?! partie)|\badultes?\b(?! handicap)|\bplus de 18 ans\b")
_NOT_MINOR = re.compile(r"\b(?:pas|plus|ni|non) (?:un |une |du tout )?mineure?s?\b")
_MINOR = re.compile(r"\bmineure?s?\b|\bmoins de (?:18|dix[- ]huit) ans\b|\bpas (?:encore )?(?:majeure?|adulte)\b")


@dataclass(frozen=True, slots=True)
class Given:
    """What one message gives; ``None`` or empty for what it does not speak of.

    Attributes:
        demarches: scopes named, in the usual order, less those of *removed*.
        removed: scopes to leave out (« enlève logement », « tout sauf justice »).
        everything: every scope that the organisation allows.
        adds: the scopes come on top of those already given.
        other_duration: a duration that does not exist (« deux ans »), as it was written.
    """

    demarches: tuple[Demarche, ...] = ()
    removed: tuple[Demarche, ...] = ()
    everything: bool = False
    adds: bool = False
    duration: Duration | None = None
    other_duration: str | None = None
    present: bool | None = None
    adult: bool | None = None
    protected: bool | None = None

    @property
    def anything(self) -> bool:
        return self != Given(adds=self.adds)


def read(text: str) -> Given:
    """What *text* gives."""
    folded = _DIGITS_STUCK.sub(r"\1 ", fold(text))
    of_usager = _OF_RELATIVE.sub(" ", folded)
    protected = _protected(of_usager)
    without_ages, adult = _adult(of_usager)
    duration, other = _duration(without_ages)
    scopes = read_scopes(_UNPROTECTED.sub(" ", folded))
    return Given(
        demarches=scopes.named,
        removed=scopes.removed,
        everything=scopes.everything,
        adds=scopes.adds,
        duration=duration,
        other_duration=other,
        present=_present(text, folded),
        adult=adult,
        protected=protected,
    )


def _duration(folded: str) -> tuple[Duration | None, str | None]:
    """The duration of a mandate, the last one said; else a duration that no mandate has, as written."""
    found = [
        (match.end(), duration)
        for duration, pattern in _EXISTING
        for match in pattern.finditer(folded)
        if _lasts(folded, match)
    ]
    if found:
        return max(found, key=lambda one: one[0])[1], None
    if alone := _ALONE.search(folded):
        return (Duration.SHORT if alone["short"] else Duration.LONG), None
    exact = {match.span() for _, pattern in _EXISTING for match in pattern.finditer(folded)}
    for match in _DURATION.finditer(folded):
        if match.span() not in exact and _lasts(folded, match):
            return None, match.group()
    return None, None


def _lasts(folded: str, match: re.Match[str]) -> bool:
    before, after = folded[max(0, match.start() - 40) : match.start()], folded[match.end() :]
    if _PASSING.search(before) or _OF_TIME.match(after):
        return False
    return not (match.group().endswith(" jour") and _ONE_DAY.match(after))


def _adult(folded: str) -> tuple[str, bool | None]:
    """*folded* without the ages of people, and whether the usager is an adult."""
    adult: bool | None = None
    rest = folded
    for match in _ages(folded):
        rest = rest[: match.start()] + " " * len(match.group()) + rest[match.end() :]
        adult = _is_adult(match)
    plain = _NOT_MINOR.sub(" majeur ", folded)
    if adult is False or _MINOR.search(plain):
        return rest, False
    return rest, True if adult or _ADULT.search(plain) else None


def _ages(folded: str) -> Iterator[re.Match[str]]:
    """« elle a 7 ans », « 45 ans », not « pour 2 ans », nor « depuis 12 ans »."""
    for match in _AGE.finditer(folded):
        before = folded[max(0, match.start() - 40) : match.start()]
        alone = not re.search(r"\w", folded.replace(match.group(), "").replace("oui", "").replace("non", ""))
        if match["future"] or _OF_AGE.search(before):
            yield match
        elif _PASSING.search(before) or _FOR_LONG.search(before):
            continue
        elif (match["digits"] and int(match["digits"]) >= _OLDEST_DURATION and (alone or _is_adult(match))) or (
            match["tens"] and not before.endswith("et ")
        ):
            yield match


def _is_adult(match: re.Match[str]) -> bool:
    if match["future"]:
        return False
    if match["digits"]:
        return int(match["digits"]) >= ADULT_AGE
    return bool(match["tens"]) or match["small"].replace(" ", "-") not in _CHILD_AGES


def _protected(folded: str) -> bool | None:
    """« pas sous tutelle mais sous curatelle » is protected all the same."""
    plain = _NOT_YET_PROTECTED.sub(" ", folded)
    rest = _UNPROTECTED.sub(" ", plain)
    if _PROTECTED.search(rest):
        return True
    return False if rest != plain else None


def _present(text: str, folded: str) -> bool | None:
    rest = _ABSENT.sub(" ", folded)
    absent = rest != folded
    present = _PRESENT.search(rest) is not None or (not absent and _LA.search(text.lower()) is not None)
    return None if absent and present else False if absent else present or None
