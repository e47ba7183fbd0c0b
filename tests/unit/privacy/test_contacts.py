import pytest

from bot.privacy.contacts import emails, help_desks, telephones


@pytest.mark.parametrize(
    "number",
    [
        "06 41 22 87 90",
        "0755443322",
        "07.81.20.33.44",
        "06/12/34/56/78",
        "06-22-33-44-55",
        "0612 345 678",
        "+33 6 12 98 76 54",
        "+33 (0)6 12 98 76 54",
        "(0033)6 12 98 76 54",
        "0033612345678",
        "+212 661 23 45 67",
        "01 48 33 22 11",
    ],
)
def test_every_usual_way_to_write_a_telephone_number_is_found_whole(number):
    text = f"rappeler le {number}, merci"
    assert number in {text[s.start : s.end] for s in telephones(text)}


@pytest.mark.parametrize("glued", ["tel{}", "tél_{}", "b_{}", "portable:{}"])
@pytest.mark.parametrize("number", ["+33 7 56 82 19 04", "+32 475 12 34 56"])
def test_a_number_glued_to_a_word_is_found(glued, number):
    text = glued.format(number)
    assert [text[s.start : s.end] for s in telephones(text)] == [number]


@pytest.mark.parametrize(
    "text", ["le 3949", "le 36 46", "le 115", "0 810 25 93 10", "08 92 70 12 39", "01/02/1950 12 h", "12345"]
)
def test_service_numbers_and_dates_are_not_telephones(text):
    assert telephones(text) == []


@pytest.mark.parametrize(
    "address",
    [
        "rabah.mek@exemple.fr",
        "oumar.sid arobase exemple point com",
        "k_belm@exemple.org",
        "jean.petit@mairie.exemple.fr",
    ],
)
def test_an_address_that_names_somebody_is_found_whole(address):
    text = f"son mail : {address}"
    assert [text[s.start : s.end] for s in emails(text)] == [address]


@pytest.mark.parametrize(
    "address", ["contact@france-services.gouv.fr", "mairie@exemple-sur-loire.fr", "support@aidantsconnect.beta.gouv.fr"]
)
def test_a_shared_mailbox_is_nobody_s(address):
    assert emails(f"écrire à {address}") == []
    assert help_desks(f"écrire à {address}") == [(9, 9 + len(address))]
