"""Postal addresses of persons: number and street, residence, lieu-dit, with floor, postcode and town."""

import re

from bot.privacy.spans import PiiType, Span

_WAY = (
    r"(?:rue|r\.|avenue|ave?\.?|bo?ulevard|boul|bd\.?|bld\.?|chemin|ch\.|che|impasse|imp\.?|all[ée]es?|all\.|place|pl\.?|quai|route|rte\.?|"
    r"square|sq\.?|cours|passage|sentier|sente|voie|villa|cit[ée]|hameau|faubourg|fbg\.?|rond[- ]point|lotissement|"
    r"lot\.?|r[ée]sidence|r[ée]s\.?|mont[ée]e|ruelle|traverse|esplanade|mail|promenade|venelle|clos|domaine|quartier|quai|chauss[ée]e|"
    r"cour|galerie|rampe|carrefour|parvis|porte|pont|c[ôo]te|corniche|mas|levée|vall[ée]e|lieu[- ]?dit)"
)
_NUMBER = r"\d{1,4}\s?(?:bis|ter|quater|[a-d](?![^\W\d_]))?(?:\s?[-/]\s?\d{1,4})?"
# Words that end a street name: what follows belongs to the sentence.
_STOP = (
    r"(?:et|ou|mais|donc|car|depuis|pour|par|avec|sans|qui|que|quoi|dont|quand|comment|il|elle|ils|elles|je|on|nous|vous|tu|a|à|est|sont|"
    r"était|veut|veu|doit|doi|peut|va|vient|n|ne|son|sa|ses|mon|ma|mes|ce|cette|c|j|y|en|dans|sur|chez|fait|faut|demande|avait|ont|ai|"
    r"avant|après|apres|pas|non|oui|svp|stp|merci|bonjour|au|aux|tel|tél|téléphone|né|née|nee|mail|email|code|cp|appt?|apt|appartement|"
    r"b[âa]t(?:iment)?|[ée]tage|esc(?:alier)?|entr[ée]e|porte|rdc|hall|son|suite|comme|si|toujours|maintenant|actuellement|mariée?|"
    r"quel|quelle|où|déménage|habite|c['’]est|quelles|quels|lui|leur|se|s|t|m|qu|voudrait|souhaite|cherche|reçoit|touche|\d+(?!\s?(?:janvier|f[ée]vrier|mars|"
    r"avril|mai|juin|juillet|ao[uû]t|septembre|octobre|novembre|d[ée]cembre)))"
)
_WORD = r"[^\W_](?:[\w'’.-]*\w)?"
_NAME = rf"(?:(?!{_STOP}\b){_WORD})(?:\s(?!{_STOP}\b){_WORD}){{0,5}}"
_STREET = re.compile(rf"(?<![\w/*,.-]){_NUMBER}\s?,?\s*{_WAY}(?![^\W\d_])\s+{_NAME}", re.IGNORECASE)
_UNNUMBERED = re.compile(rf"(?<![\w-]){_WAY}(?![^\W\d_])\s+{_NAME}", re.IGNORECASE)

_PART = (
    r"(?:b[âa]t(?:iment|\.)?\s?[a-z0-9]{1,3}|(?:appt?|apt|appart|appartement|logt|logement|porte|bo[iî]te|esc(?:alier|\.)?|entr[ée]e|hall|"
    r"[ée]tage|[ée]t\.?|bp|cs|tour)\.?\s?(?:n[°o]\s?)?[a-z]?\d{1,5}[a-z]?|(?:porte|entr[ée]e|hall|esc(?:alier|\.)?|appt?|tour)\s[a-z](?!\w)|"
    r"\d{1,2}\s?(?:er|e|eme|ème|è|ième|ieme|re|ère)\s+[ée]tage(?:\s(?:droite|gauche|à\sdroite|à\sgauche|face))?|rdc|"
    r"rez[- ]de[- ]chauss[ée]e|porte\s(?:droite|gauche))"
)
_RESIDENCE = (
    r"(?:r[ée]sidence|r[ée]s\.|lotissement|lieu[- ]?dit|cit[ée]|hameau|foyer|chez\s(?:m\.|mme|mr|monsieur|madame))"
    rf"\s{_NAME}"
)
_TOWN_WORD = r"[^\W\d_](?:[^\W\d_]|['’.-](?=[^\W\d_]))*"
_LITTLE = r"(?:(?:saint|sainte|st|ste|la|le|les|l['’]|sur|sous|en|lès|les|aux?|de|du|des)[\s-])"
_CAPITAL_WORD = rf"(?-i:[A-ZÀ-Ý]){_TOWN_WORD}"
_TOWN = (
    rf"(?!{_STOP}\b){_LITTLE}?{_TOWN_WORD}"
    rf"(?:\s(?:sur|sous|lès|en|aux?|de|du|des|la|le|les)\s(?:la\s|l['’])?{_CAPITAL_WORD}|\s(?!{_STOP}\b){_CAPITAL_WORD})*"
)
_POSTCODE = r"(?:F-)?(?:0[1-9]|[1-8]\d|9[0-8])\s?\d{3}(?!\d)"
_UP_TO_POSTCODE = re.compile(rf"(?:\s[^\W\d_][\w'’-]*){{1,4}}(?=[\s,]+(?:{_POSTCODE}|{_PART}))", re.IGNORECASE)
_PLACE = re.compile(
    rf"[\s,;:(-]*(?:[àa]\s)?{_POSTCODE}(?:[\s,-]+(?:[àa]\s)?{_TOWN})?(?:\s(?:cedex)(?:\s\d{{1,2}})?)?\)?|"
    rf"\s*,?\s*(?:[àa]\s)(?-i:[A-ZÀ-Ý]){_TOWN_WORD}(?:[\s,(-]*{_POSTCODE}\)?)?|\s*,\s*(?-i:[A-ZÀ-Ý]){_TOWN_WORD}[\s,(-]*{_POSTCODE}\)?",
    re.IGNORECASE,
)
_TAIL = re.compile(rf"[\s,;-]*(?:{_PART}|{_RESIDENCE})(?!\w)", re.IGNORECASE)
_LEAD = re.compile(rf"(?:(?:{_PART}|(?:r[ée]sidence|r[ée]s\.)\s{_NAME}|appartement|appt)[\s,;-]+)+$", re.IGNORECASE)

_HOME_CUE = re.compile(
    r"(?:\b(?:habit\w*|abite|demeur\w*|domicili\w*|domicile|log[ée]e?s?|loge|vit|vivent|r[ée]sid(?:e|ent|ant)|h[ée]berg[ée]\w*|adress\w*|"
    r"d[ée]m[ée]nag\w*|emm[ée]nag\w*|install[ée]e?s?)\b)[^.?!]{0,40}$",
    re.IGNORECASE,
)
_ADDRESS_CUE = re.compile(
    r"\b(?:adress?e(?:\s(?:postale|actuelle|exacte|compl[èe]te|personnelle))?|domicili[ée]e?|habite|demeurant|r[ée]sidant)\s?"
    r"(?::|c['’]?est|est|au|[àa])?\s+",
    re.IGNORECASE,
)
_FREE = re.compile(
    rf"(?!{_STOP}\b)(?:\d{{1,4}}\s(?:bis\s|ter\s)?,?\s?)?(?:{_WORD}[\s,]+){{1,6}}?{_POSTCODE}\s+{_TOWN}", re.IGNORECASE
)
_BODY = (
    r"mairie|pr[ée]fecture|sous-pr[ée]fecture|caf|cpam|msa|carsat|agence|bureau|tribunal|maison|france services?|"
    r"espace|centre|m[ée]diath[èe]que|biblioth[èe]que|tr[ée]sorerie|[ée]cole|coll[èe]ge|lyc[ée]e|gare|poste|permanence|"
    r"guichet|h[ôo]pital|clinique|pharmacie|commissariat|gendarmerie|ccas|consulat|ambassade|p[ôo]le emploi|imp[oô]ts|"
    r"centre des finances publiques|cr[èe]che|mission locale|association|local|antenne|si[èe]ge|magasin|banque|cabinet|"
    r"[ée]glise|mosqu[ée]e|salle|gymnase|stade|foyer|ehpad"
)
_BODY_BEFORE = re.compile(
    rf"\b(?:{_BODY})s?(?:\s(?:de|du|des|de la|d['’]|social|sociale|municipale?|postale?|centrale?|principale?|primaire|"
    r"maternelle)?\s?(?:[A-ZÀ-Ý][\w'’-]*)?){0,3}"
    r"\s*[,(:]*\s*(?:au|[àa]|sise?|situ[ée]e?(?:\sau)?|du|de la|de l['’]|des|de|dans la|c['’]est)?\s*(?:la\s|le\s)?$",
    re.IGNORECASE,
)
# Ways that are everyday words too: « 3 places », « 1972 porte la mention » need more proof than a number before them.
_WEAK_WAY = re.compile(
    r"\S+?\s?(?:bis|ter)?\s?,?\s*(?:places?|pl|voie|villa|cit[ée]|cours?|mail|domaine|quartier|porte|pont|ch|che|all|lot|imp|r|res|rés|mas|"
    r"passage|clos|galerie|rampe|parvis|c[ôo]te|ave?|carrefour|hameau|r[ée]sidence|route|lev[ée]e|vall[ée]e|square|sq)\.?\s",
    re.IGNORECASE,
)
# « résidence principale », « cité scolaire », « place en crèche »: the word of a way that is not one.
_NOT_A_WAY = re.compile(
    r"(?:r[ée]sidence|r[ée]s)\.?\s(?:principale|secondaire|autonomie|s[ée]nior|[ée]tudiante|universitaire|sociale|altern[ée]e|habituelle|fiscale|"
    r"permanente|service|hab|en|temporaire|crous|du|de\b|dans|à|pour)|cours?\s(?:de\b|d['’]|du\b|par|à|en|particulier)|cit[ée]\s(?:scolaire|u\b|universitaire|de\s)|"
    r"place\s(?:de\sparking|de\sstationnement|en\b|dans|de\scr[èe]che|handicap)|(?:porte|pont|route|voie|c[ôo]t[ée])\s(?:d['’]|du\s|de\s|pas|et)|"
    r"quartier\s(?:prioritaire|de\b|politique)|"
    r"(?:passage|domaine|promenade|mail|lot|all|che|mas|pl|ave?|res|rés)\s(?:de|du|des|d['’]|le|la|les|en)?\b",
    re.IGNORECASE,
)


def addresses(text: str) -> list[Span]:
    """Addresses where somebody lives. The street of a town hall, a postcode or a town alone are nobody's address."""
    found: list[Span] = []
    streets = list(_STREET.finditer(text))
    for m in streets:
        whole = _complete(text, m.start(), m.end())
        if not _is_of_a_body(text, m.start()) and (not _WEAK_WAY.match(m.group()) or _is_proven(text, m, whole)):
            found.append(whole)
    for m in _UNNUMBERED.finditer(text):
        if any(street.start() <= m.start() < street.end() for street in streets):
            continue
        whole = _complete(text, m.start(), m.end())
        at_home = _is_proper(m.group()) and _is_at_home(text, m.start())
        placed = _is_placed(text, m.end(), whole)
        if (placed or at_home) and not _NOT_A_WAY.match(m.group()) and not _is_of_a_body(text, m.start()):
            found.append(whole)
    for cue in _ADDRESS_CUE.finditer(text):
        free = _FREE.match(text, cue.end())
        known = free is not None and any(span.start < free.end() and free.start() < span.end for span in found)
        if free and not known and _says_more_than_town(free.group()):
            found.append(Span(free.start(), free.end(), PiiType.ADRESSE))
    return found


def _complete(text: str, start: int, end: int) -> Span:
    """Widens the street with what stands before it (floor, residence) and after it (flat, postcode, town)."""
    inner = re.search(rf"[\s,]+{_POSTCODE}", text[start:end])
    if inner:
        end = start + inner.start()
    # « 3 impasse du puits à roue, 44000 … »: a postcode or a floor close behind shows that the street went on.
    more = _UP_TO_POSTCODE.match(text, end)
    if more:
        end = more.end()
    lead = _LEAD.search(text, max(0, start - 70), start)
    if lead:
        start = lead.start()
    for _ in range(4):
        tail = _TAIL.match(text, end)
        if tail is None:
            break
        end = tail.end()
    place = _PLACE.match(text, end)
    if place:
        end = place.end()
        after = _TAIL.match(text, end)
        end = after.end() if after else end
    while end > start and text[end - 1] in " ,;:.-(":
        end -= 1
    if text[end - 1] == ")" and "(" not in text[start:end]:
        end -= 1
    return Span(start, end, PiiType.ADRESSE)


def _is_of_a_body(text: str, start: int) -> bool:
    return _BODY_BEFORE.search(text, max(0, start - 60), start) is not None


def _is_at_home(text: str, start: int) -> bool:
    return _HOME_CUE.search(text, max(0, start - 60), start) is not None


def _is_placed(text: str, end: int, whole: Span) -> bool:
    """Whether a postcode, a floor or a flat follows the name of the way."""
    return any(c.isdigit() for c in text[end : whole.end])


def _is_proven(text: str, street: re.Match[str], whole: Span) -> bool:
    named = street.group().lstrip("0123456789 ")
    return _is_placed(text, street.end(), whole) or _is_proper(named) or _is_at_home(text, street.start())


def _is_proper(way: str) -> bool:
    """Whether a street without number is named as one: a capital after it, or « des », « du », « de la » and a word."""
    _, _, name = way.partition(" ")
    return (
        re.match(
            r"(?:l[ea]s?\s|l['’]|du\s|des\s|de\s(?:la\s|l['’])?|d['’])?[A-ZÀ-Ý]|(?:des|du|de la|de l['’])\s?\w{4,}",
            name,
        )
        is not None
    )


def _says_more_than_town(chunk: str) -> bool:
    before = re.split(_POSTCODE, chunk, maxsplit=1)[0].strip(" ,")
    return (
        len(before.split()) >= 2 and re.match(r"(?:[àa]|au|aux|dans|en|sur|la|le)\s\w+$", before, re.IGNORECASE) is None
    )
