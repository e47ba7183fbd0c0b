import json

import pytest

from bot.errors import CorpusError
from bot.fiches.importers import tree
from bot.fiches.importers.tree import from_json, from_xml, read_tree
from tests.unit.fiches.importers.publications import TEXT, publication, to_json

EVIL_DTD = '<!DOCTYPE p [<!ENTITY e SYSTEM "file:///etc/passwd">]>'
LAUGHS = (
    "<!DOCTYPE p [<!ENTITY a 'ha'>"
    + "".join(f"<!ENTITY {chr(98 + n)} '{f'&{chr(97 + n)};' * 10}'>" for n in range(9))
    + "]>"
)


def test_xml_and_json_give_the_same_tree():
    xml = publication(TEXT)
    assert from_json(to_json(xml)) == from_xml(xml.encode())


def test_mixed_content_keeps_its_order():
    node = from_xml(b"<Paragraphe>un <Valeur>2</Valeur> trois</Paragraphe>")
    assert [child.tag or child.text for child in node.children] == ["un ", "Valeur", " trois"]
    assert node.all_text() == "un 2 trois"


def test_dublin_core_tags_get_their_usual_prefix():
    assert from_xml(publication("").encode()).first("dc:title") is not None


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "iso-8859-1"])
def test_the_declared_encoding_is_followed(encoding):
    declared = encoding.removesuffix("-sig")
    xml = f'<?xml version="1.0" encoding="{declared}"?><Rangée>été</Rangée>'.encode(encoding)
    assert from_xml(xml).all_text() == "été"


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (f'<?xml version="1.0"?>{EVIL_DTD}<p>&e;</p>', "DTD ou entité refusée"),
        (f'<?xml version="1.0"?>{LAUGHS}<p>&j;</p>', "DTD ou entité refusée"),
        ('<!DOCTYPE p SYSTEM "https://exemple.fr/p.dtd"><p/>', "DTD ou entité refusée"),
        ("<p>&inconnue;</p>", "XML illisible"),
        ("<p><q></p>", "XML illisible"),
        ("<p>", "XML illisible"),
        ("", "XML illisible"),
        ("bonjour", "XML illisible"),
        ('<?xml version="1.0" encoding="klingon"?><p/>', "XML illisible"),
        ('<?xml version="1.0" encoding="utf-7"?><p/>', "XML illisible"),
        ("<n>" * 100 + "</n>" * 100, "niveaux imbriqués"),
        ("<n>" * 100_000, "niveaux imbriqués"),
    ],
)
def test_hostile_or_broken_xml_is_refused(content, reason):
    with pytest.raises(CorpusError, match=reason):
        read_tree("F1.xml", content.encode())


def test_bytes_that_are_not_in_the_declared_encoding_are_refused():
    with pytest.raises(CorpusError, match="XML illisible"):
        from_xml("<p>été</p>".encode("iso-8859-1"))


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"{", "JSON illisible"),
        (b"\xff\xfe\xff", "JSON illisible"),
        (b"[]", "JSON sans publication"),
        (b'{"children": 3}', "JSON sans publication"),
        (b'{"children": [{"type": "text", "text": "a"}]}', "JSON sans publication"),
        (b'{"children": [{"type": "element"}]}', "autre forme"),
        (b'{"children": [{"type": "element", "name": "p", "attributes": [1]}]}', "autre forme"),
        (b'{"children": [{"type": "element", "name": "p", "children": "abc"}]}', "autre forme"),
        (b"[" * 200_000, "niveaux imbriqués"),
    ],
)
def test_hostile_or_broken_json_is_refused(content, reason):
    with pytest.raises(CorpusError, match=reason):
        read_tree("F1.json", content)


def test_deep_json_elements_are_refused():
    element: dict[str, object] = {"type": "element", "name": "n"}
    for _ in range(100):
        element = {"type": "element", "name": "n", "children": [element]}
    with pytest.raises(CorpusError, match="niveaux imbriqués"):
        from_json(json.dumps({"children": [element]}).encode())


def test_a_gigantic_file_is_refused_before_it_is_parsed():
    with pytest.raises(CorpusError, match="8 Mio"):
        read_tree("F1.xml", b"<p>" + b"a" * tree.MAX_BYTES + b"</p>")


def test_a_file_with_too_many_elements_is_refused():
    with pytest.raises(CorpusError, match="200000 éléments"):
        from_xml(b"<p>" + b"<b/>" * (tree.MAX_NODES + 1) + b"</p>")
