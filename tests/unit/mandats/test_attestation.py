import io
import re
import struct
import time
import zlib
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from typing import Any

import pytest
import segno
from pypdf import PdfReader
from pypdf.generic import ArrayObject, DictionaryObject

from bot.demarches import Demarche
from bot.journal.actions import Action
from bot.mandats import wording
from bot.mandats.attestation import DESCRIPTIONS, Attestations, WordingAltered, grouped
from bot.mandats.identity import Identity
from bot.mandats.models import Usager
from bot.mandats.rules import Duration
from bot.mandats.typesetting import qr_svg
from bot.mandats.views import AccessRefused, Erased, MandatView, NotRevoked, Signature, Wording
from bot.mandats.wording import Text, UnknownWording
from tests.unit.mandats.world import ALL, SOME, WORDING, YOLANDE, World

URL = "https://equipier.exemple.fr"
CURRENT = wording.current()


@pytest.fixture
def attestations(world: World, monkeypatch: pytest.MonkeyPatch) -> Attestations:
    """Over a world that seals with the current text."""
    monkeypatch.setattr("tests.unit.mandats.world.WORDING", Wording(CURRENT.version, CURRENT.digest))
    return papers(world)


def papers(world: World, text_of: Callable[[str], Text] = wording.named) -> Attestations:
    return Attestations(
        world.database, world.register, world.journal, world.clock, public_url=f"{URL}/", text_of=text_of
    )


def read(pdf: bytes) -> str:
    """The text of a document, on one line, without what lets long words be cut."""
    assert pdf.startswith(b"%PDF-")
    text = " ".join(page.extract_text() for page in PdfReader(io.BytesIO(pdf)).pages)
    return " ".join(text.replace("\u200b", "").split())


def plain(text: str) -> str:
    """*text* without what typography changes."""
    return re.sub(r"\s", "", text).replace("’", "'")


def pages(pdf: bytes) -> int:
    return len(PdfReader(io.BytesIO(pdf)).pages)


def alternatives(pdf: bytes) -> list[str]:
    """The alternative texts in the structure tree."""

    def walk(node: Any) -> Iterator[str]:
        node = node.get_object()
        if isinstance(node, ArrayObject):
            for child in node:
                yield from walk(child)
        elif isinstance(node, DictionaryObject):
            if "/Alt" in node:
                yield str(node["/Alt"])
            yield from walk(node.get("/K", ArrayObject()))

    return list(walk(PdfReader(io.BytesIO(pdf)).trailer["/Root"]["/StructTreeRoot"]))


def links(pdf: bytes) -> set[str]:
    reader = PdfReader(io.BytesIO(pdf))
    annotations = [one.get_object() for page in reader.pages for one in page.get("/Annots", ())]
    return {str(one["/A"]["/URI"]) for one in annotations if "/A" in one}


def images(pdf: bytes) -> list[tuple[int, int]]:
    """Width and height of the images, in pixels; what draws the QR code is no image."""
    reader = PdfReader(io.BytesIO(pdf))
    objects = [
        one.get_object()
        for page in reader.pages
        for one in page["/Resources"].get("/XObject", DictionaryObject()).values()
    ]
    return [(one["/Width"], one["/Height"]) for one in objects if one["/Subtype"] == "/Image"]


def drawn(width: int = 300, height: int = 100) -> bytes:
    """A signature: a line across an image."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    rows = b"".join(b"\0" + (b"\0" if abs(y - height // 2) < 3 else b"\xff") * width for y in range(height))
    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


def erase(world: World, mandat: MandatView) -> None:
    with world.database.unit_of_work() as session:
        world.usagers.erase(session, session.get_one(Usager, mandat.usager_id))


def printed(world: World) -> int:
    return [entry.action for entry in world.journalled()].count(Action.PRINT_ATTESTATION)


# The attestation


def test_the_attestation_says_everything_that_was_agreed(world: World, attestations: Attestations) -> None:
    world.sql(
        "UPDATE organisations SET name = 'France Services de Guéret', address = '12 place Bonnyaud, 23000 Guéret'"
        " WHERE id = :id",
        id=world.actor.organisation,
    )
    mandat = world.seal()
    world.register.attach_official_number(world.actor, mandat.id, "AC-20261125-17")
    text = read(attestations.mandat(world.actor, mandat.id))
    for expected in (
        mandat.reference,
        "Kervella",
        "Yolande",
        "2 janvier 1950",
        "Brest",
        "France Services de Guéret",
        "12 place Bonnyaud, 23000 Guéret",
        "un an (365 jours)",
        "25 novembre 2026 à 12 h 02",  # 11:02 UTC
        "25 novembre 2027 à 12 h 02",
        "AC-20261125-17",
        "Signature de l’usager",
        "Pour la structure",
        "majeure",
        "sauvegarde de justice, curatelle ou tutelle",
        "qui agit par Maïwenn Le Goff",
        "page 1 / 2",
        "page 2 / 2",
        f"Version du texte signé : {CURRENT.version}",
        "clé « seal »",
    ):
        assert expected in text.replace("\u202f", " ").replace("\u00a0", " ")
    for demarche in SOME:
        assert demarche.titre in text
        assert DESCRIPTIONS[demarche] in text
    articles = CURRENT.paragraphs(
        "France Services de Guéret",
        "Maïwenn Le Goff",
        YOLANDE,
        SOME,
        mandat.duration.label,
        mandat.sealed_at,
        mandat.expires_at,
    )
    for number, article in enumerate(articles, 1):
        assert plain(f"Article {number}. {article}") in plain(text)
    assert mandat.fingerprint in text.replace(" ", "")
    assert grouped(mandat.fingerprint)[:39] in text
    assert "Argent" not in text


def test_every_scope_has_a_description_that_fits_its_line() -> None:
    assert set(DESCRIPTIONS) == set(Demarche)
    assert all(len(one.titre) + len(DESCRIPTIONS[one]) < 105 for one in Demarche)


def test_it_is_a_tagged_french_document(world: World, attestations: Attestations) -> None:
    mandat = world.seal()
    reader = PdfReader(io.BytesIO(attestations.mandat(world.actor, mandat.id)))
    root = reader.trailer["/Root"]
    assert "/StructTreeRoot" in root
    assert root["/MarkInfo"]["/Marked"]
    assert str(root["/Lang"]).startswith("fr")
    assert root["/ViewerPreferences"]["/DisplayDocTitle"]
    assert "pdfuaid" in root["/Metadata"].get_data().decode()
    assert reader.metadata is not None
    assert reader.metadata.title == f"Attestation du mandat {mandat.reference}"
    assert [round(float(side)) for side in reader.pages[0].mediabox[2:]] == [595, 842]  # A4, in points


def test_no_text_is_smaller_than_ten_and_a_half_points(world: World, attestations: Attestations) -> None:
    sizes: set[float] = set()
    for page in PdfReader(io.BytesIO(attestations.mandat(world.actor, world.seal(ALL).id))).pages:
        page.extract_text(visitor_text=lambda text, _cm, _tm, _font, size: sizes.add(size) if text.strip() else None)
    assert sizes
    assert min(sizes) >= 10.5


def test_the_ten_scopes_with_a_signature_fit_on_two_pages(world: World, attestations: Attestations) -> None:
    long = Identity("Kerguelen-Trémarec de la Villemarqué " * 2, "Marie Yolande Françoise " * 4, date(1950, 1, 2), "Y")
    mandat = world.seal(ALL, identity=long, signature=Signature(drawn()))
    world.register.revoke(world.actor, mandat.id, tuple(Demarche)[:5])
    assert pages(attestations.mandat(world.actor, mandat.id)) == 2


def test_argent_comes_with_the_warning_about_surendettement(world: World, attestations: Attestations) -> None:
    text = read(attestations.mandat(world.actor, world.seal((Demarche.ARGENT,)).id))
    (warning,) = CURRENT.warnings((Demarche.ARGENT,))
    assert plain(text).count(plain(warning)) == 1
    assert "R. 721-2 et R. 761-1" in text


def test_a_signature_drawn_on_screen_is_embedded_with_its_alternative(world: World, attestations: Attestations) -> None:
    pdf = attestations.mandat(world.actor, world.seal(signature=Signature(drawn(300, 100))).id)
    assert images(pdf) == [(300, 100)]
    assert "Signature de l’usager, dessinée à l’écran le 25 novembre 2026" in alternatives(pdf)
    assert "Dessinée à l’écran le 25 novembre 2026" in read(pdf)


def test_a_paper_copy_has_an_empty_box_to_sign(world: World, attestations: Attestations) -> None:
    pdf = attestations.mandat(world.actor, world.seal().id)
    assert images(pdf) == []
    assert "Dessinée" not in read(pdf)


def test_the_qr_code_leads_to_the_verification_page(
    world: World, attestations: Attestations, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn_for: list[str] = []
    monkeypatch.setattr("bot.mandats.attestation.qr_svg", lambda url: drawn_for.append(url) or qr_svg(url))
    mandat = world.seal()
    pdf = attestations.mandat(world.actor, mandat.id)
    url = f"{URL}/v/{mandat.public_token}"
    assert drawn_for == [url]
    assert links(pdf) == {url}
    assert f"Code QR de vérification : il ouvre {url}" in [one.replace("\u202f", " ") for one in alternatives(pdf)]
    assert world.verification.check(url.rpartition("/")[2]).verdict == "valid"


def test_the_drawing_of_a_qr_code_is_its_matrix() -> None:
    url = f"{URL}/v/7DsLTFg-iInZiSgcbHr6RqzR"
    path = re.search(r' d="([^"]+)"', qr_svg(url))
    assert path
    x = y = 0.0
    dark: set[tuple[int, int]] = set()
    for command, values in re.findall(r"([Mmh])([-\d. ]+)", path[1]):
        numbers = [float(value) for value in values.split()]
        if command == "h":
            dark |= {(int(y - 2), int(x - 2) + step) for step in range(int(numbers[0]))}
            x += numbers[0]
        else:
            x, y = (numbers[0], numbers[1]) if command == "M" else (x + numbers[0], y + numbers[1])
    expected = segno.make(url, micro=False, error="m").matrix
    assert dark == {(row, column) for row, line in enumerate(expected) for column, one in enumerate(line) if one}


@pytest.mark.parametrize(
    "name",
    [
        '#import "common.typ"',
        "#panic()",
        "*gras* _italique_ `code`",
        "$x^2$",
        'Jean "Jo" D\'Arc',
        "Le \\ Goff \\u{41}",
        "Le Goff // fin /* fin",
        "<label> @renvoi [contenu] {1 + 1}",
        "= Titre",
        "- liste -- tiret --- cadratin ~ ... ",
        '"}, "reference": "M-2026-9999-A0',
        "</svg><script>alert(1)</script>",
        "Nguyễn Thị Hà",
        "Łukasz Wiśniewski",
        "Émilie-Rose Œuvrard",
        "Дмитрий Ελένη",
    ],
)
def test_a_name_is_shown_as_typed_whatever_it_holds(world: World, attestations: Attestations, name: str) -> None:
    identity = Identity(name, name, date(1950, 1, 2), name)
    mandat = world.seal(identity=identity)
    pdf = attestations.mandat(world.actor, mandat.id)
    assert read(pdf).replace(" ", "").count(name.replace(" ", "")) >= 3
    assert mandat.reference in read(pdf)
    assert pages(pdf) == 2


def test_an_organisation_cannot_inject_either(world: World, attestations: Attestations) -> None:
    name = '#let x = 1 *x* $x$ "x" \\ // x'
    world.sql(
        "UPDATE organisations SET name = :name, address = :name WHERE id = :id", name=name, id=world.actor.organisation
    )
    assert name in read(attestations.mandat(world.actor, world.seal().id))


@pytest.mark.parametrize("name", ["W" * 100, " ".join(["Maximilienne"] * 8)])
def test_a_long_name_stays_on_the_page(world: World, attestations: Attestations, name: str) -> None:
    mandat = world.seal(identity=Identity(name, name, date(1950, 1, 2), name))
    reader = PdfReader(io.BytesIO(attestations.mandat(world.actor, mandat.id)))
    rights: list[float] = []
    for page in reader.pages:
        page.extract_text(visitor_text=lambda text, _cm, tm, _font, size: rights.append(tm[4]))
    assert max(rights) < 595
    assert name.replace(" ", "") in read(attestations.mandat(world.actor, mandat.id)).replace(" ", "")


@pytest.mark.parametrize("name", ["محمد", "გიორგი", "王小明"])
def test_a_name_in_any_script_still_makes_a_tagged_document(
    world: World, attestations: Attestations, name: str
) -> None:
    mandat = world.seal(identity=Identity(name, name, date(1950, 1, 2), ""))
    reader = PdfReader(io.BytesIO(attestations.mandat(world.actor, mandat.id)))
    assert "/StructTreeRoot" in reader.trailer["/Root"]


def test_the_text_shown_is_the_one_that_was_signed(world: World) -> None:
    old = Text(WORDING.version, WORDING.digest, ("Ce que l'on signait avant.",), {})
    mandat = world.seal()
    text = read(papers(world, {WORDING.version: old}.__getitem__).mandat(world.actor, mandat.id))
    assert "Article 1. Ce que l’on signait avant." in text
    assert "Article 2." not in text
    assert "Version du texte signé : v1." in text.replace("\u202f", " ")


def test_a_text_changed_since_is_not_shown_in_its_place(world: World) -> None:
    mandat = world.seal()
    changed = Text(WORDING.version, "1" * 64, ("Autre chose.",), {})
    with pytest.raises(WordingAltered):
        papers(world, lambda _version: changed).mandat(world.actor, mandat.id)
    with pytest.raises(UnknownWording):
        papers(world).mandat(world.actor, mandat.id)
    assert printed(world) == 0


def test_a_mandate_that_is_over_says_so(world: World, attestations: Attestations) -> None:
    revoked, expired = world.seal(), world.seal((Demarche.SOCIAL,), duration=Duration.SHORT)
    assert "ne permet plus d’agir" not in read(attestations.mandat(world.actor, revoked.id))
    world.register.revoke(world.actor, revoked.id)
    world.fake_clock.instant += timedelta(days=1)
    assert "Ce mandat a été révoqué" in read(attestations.mandat(world.actor, revoked.id))
    assert "Ce mandat a pris fin" in read(attestations.mandat(world.actor, expired.id))


# The certificate of a revocation


def test_the_certificate_of_one_scope_says_what_remains(world: World, attestations: Attestations) -> None:
    mandat = world.seal((Demarche.PAPIERS, Demarche.LOGEMENT, Demarche.SOCIAL))
    world.fake_clock.instant += timedelta(days=3, hours=2)
    world.register.revoke(world.actor, mandat.id, (Demarche.LOGEMENT,))
    pdf = attestations.revocation(world.actor, mandat.id)
    text = read(pdf).replace("\u202f", " ").replace("\u00a0", " ")
    assert f"Le mandat {mandat.reference} est révoqué pour cette démarche : Logement." in text
    assert "Créé le : 25 novembre 2026 à 12 h 02" in text
    assert "révoquée le 28 novembre 2026 à 14 h 02" in text
    remaining = text[text.index("Ce qui reste autorisé") :]
    assert Demarche.PAPIERS.titre in remaining
    assert Demarche.SOCIAL.titre in remaining
    assert "Logement" not in remaining
    assert links(pdf) == {f"{URL}/v/{mandat.public_token}"}


def test_the_certificate_of_a_whole_mandate(world: World, attestations: Attestations) -> None:
    mandat = world.seal()
    world.fake_clock.instant += timedelta(days=1)
    world.register.revoke(world.actor, mandat.id)
    text = read(attestations.revocation(world.actor, mandat.id)).replace("\u00a0", " ")
    assert f"Le mandat {mandat.reference} est entièrement révoqué depuis le 26 novembre 2026 à 12 h 02." in text
    assert "Rien" in text


def test_a_scope_replaced_by_a_newer_mandate_is_told_apart(world: World, attestations: Attestations) -> None:
    former = world.seal()
    world.seal((Demarche.PAPIERS,))
    text = read(attestations.revocation(world.actor, former.id))
    assert "remplacée par un mandat plus récent" in text
    assert "Logement" in text[text.index("Ce qui reste autorisé") :]


def test_nothing_revoked_makes_no_certificate(world: World, attestations: Attestations) -> None:
    mandat = world.seal(duration=Duration.SHORT)
    with pytest.raises(NotRevoked):
        attestations.revocation(world.actor, mandat.id)
    world.fake_clock.instant += timedelta(days=2)
    with pytest.raises(NotRevoked):
        attestations.revocation(world.actor, mandat.id)


# The log of uses


def test_the_log_tells_the_citizen_what_was_done(world: World, attestations: Attestations) -> None:
    mandat = world.seal((Demarche.PAPIERS, Demarche.LOGEMENT))
    other = world.seal((Demarche.SOCIAL,), identity=Identity("Autre", "Personne", date(1950, 1, 2), ""))
    world.fake_clock.instant += timedelta(days=2)
    world.register.use(world.actor, mandat.id, Demarche.LOGEMENT, note="F1341")
    world.register.use(world.actor, other.id, Demarche.SOCIAL)
    world.fake_clock.instant += timedelta(days=2)
    world.register.revoke(world.actor, mandat.id, (Demarche.PAPIERS,))
    for _ in range(2):
        world.register.mandat(world.actor, mandat.id)
    attestations.mandat(world.actor, mandat.id)
    pdf = attestations.uses(world.actor, mandat.id)
    text = read(pdf).replace("\u202f", " ").replace("\u00a0", " ")
    assert "27 novembre 2026 à 12 h 02 Logement : fiche F1341 de service-public" in text
    assert "25 novembre 2026 à 12 h 02 Mandat signé" in text
    assert "Autorisation donnée pour : Papiers - Citoyenneté - Élections, Logement" in text
    assert "29 novembre 2026 à 12 h 02 Autorisation révoquée pour : Papiers" in text
    assert "29 novembre 2026 Mandat consulté par la structure (4 fois)" in text
    assert "29 novembre 2026 Document imprimé (attestation, certificat ou relevé)" in text
    assert "Social - Santé" not in text
    assert "Maïwenn" not in text  # aidants are not named
    assert mandat.reference in text
    assert "/StructTreeRoot" in PdfReader(io.BytesIO(pdf)).trailer["/Root"]


def test_a_mandate_never_used_says_so(world: World, attestations: Attestations) -> None:
    assert "Aucune utilisation n’a été notée." in read(attestations.uses(world.actor, world.seal().id))


def test_a_long_log_goes_on_over_pages_with_its_header(world: World, attestations: Attestations) -> None:
    mandat = world.seal()
    for _ in range(60):
        world.fake_clock.instant += timedelta(hours=5)
        world.register.use(world.actor, mandat.id, Demarche.LOGEMENT)
    pdf = attestations.uses(world.actor, mandat.id)
    assert pages(pdf) > 1
    reader = PdfReader(io.BytesIO(pdf))
    assert all("Quand (heure de Paris)" in page.extract_text() for page in reader.pages[:2])


# Who may, and what is journalled


@pytest.mark.parametrize("paper", ["mandat", "revocation", "uses"])
def test_each_paper_is_journalled_once_it_exists(world: World, attestations: Attestations, paper: str) -> None:
    mandat = world.seal()
    world.register.revoke(world.actor, mandat.id, (Demarche.PAPIERS,))
    getattr(attestations, paper)(world.actor, mandat.id)
    last = world.last_entry()
    assert (last.action, last.mandat, last.aidant) == (Action.PRINT_ATTESTATION, mandat.id, world.actor.aidant)
    assert printed(world) == 1


@pytest.mark.parametrize("paper", ["mandat", "revocation", "uses"])
def test_another_organisation_gets_nothing_and_the_attempt_is_journalled(
    world: World, attestations: Attestations, paper: str
) -> None:
    mandat = world.seal(signature=Signature(drawn()))
    world.register.revoke(world.actor, mandat.id, (Demarche.PAPIERS,))
    with pytest.raises(AccessRefused):
        getattr(attestations, paper)(world.stranger, mandat.id)
    assert world.last_entry(world.stranger).action == Action.REFUSE_ACCESS
    assert printed(world) == 0


@pytest.mark.parametrize("paper", ["mandat", "revocation", "uses"])
def test_an_erased_person_has_no_papers(world: World, attestations: Attestations, paper: str) -> None:
    mandat = world.seal(signature=Signature(drawn()))
    world.register.revoke(world.actor, mandat.id, (Demarche.PAPIERS,))
    erase(world, mandat)
    with pytest.raises(Erased):
        getattr(attestations, paper)(world.actor, mandat.id)
    assert printed(world) == 0


def test_the_same_paper_at_the_same_instant_is_the_same_file(world: World, attestations: Attestations) -> None:
    mandat = world.seal(identity=YOLANDE)
    assert attestations.mandat(world.actor, mandat.id) == attestations.mandat(world.actor, mandat.id)


def test_a_paper_is_made_while_someone_waits(world: World, attestations: Attestations) -> None:
    mandat = world.seal(ALL, signature=Signature(drawn()))
    start = time.perf_counter()
    attestations.mandat(world.actor, mandat.id)
    assert time.perf_counter() - start < 5  # 50 ms when nothing else runs
