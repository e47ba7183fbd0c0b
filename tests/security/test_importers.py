"""What comes from outside to become fiches: any file is read, or refused by name, and nothing is written."""

import gzip
import io
import json
import tarfile
import zipfile
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import CorpusError
from bot.fiches.importers.archives import FolderSource, Limits, Member, Rejected, TarSource, ZipSource
from bot.fiches.importers.guides import read_guides
from bot.fiches.importers.publication import fiche_of
from bot.fiches.importers.tree import MAX_BYTES, MAX_DEPTH, read_tree
from tests.security.fuzz import any_text, examples

TAGS = st.sampled_from(
    [
        "Publication",
        "Theme",
        "Titre",
        "Introduction",
        "Texte",
        "Chapitre",
        "SousChapitre",
        "Paragraphe",
        "Liste",
        "Item",
        "Tableau",
        "Rangée",
        "Cellule",
        "Cas",
        "ListeSituations",
        "Situation",
        "BlocCas",
        "ServiceEnLigne",
        "OuSAdresser",
        "VoirAussi",
        "Fiche",
        "LienExterne",
        "LienExterneCommente",
        "LienWeb",
        "Image",
        "dc:title",
        "dc:date",
        "Inconnu",
    ]
)
ATTRIBUTES = st.dictionaries(
    st.sampled_from(["ID", "URL", "type", "fusionVerticale", "fusionHorizontale", "numerocerfa", "format"]),
    st.one_of(
        st.sampled_from(["F1", "F99999999999", "javascript:alert(1)", "https://exemple.fr", "999999999", "-1", "²"]),
        st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), max_size=20),
    ),
    max_size=3,
)
PRINTED = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), max_size=40)
leaves = st.builds(lambda text: {"type": "text", "text": text}, PRINTED)
elements = st.recursive(
    leaves,
    lambda children: st.builds(
        lambda name, attributes, inside: {
            "type": "element",
            "name": name,
            "attributes": attributes,
            "children": inside,
        },
        TAGS,
        ATTRIBUTES,
        st.lists(children, max_size=4),
    ),
    max_leaves=25,
)
publications = st.builds(
    lambda inside, title: {
        "id": "F1",
        "children": [
            {
                "type": "element",
                "name": "Publication",
                "attributes": {"ID": "F1"},
                "children": [
                    {"type": "element", "name": "dc:title", "children": [{"type": "text", "text": title}]},
                    *inside,
                ],
            }
        ],
    },
    st.lists(elements, max_size=6),
    PRINTED,
)
anything = st.recursive(
    st.one_of(st.none(), st.booleans(), st.floats(), st.integers(), any_text),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(any_text, inner, max_size=3)),
    max_leaves=12,
)


def read(name: str, content: bytes) -> None:
    """Reads a file as an import does; a refusal has its reason, in one line."""
    reason, fiche = "read", None
    try:
        fiche = fiche_of(read_tree(name, content))
    except CorpusError as error:
        reason = str(error)
    assert reason
    if fiche is not None:
        fiche.model_dump_json().encode()  # a base can hold it
        assert all(link.url.startswith(("", "https://", "http://")) for link in (*fiche.services, *fiche.contacts))
        assert not any(link.url.lower().startswith("javascript") for link in (*fiche.services, *fiche.references))


@given(publications)
@examples(120)
def test_any_publication_is_read_or_refused(publication: dict[str, Any]) -> None:
    read("F1.json", json.dumps(publication).encode())


@given(anything)
@examples(80)
def test_any_json_is_read_or_refused(document: Any) -> None:
    for shape in (document, {"children": [document]}, {"children": [{"type": "element", "name": document}]}):
        read("F1.json", json.dumps(shape).encode("utf-8", "surrogatepass"))
    element = {"type": "element", "name": "Publication", "attributes": document, "children": document}
    read("F1.json", json.dumps({"children": [element]}).encode("utf-8", "surrogatepass"))


@given(st.one_of(st.binary(max_size=400), any_text.map(lambda text: text.encode("utf-8", "replace"))))
@examples(120)
def test_any_bytes_are_read_or_refused(content: bytes) -> None:
    for name in ("F1.json", "F1.xml"):
        read(name, content)
    read("F1.xml", b'<?xml version="1.0" encoding="utf-8"?><Publication ID="F1">' + content + b"</Publication>")
    read("F1.xml", b'<?xml version="1.0" encoding="' + content[:30] + b'"?><Publication/>')


@given(st.integers(1, 400), st.integers(0, 30))
@examples(25)
def test_deep_xml_is_refused_at_the_limit(depth: int, more: int) -> None:
    content = b"<Publication>" * depth + b"<a/>" * more + b"</Publication>" * depth
    if depth > MAX_DEPTH:
        with pytest.raises(CorpusError, match="niveaux"):
            read_tree("F1.xml", content)
    else:
        read("F1.xml", content)


BOMBS = {
    "laughs": b'<!DOCTYPE l [<!ENTITY a "x"><!ENTITY b "&a;&a;&a;&a;&a;&a;">]><Publication>&b;</Publication>',
    "parameter": b'<!DOCTYPE p [<!ENTITY % a "b"> %a;]><Publication/>',
    "file": b'<!DOCTYPE p [<!ENTITY f SYSTEM "file:///etc/passwd">]><Publication>&f;</Publication>',
    "address": b'<!DOCTYPE p SYSTEM "https://ailleurs.example/p.dtd"><Publication/>',
    "inclusion": b'<Publication xmlns:x="http://www.w3.org/2001/XInclude"><x:include href="/etc/passwd"/>'
    b"</Publication>",
    "attribute": b'<!DOCTYPE p [<!ATTLIST Publication ID CDATA "F1">]><Publication/>',
    "utf-16": (
        '<?xml version="1.0" encoding="utf-16"?><!DOCTYPE p [<!ENTITY a "x">]><Publication>&a;</Publication>'
    ).encode("utf-16"),
    "utf-7": b'<?xml version="1.0" encoding="utf-7"?>+ADwAIQ-DOCTYPE p+AD4-<Publication/>',
    "one attribute": b'<Publication ID="' + b"x" * (MAX_BYTES // 2) + b'"/>',
    "attributes": b"<Publication " + b" ".join(b'a%d=""' % n for n in range(50_000)) + b"/>",
    "comments": b"<Publication>" + b"<!---->" * 100_000 + b"</Publication>",
    "text in pieces": b"<Publication>" + b"&#65;" * 200_000 + b"</Publication>",
    "json numbers": b'{"children": [' + b"9" * 5000 + b"]}",
    "json depth": b"[" * 200_000,
    "json keys": b'{"children": [{"type": "element", "name": "Publication", "attributes": {'
    + b",".join(b'"%d": "x"' % n for n in range(50_000))
    + b"}}]}",
}


@pytest.mark.timeout(60)
@pytest.mark.parametrize("name", BOMBS)
def test_a_bomb_does_not_go_off(name: str) -> None:
    content = BOMBS[name]
    read("F1.json" if name.startswith("json") else "F1.xml", content)


@given(st.binary(max_size=200), st.integers(0, 200), st.binary(min_size=1, max_size=8))
@examples(60)
def test_any_archive_is_read_or_refused(tmp_path: Path, noise: bytes, at: int, patch: bytes) -> None:
    """Noise, and honest archives of which a few bytes were changed."""
    for make, source in ((_zip, ZipSource), (_tar, TarSource)):
        honest = make()
        spoilt = honest[: at % len(honest)] + patch + honest[at % len(honest) + len(patch) :]
        for content in (noise, spoilt, honest[: at % len(honest)]):
            path = tmp_path / "archive"
            path.write_bytes(content)
            try:
                members = list(source(path, limits=Limits(total_bytes=100_000, member_bytes=50_000)))
            except CorpusError:
                continue
            for member in members:
                assert member.reason if isinstance(member, Rejected) else len(member.content) <= 50_000


@given(st.lists(st.sampled_from(["../../F1.xml", "/F1.xml", "C:\\F2.xml", "a/F3.xml", "..\\F4.xml"]), unique=True))
@examples(40)
def test_no_name_of_a_member_gets_out(tmp_path: Path, names: list[str]) -> None:
    """Nothing is ever written: a name that climbs is refused all the same."""
    path = tmp_path / "names.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for name in names:
            archive.writestr(name, "<Publication/>")
    before = {one.name for one in tmp_path.iterdir()}
    for member in ZipSource(path):
        assert isinstance(member, Member if member.name == "a/F3.xml" else Rejected), member.name
    assert {one.name for one in tmp_path.iterdir()} == before


def test_a_bomb_in_a_zip_is_refused_by_its_expansion(tmp_path: Path) -> None:
    path = tmp_path / "bomb.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("F1.xml", b" " * (7 * 1024 * 1024))
        archive.writestr("F2.xml", b"<Publication/>")
    bomb, honest = list(ZipSource(path))
    assert isinstance(bomb, Rejected)
    assert isinstance(honest, Member)


header_values = st.one_of(any_text, st.integers(), st.none(), st.lists(any_text, max_size=3), st.booleans())


@given(st.dictionaries(st.sampled_from(["id", "title", "source", "verified_on", "scope", "questions"]), header_values))
@examples(60)
def test_any_guide_is_read_or_refused_by_name(tmp_path: Path, header: dict[str, Any]) -> None:
    lines = [f"{name}: {json.dumps(value)}" for name, value in header.items()]
    text = "---\n" + "\n".join(lines) + "\n---\nTexte.\n"
    (tmp_path / "guide.md").write_bytes(text.encode("utf-8", "replace"))
    guides, rejected = read_guides(tmp_path)
    assert len(guides) + len(rejected) == 1
    assert all(one.reason for one in rejected)


HEADERS = {
    "aliases": "a: &a [x]\n" + "".join(f"{b}: &{b} [{', '.join([f'*{a}'] * 9)}]\n" for a, b in pairwise("abcdefghi")),
    "object": "id: !!python/object/apply:os.system ['exit 1']",
    "binary": "id: !!binary |\n  AAAA",
    "recursion": "id: &a [*a]",
    "depth": "id: " + "[" * 3000,
    "dates": "verified_on: 2026-99-99",
}


@pytest.mark.timeout(60)
@pytest.mark.parametrize("name", HEADERS)
def test_a_header_of_yaml_runs_nothing_and_is_refused_by_name(tmp_path: Path, name: str) -> None:
    (tmp_path / "guide.md").write_text(f"---\n{HEADERS[name]}\n---\nTexte.\n", encoding="utf-8")
    guides, rejected = read_guides(tmp_path)
    assert not guides
    assert [one.name for one in rejected] == ["guide.md"]


def test_a_folder_follows_no_link(tmp_path: Path) -> None:
    outside = tmp_path / "secret.xml"
    outside.write_text("<Publication/>", encoding="utf-8")
    inside = tmp_path / "fiches"
    inside.mkdir()
    (inside / "F1.xml").symlink_to(outside)
    (inside / "ailleurs").symlink_to(tmp_path, target_is_directory=True)
    assert list(FolderSource(inside)) == []


def _zip() -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("F1.xml", "<Publication ID='F1'/>" * 20)
        archive.writestr("F2.json", "{}")
    return target.getvalue()


def _tar() -> bytes:
    target = io.BytesIO()
    with gzip.GzipFile(fileobj=target, mode="wb", mtime=0) as packed, tarfile.open(fileobj=packed, mode="w") as archive:
        info = tarfile.TarInfo("package/F1.json")
        info.size = 2
        archive.addfile(info, io.BytesIO(b"{}"))
    return target.getvalue()
