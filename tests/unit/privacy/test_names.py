import pytest


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("bakary coulibaly veut renouveler son passeport", ["bakary coulibaly"]),
        ("ouvrir mandat mendes ferreira lucinda", ["mendes ferreira lucinda"]),
        ("ouvrir mandat wendkuni sawab 1 an", ["wendkuni sawab"]),
        ("MON USAGER MOHAMED BENALI A PERDU SA CARTE", ["MOHAMED BENALI"]),
        ("mme diallo veut refaire sa carte", ["diallo"]),
        ("M. et Mme Vandenbroucke veulent adopter", ["Vandenbroucke"]),
        ("Monsieur Petit a reçu une amende", ["Petit"]),
        ("la situation de M'Barek Ouazzani", ["M'Barek Ouazzani"]),
        ("Mme N'Guessan, veuve de Kouadio Ehouman", ["N'Guessan", "Kouadio Ehouman"]),
        ("m. el khattabi a recu une lettre", ["el khattabi"]),
        ("Tran Van Hung demande la nationalité", ["Tran Van Hung"]),
        ("pour Maria da Silva et Jean-Marc", ["Maria da Silva", "Jean-Marc"]),
        ("mandat Charrier Thierry", ["Charrier Thierry"]),
        ("Karim et Fatou Diallo ont rdv à Pôle emploi", ["Karim", "Fatou Diallo"]),
        ("jai le dossier de mr tavernier jacques", ["tavernier jacques"]),
        ("l'ex de Sabrina ne paye pas", ["Sabrina"]),
        ("mon usager s'appelle thị hoà nguyễn", ["thị hoà nguyễn"]),
        ("mandat pour đỗ thị lệ", ["đỗ thị lệ"]),
        ("mon usager s'appelle thi hoa nguyen il a perdu sa carte", ["thi hoa nguyen"]),
        ("elle s'appelle oya demir", ["oya demir"]),
        ("m. ly demande le rsa", ["ly"]),
        ("mandat pour łucja wójcik", ["łucja wójcik"]),
        ("il s'appelle şahin gül", ["şahin gül"]),
    ],
)
def test_names_are_found_in_any_case_without_their_civility(detector, text, names):
    assert [text[s.start : s.end] for s in detector.spans(text) if s.type == "NOM"] == names


@pytest.mark.parametrize(
    "text",
    [
        "monsieur le maire a refusé",
        "Mme la Préfète",
        "Bonjour Madame, merci de votre aide",
        "l'Aspa ou la visale marche avec Doctolib et Navigo ?",
        "le Crit'Air d'une Clio achetée chez Leclerc ou Boulanger",
        "bonjour je me marie en juin",
        "mon marié est né en mars, cette anné",
        "rdv au centre social Louise Michel, rue de la République",
        "l'école Jules Ferry refuse",
        "hôpital Henri Mondor et collège Simone Veil",
        "la loi Badinter et la prime Macron",
        "mon conpte amelie est bloqué",
        "la carte est restée dans la poche d'un jean",
        "le dimanche du drame",
        "à São Paulo puis à Fribourg",
        "le mr recoit des textos",
        "JE NE COMPRENDS PAS LA LETTRE DE LA CARSAT",
        "Noël approche",
        "mariée à un Breton",
        "usager rsa bloqué, ok pour une aah ?",
        "mme stp aidez l'usager qd il aura sa cni",
    ],
)
def test_words_of_procedures_places_and_brands_are_not_names(detector, text):
    assert detector.spans(text) == ()
