"""The scopes that a message names, and those that it leaves out. Pure."""

import re
from dataclasses import dataclass

from bot.demarches import Demarche

# Words of each scope: those of its title, and the procedures that aidants name instead. Folded text.
_WORDS = {
    Demarche.PAPIERS: (
        r"papiers?(?! (?:de la |de sa |du )(?:voiture|vehicule))|citoyennete|elections?|(?:cartes?|pieces?|titres?)"
        r" (?:nationales? )?d'identite|identite|cni"
        r"|passeports?|etat civil|recensement|actes? de naissance|listes? electorales?"
    ),
    Demarche.FAMILLE: (
        r"familles?|allocations? familiales?|scolarite|scolaires?|ecoles?|colleges?|lycees?|cantine|creche|naissance"
        r"|mariage|pacs|divorce"
    ),
    Demarche.SOCIAL: (
        r"socia(?:l|les?|ux)|sante|secu|securite sociale|ameli|cpam|caf|rsa|css|c2s|cmu|puma|apa|aah|mdph|mutuelle"
        r"|carte vitale|handicap|adultes? handicapes?|aspa|allocations?|prime d'activite|carte mobilite inclusion|cmi"
        r"|(?:arrets?|accidents?) (?:de|du) travail"
    ),
    Demarche.TRAVAIL: r"travail|emplois?|formations?|chomage|retraites?|france travail|pole emploi|carsat|cpf",
    Demarche.LOGEMENT: (
        r"logements?(?: socia(?:l|ux))?|loyers?|apl|hlm|bail|locataires?|visale|cheque energie|permis de construire"
    ),
    Demarche.TRANSPORTS: (
        r"transports?|mobilite|permis(?: de conduire)?(?! de (?:sejour|chasse|peche))|cartes?"
        r" grises?|vehicules?|voitures?|ants|certificat"
        r" d'immatriculation|papiers (?:de la |de sa |du )(?:voiture|vehicule)"
    ),
    Demarche.ARGENT: (
        r"argent|impots?|consommation|fiscal\w*|banques?|bancaires?|surendettement|taxes?|revenus|credits?"
    ),
    Demarche.JUSTICE: r"justice|tribunal|aide juridictionnelle|casier(?: judiciaire)?|plaintes?",
    Demarche.ETRANGER: r"etrangers?|europe|(?:titres?|cartes?|permis) de sejour|naturalisation|visas?",
    Demarche.LOISIRS: (
        r"loisirs?|sports?|culture|vacances|associations?|bafa|(?:permis de )?chasse|(?:carte de )?peche"
    ),
}
# Where those words mean something else.
_NOISE = re.compile(
    r"\bsauvegardes? de justice\b|\bhabilitation familiale\b|"
    r"\b(?:date|lieu) de naissance\b|\bassistante?s? socia\w+|\btravailleu\w+ socia\w+|\breseaux sociaux\b"
    r"|\b(?:au|bon|beau|mon) travail\b"
    r"|\bemploi du temps\b|\bmode d'emploi\b|\btimbres? fisca\w+"
    r"|\b(?:mandat|format|version|dossier|support|formulaire|en|sur) papier\b"
    r"|\b(?:avec|apporte|presente) (?:sa|son|une) (?:carte|piece|titre) (?:nationale )?d'identite\b"
    r"|\b(?:son|l'|leur|votre|mon) ?identite\b"
    r"|\b(?:m'a|l'a|a|ont|avoir|est) permis\b|\bcarte visa\b|\b(?:est|sont|suis|etes|soient) revenus\b"
    r"|\ben vacances\b|\bmembres? de (?:sa|la|leur|ma) famille\b|\b(?:avec|par|chez) (?:sa|la|de la|leur) famille\b"
    r"|\b(?:je suis|je travaille|on est|nous sommes) (?:bien )?(?:a|dans|au|en) (?:l'|la |le |une |un |mon |notre"
    r" )?\w+"
    r"|\bjuges? (?:des tutelles|aux affaires familiales)\b|\bbonne sante\b|\ballocations? (?=(?:de )?logement)"
)
_EVERYTHING = re.compile(
    r"\btou(?:s|tes) (?:les |ses |mes |leurs )?(?:dix |10"
    r" )?(?:themes?|demarches?|perimetres?|domaines?|autorisations?)\b"
    r"|\btou(?:t|s|tes) sauf\b|\bles (?:dix|10)(?= themes?\b| demarches?\b|\W*$)|\bla totale\b|\bl'ensemble des"
    r" themes\b"
    r"|^(?:\W|oui|ok|alors|on prend|je prends|mets|mettez|coche[rz]?|pour|je veux)*\b(?:tout|tous|toutes)\b"
    r"(?=(?:\W|stp|svp|s'il (?:te|vous) plait|merci|cocher)*$)"
)
_ALL_OUT = re.compile(r"\b(?:enleve\w*|retire\w*|supprime\w*|annule\w*|efface\w*)\W+(?:tout|tous|toutes)\b(?! sauf)")
_SCOPE_WORDS = "|".join(_WORDS.values())
# One pass over a message: what leaves out, what keeps, the scopes between them, and where a sentence ends.
_MARKS = re.compile(
    r"\b(?P<out>enleve\w*|retire[rz]?|supprime[rz]?|annule[rz]?|sauf|excepte|a part|hors|remplace[rz]?|a la place"
    r"|au lieu|plutot que?|pas besoin|pas la peine|(?:ne|n') ?\w+ (?:plus|pas) besoin)\b"
    r"|\b(?P<weak>sans|ni|pas|(?:ne|n') ?(?:veut|veux|voulons|faut|prend\w*) plus)\b"
    r"|\b(?P<keep>r?ajoute\w*|mais|plutot|mets|mettez|garde\w*|par|remets|uniquement|seulement|juste)\b"
    + "".join(rf"|\b(?P<{demarche.value}>{words})\b" for demarche, words in _WORDS.items())
    + r"|(?P<end>[.;!?\n]+)|(?P<comma>,)|\b(?P<link>et|ou|le|la|les|du|de|des|un|une|aux?|theme|pour|ce|cette|sa|son"
    r"|ses|demarche|en|compte|l|d)\b|(?P<word>\w+)"
)
_ADDS = re.compile(
    r"\b(?:aussi|r?ajoute\w*|en plus|egalement|en meme temps|remets)\b"
    rf"|\bplus (?:la |le |les |l'|du |de la |des )?(?={_SCOPE_WORDS}\b)|^\W*(?:oui |ok |alors )*\W*et\b|\+"
)


@dataclass(frozen=True, slots=True)
class Scopes:
    """The scopes named, those left out, whether all are wanted, and whether they come on top of others."""

    named: tuple[Demarche, ...]
    removed: tuple[Demarche, ...]
    everything: bool
    adds: bool


def read_scopes(folded: str) -> Scopes:
    """What a folded message says of scopes.

    « enlève la justice et le logement » leaves both out; « sans justice, logement » one, « pas de souci pour le
    logement » none: « sans », « pas » and « ni » only bear on what follows at once.
    """
    folded = _NOISE.sub(" ", folded)
    named: dict[Demarche, None] = {}
    removed: dict[Demarche, None] = {}
    places: list[int] = []
    out = weak = False
    for match in _MARKS.finditer(folded):
        kind = str(match.lastgroup)
        if kind in ("out", "weak"):
            out, weak = True, kind == "weak"
        elif kind in ("keep", "end") or (weak and kind in ("word", "comma")):
            out = False
        elif kind in set(Demarche):
            (removed if out else named)[Demarche(kind)] = None
            if not out:
                places += (match.start(), match.end())
    kept = tuple(demarche for demarche in Demarche if demarche in named)
    left = tuple(demarche for demarche in Demarche if demarche in removed and demarche not in named)
    # « travail et aussi santé » names two scopes; « aussi travail et santé » adds them to others.
    adds = any(
        not places or match.start() < min(places) or match.start() >= max(places) for match in _ADDS.finditer(folded)
    )
    everything = _EVERYTHING.search(folded) is not None and _ALL_OUT.search(folded) is None
    # « tout sauf ça » is not everything.
    return Scopes(kept, left, everything=everything and (bool(left) or " sauf" not in folded), adds=adds)
