"""What the Telegram channel says by itself, without the dialogue."""

COMMANDS = (
    ("nouveau", "Ouvrir un mandat"),
    ("mandats", "Voir mes mandats"),
    ("annuler", "Arrêter ce qui est en cours"),
    ("humain", "Parler à une personne"),
    ("parametres", "Voix, réponses courtes, compte"),
    ("aide", "Ce que je sais faire"),
)
# What a command says to the dialogue.
SAYS = {"aide": "aide", "mandats": "mes mandats", "nouveau": "ouvrir un mandat"} | {
    "annuler": "annuler",
    "humain": "parler à quelqu'un",
}
_MENU = "\n".join(f"/{name}\u202f: {label.lower()}" for name, label in COMMANDS)

WELCOME = (
    "Bonjour\u202f! Je suis Équipier, l'assistant des aidants numériques.\n\n"
    "Écrivez ou dictez votre question comme vous la diriez, par exemple\u202f: «\u202fmon usager a perdu sa carte"
    " d'identité, il faut quoi\u202f?\u202f». Je réponds avec la fiche officielle et sa date.\n\n"
    "N'écrivez pas ici l'identité d'un usager\u202f: elle se saisit sur une page sécurisée.\n\n"
)
NOT_LINKED = (
    "Pour ouvrir et consulter des mandats, reliez cette conversation à votre compte\u202f: demandez un code sur la page"
    " «\u202fMon compte\u202f», puis envoyez /start suivi de ce code.\n\n"
)
MENU = f"**Le menu**\n{_MENU}"
RESERVED = (
    "Ce bot est réservé aux aidants de la structure. Si vous en êtes, demandez un code sur la page «\u202fMon"
    " compte\u202f», puis envoyez /start suivi de ce code."
)
UNKNOWN_COMMAND = f"Je ne connais pas cette commande. Écrivez votre question, ou choisissez\u202f:\n{_MENU}"
NO_FILES = (
    "Je ne lis ni les photos, ni les documents, ni les positions, ni les contacts. Celui-ci n'a été ni ouvert ni"
    " gardé. N'envoyez pas ici de document d'un usager\u202f: supprimez-le de cette conversation, puis écrivez votre"
    " question avec des mots, ou dictez-la."
)
ONLY_WORDS = "Je ne lis que le texte et les messages vocaux. Écrivez votre question, ou dictez-la."
CORRECTED = "Message corrigé\u202f: je réponds à la nouvelle version."
TOO_OLD = (
    "Vous avez modifié un ancien message\u202f: je n'en ai pas tenu compte. Si vous avez une autre question, envoyez-la"
    " dans un nouveau message."
)
PRIVATE_ONLY = (
    "Je ne réponds qu'en conversation privée, pour protéger les usagers. Écrivez-moi directement\u202f; je quitte ce"
    " groupe."
)
LOST_VOICE = "Je n'ai pas pu récupérer ce message vocal. Enregistrez-le de nouveau, ou écrivez votre question."
TOO_MANY = "Vous envoyez beaucoup de messages. Attendez {seconds} s, puis renvoyez le dernier\u202f: je ne l'ai pas lu."

ALREADY_CHOSEN = "Vous avez déjà choisi ce bouton."
STALE_BUTTON = "Ce bouton n'est plus valable."
THANKS = "Merci\u202f!"
NOTED = "Merci, c'est noté."
WHY = "Merci. Qu'est-ce qui n'allait pas\u202f?"
NOT_RATED = "Cette réponse ne peut plus être évaluée."

SETTINGS = (
    "**Paramètres**\n"
    "• Réponses lues à voix haute\u202f: {voice}\n"
    "• Réponses courtes\u202f: {brief}\n"
    "• Compte\u202f: {account}"
)
VOICE_KEY = {True: "Ne plus lire à voix haute", False: "Lire à voix haute"}
BRIEF_KEY = {True: "Réponses complètes", False: "Réponses courtes"}
UNLINK_KEY = "Délier mon compte"
ON = {True: "oui", False: "non"}
ACCOUNT = {
    True: "cette conversation est reliée à votre compte",
    False: "cette conversation n'est reliée à aucun compte",
}
SETTING_CHANGED = "C'est noté."
