"""What people read when the channel does not do what they asked."""

REFUSED = {
    "unreadable": "La connexion n'a pas pu être comprise. Rechargez la page.",
    "origin": "Cette page n'est pas autorisée à utiliser l'assistant.",
    "token": "Cette conversation ne peut pas être reprise. Commencez-en une nouvelle.",
    "jwt": "Ce site n'a pas pu confirmer votre identité. Rechargez la page\u202f; si cela revient, prévenez la "
    "personne qui administre le site.",
    "jwt_expired": "Ce site vous a reconnu il y a trop longtemps. Rechargez la page.",
    "jwt_off": "Ce site ne peut pas vous connecter à l'assistant. Prévenez la personne qui l'administre.",
    "unknown": "Ce site vous reconnaît, mais vous n'avez pas de compte ici. Demandez une invitation à la personne qui "
    "supervise votre structure.",
    "closed": "Votre compte est fermé. Adressez-vous à la personne qui supervise votre structure.",
    "expired": "Votre session est terminée. Reconnectez-vous\u202f: votre conversation vous attend.",
    "signed_out": "Vous êtes déconnecté. Reconnectez-vous pour continuer cette conversation.",
}
TOO_MANY = "Trop de messages en peu de temps. Réessayez dans {seconds}\u202fs."
TOO_MANY_CONNECTIONS = "Trop de connexions en peu de temps depuis votre réseau. Réessayez dans {seconds}\u202fs."
TOO_MANY_RECORDINGS = "Trop de messages vocaux en peu de temps. Réessayez dans {seconds}\u202fs, ou écrivez."
WRONG_EVENT = "Ce message n'a pas pu être compris. Rechargez la page, puis recommencez."
NOT_AN_ANSWER = "Cette réponse n'est pas dans votre conversation\u202f: votre avis n'a pas été enregistré."
WRONG_OPINION = "Votre avis n'a pas pu être enregistré\u202f: choisissez un motif, ou abrégez votre commentaire."
FAILED = "Une erreur inattendue s'est produite. Réessayez dans un instant."
NO_SUCH_LINE = "Cette réponse n'est pas dans votre conversation."
