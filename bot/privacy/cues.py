"""Words around a name: civilities, announcements, particles, and what is named after somebody."""

CIVILITIES = frozenset(
    """
    m mr mrs mm mme mmes mlle melle mlles monsieur messieurs mesieu mesieur monsieu msieur madame mesdames
    mademoiselle madam mdme
    """.split()
)
TITLES = frozenset("dr docteur maître maitre pr professeur".split())
PARTICLES = frozenset(
    """
    de du da do dos das des di del della d el al ben bent bin ibn ait aït ould abd abou van von der den le la
    les lo mac mc san st
    """.split()
)
STRONG_CUES = frozenset(
    """
    mandat usager usagère usagere appelle apelle appele nommé nommée nomme dénommé dénommée prénommé prénommée
    prénom prenom
    """.split()
)
CUES = STRONG_CUES | frozenset(
    """
    épouse epouse veuve née nee époux dossier famille fils fille mari femme sœur soeur frère frere mère mere
    père pere bénéficiaire beneficiaire allocataire titulaire conjoint conjointe compagnon compagne voisin
    voisine dame nom nommer copine ami amie
    """.split()
)
CUES_WITH_OF = frozenset("nom mandat mandats dossier compte situation".split())
LINKS = frozenset({" : ", ": ", " :", ":", " = "})
# Words that follow a civility with a capital and are no name.
NOT_AFTER_CIVILITY = frozenset(
    """
    a à est et ou qui que veut le la les un une il elle ne n se sa son ses au aux du de en je on nous vous tout
    toute cette cet ce avec dans pour sans maire préfet préfète président présidente directeur directrice
    ministre juge procureur bonjour bonsoir merci
    """.split()
)
# « école X », « rue X », « loi X »: what is named after somebody.
NAMED_AFTER = frozenset(
    """
    école ecole collège college lycée lycee centre espace hôpital hopital clinique rue avenue av place boulevard
    bd stade gymnase piscine salle médiathèque mediatheque mediathèque bibliothèque bibliotheque résidence
    residence foyer ehpad crèche creche fondation institut square quai cité cite théâtre theatre loi réforme
    ordonnance prix lettre allée allee allées impasse chemin métro metro station arrêt parc campus université
    universite groupe pont tour livret saint sainte st ste quartier musée polyclinique maternité résidences
    faubourg cours route passage hlm maladie syndrome île ile décret rapport circulaire plan barème prime ligne
    chambre pavillon
    """.split()
)
KINDS_OF_PLACE = frozenset(
    """
    social sociale municipal municipale culturel culturelle primaire maternelle élémentaire public publique
    privé privée hospitalier communal communale intercommunale numérique universitaire
    """.split()
)
OF_A_TOWN = frozenset(
    """
    mairie ville commune village canton préfecture prefecture tribunal gare aéroport port caf cpam agence
    département région communauté sous-préfecture académie marché forêt pays
    """.split()
)
OF = frozenset({"de", "du", "des", "la", "d"})
# Particles that are no French word: they belong to the name beside them in any case.
FOREIGN_PARTICLES = frozenset("el al ben bent bin ibn ould abd abou van von da dos das del della aït".split())
