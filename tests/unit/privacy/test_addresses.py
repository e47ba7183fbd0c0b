import pytest

from bot.privacy.addresses import addresses


@pytest.mark.parametrize(
    "address",
    [
        "14 rue des Glycines, 42300 Roanne",
        "3 bis impasse du Moulin à Vent, bâtiment C, appartement 12, 13014 Marseille",
        "22 av jean jaures 69200 venissieux",
        "8 RUE PASTEUR 59100 ROUBAIX",
        "résidence Les Magnolias, escalier 2, 5e étage, 31200 Toulouse",
        "lieu-dit Kerbihan, 29270 Carhaix",
        "5 place du Marché, 2e étage gauche, 24000 Périgueux",
        "4 rue Emile Zola, Bâtiment A2, 93200 Saint-Denis",
        "rue Pasteur à Nantes",
        "12 allée des Pins",
    ],
)
def test_the_address_of_a_person_is_found_whole(address):
    text = f"il habite {address}"
    assert [text[s.start : s.end] for s in addresses(text)] == [address]


def test_an_address_ends_where_the_sentence_goes_on():
    text = "usager loge 22 av jean jaures 69200 venissieux et il a recu un avis"
    assert [text[s.start : s.end] for s in addresses(text)] == ["22 av jean jaures 69200 venissieux"]


@pytest.mark.parametrize(
    "text",
    [
        "la mairie de Saint-Denis, 2 place Victor Hugo 93200 Saint-Denis",
        "la poste rue Pasteur est fermée",
        "il vit à Marseille 13003",
        "un logement à Villeurbanne 69100",
        "résidence principale ou secondaire",
        "3 places en crèche pour 2021",
        "ma voiture de 1972 porte la mention collection",
        "habitant d'une cité de Vaulx-en-Velin",
        "une place en foyer à Lyon",
    ],
)
def test_towns_public_buildings_and_everyday_words_are_no_address(text):
    assert addresses(text) == []
