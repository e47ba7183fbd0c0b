-- La mémoire des dialogues (Rasa) a sa propre base : l'application ne la lit que pour l'effacer.
CREATE DATABASE dialogues;
