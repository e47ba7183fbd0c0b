"""Settings: read once, typed, secrets masked; every wrong key is named at once.

Order of precedence: environment (``EQUIPIER_…``), then ``var/equipier.env`` (written by ``make run`` in
development), then the files of the folder that ``EQUIPIER_SECRETS_DIR`` names (``equipier_vault_key`` holds
``EQUIPIER_VAULT_KEY``), then the default.
"""

import os
from functools import lru_cache
from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from bot.errors import SettingsError

ROOT = Path(__file__).resolve().parent.parent
SECRETS_DIR = "EQUIPIER_SECRETS_DIR"


class Settings(BaseSettings):
    """What may differ from one installation to the next."""

    model_config = SettingsConfigDict(env_prefix="EQUIPIER_", extra="ignore")

    var_dir: Path = Field(default=ROOT / "var", description="Dossier des données produites (base, index, modèles).")
    database_url: str = Field(default="", description="Base SQLAlchemy ; par défaut un fichier SQLite dans var/.")
    rest_token: SecretStr = Field(
        default=SecretStr(""), description="Jeton du canal REST ; vide : le canal refuse toute demande."
    )
    vault_key: SecretStr = Field(
        default=SecretStr(""), description="Clé (Fernet) du coffre des données personnelles et des messages gardés."
    )
    master_keys: SecretStr = Field(
        default=SecretStr(""), description="Clés maîtresses des identités, « nom:clé », la clé courante en premier."
    )
    seal_keys: SecretStr = Field(
        default=SecretStr(""), description="Clés des empreintes de mandat, « nom:clé », la clé courante en premier."
    )
    index_key: SecretStr = Field(
        default=SecretStr(""), description="Clé des index aveugles (« nom:clé ») : elle ne doit jamais changer."
    )
    checkpoint_key: SecretStr = Field(
        default=SecretStr(""), description="Clé Ed25519 qui signe les points de contrôle du journal (« nom:clé »)."
    )
    session_key: SecretStr = Field(
        default=SecretStr(""), description="Clé des sessions des pages et des secrets TOTP (« nom:clé »)."
    )
    public_url: str = Field(
        default="http://127.0.0.1:8000",
        description="Adresse publique de la passerelle, dans les liens sécurisés et les codes QR.",
    )
    brand_name: str = Field(
        default="Équipier", min_length=1, description="Nom affiché en tête des pages, à la place d'un logo."
    )
    admin_email: str = Field(
        default="admin@equipier.invalid",
        description="Adresse du premier compte d'administration, créé au premier démarrage.",
    )
    mandat_kept_years: int = Field(
        default=6, ge=1, description="Années de conservation d'un mandat après sa fin (3 actives et 3 d'archive)."
    )
    conversation_kept_days: int = Field(default=183, ge=1, description="Jours de conservation des conversations.")
    telegram_token: SecretStr = Field(
        default=SecretStr(""), description="Jeton du robot Telegram, donné par @BotFather ; vide : pas de Telegram."
    )
    telegram_mode: Literal["polling", "webhook"] = Field(
        default="polling",
        description="« polling » : Équipier va chercher les messages ; « webhook » : Telegram les lui apporte.",
    )
    telegram_secret: SecretStr = Field(
        default=SecretStr(""), description="Secret que porte chaque message apporté par Telegram à la passerelle."
    )
    telegram_bot: str = Field(
        default="", pattern=r"^\w{0,64}$", description="Nom du robot Telegram, sans @, pour les liens et les codes QR."
    )
    telegram_api_url: str = Field(default="https://api.telegram.org", description="Serveur de l'API Telegram.")
    telegram_unknown: Literal["guidance", "silent"] = Field(
        default="guidance",
        description="Comptes Telegram non reliés : « guidance » répond aux questions, « silent » ne répond rien.",
    )
    handover_hours: str = Field(
        default="lun-ven 9:00-17:30",
        description="Heures où quelqu'un répond aux demandes d'aide (heure de Paris), ou « toujours ».",
    )
    handover_patience_minutes: int = Field(
        default=5, ge=1, description="Minutes sans réponse humaine avant de rassurer la personne."
    )
    handover_idle_hours: int = Field(
        default=12, ge=1, description="Heures de silence après lesquelles l'assistant reprend la main."
    )
    voice_url: str = Field(default="http://127.0.0.1:5056", description="Adresse du service vocal.")
    widget_origins: str = Field(
        default="", description="Sites où l'assistant peut être intégré, séparés par des virgules (https://…)."
    )
    widget_jwt_key: SecretStr = Field(
        default=SecretStr(""),
        description="Clé des jetons JWT par lesquels un site hôte reconnaît ses aidants (secret HS256, ou clé publique"
        " PEM).",
    )
    widget_jwt_issuer: str = Field(default="", description="Émetteur (« iss ») attendu dans ces jetons.")
    rasa_url: str = Field(default="http://127.0.0.1:5005", description="Adresse du serveur Rasa.")
    tracker_url: SecretStr = Field(
        default=SecretStr(""),
        description="Base SQLAlchemy de la mémoire des dialogues (Rasa) ; vide : un fichier de var/.",
    )
    events_url: SecretStr = Field(
        default=SecretStr(""),
        description="RabbitMQ des événements de Rasa (amqp://utilisateur:secret@hôte:port/) ; vide : un fichier de"
        " var/.",
    )
    redis_url: SecretStr = Field(
        default=SecretStr(""),
        description="Redis que partagent plusieurs processus (redis://:secret@hôte:6379/0) ; vide : un seul de chaque.",
    )
    actions_url: str = Field(default="http://127.0.0.1:5055", description="Adresse du serveur d'actions.")
    internal_host: str = Field(
        default="127.0.0.1",
        description="Interface d'écoute de Rasa, des actions et de la voix ; à n'ouvrir que sur un réseau privé.",
    )
    gateway_host: str = Field(default="127.0.0.1", description="Interface d'écoute de la passerelle.")
    gateway_port: int = Field(default=8000, ge=1, le=65535, description="Port de la passerelle.")
    engine_timeout: float = Field(
        default=8.0,
        gt=0,
        description="Secondes laissées au moteur avant de mettre le message en attente.",
    )
    message_max_chars: int = Field(default=2000, ge=100, description="Longueur maximale d'un message, en caractères.")
    stale_after_days: int = Field(
        default=365, ge=1, description="Âge d'une fiche, en jours, à partir duquel un avertissement s'affiche."
    )
    dila_url: str = Field(
        default="https://lecomarquage.service-public.gouv.fr/vdd/3.4/part/zip/vosdroits-latest.zip",
        description="Archive officielle des fiches « particuliers ».",
    )
    metrics_token: SecretStr = Field(
        default=SecretStr(""),
        description="Jeton de lecture de /metrics ; vide : seule cette machine peut lire, sans mandataire.",
    )
    worker_metrics: str = Field(
        default="",
        description="Adresse (hôte:port) où le travail de fond donne ses mesures ; vide : nulle part.",
    )
    otlp_url: str = Field(
        default="",
        description="Collecteur OpenTelemetry des traces (http://hôte:4318/v1/traces) ; vide : pas de traces.",
    )
    log_json: bool = Field(default=False, description="Journaux techniques en JSON plutôt qu'en texte.")

    @property
    def sqlalchemy_url(self) -> str:
        """The database address: the one that is set, else the SQLite file under ``var_dir``."""
        return self.database_url or f"sqlite:///{self.var_dir / 'equipier.db'}"

    @property
    def tracker_sqlalchemy_url(self) -> str:
        """The address of the memory of the dialogues: the one that is set, else the SQLite file under ``var_dir``."""
        return self.tracker_url.get_secret_value() or f"sqlite:///{(self.var_dir / 'rasa.db').resolve()}"

    @property
    def index_dir(self) -> Path:
        return self.var_dir / "index"

    @property
    def static_dir(self) -> Path:
        return self.var_dir / "static"

    @property
    def voice_dir(self) -> Path:
        return self.var_dir / "voice"

    @property
    def model_dir(self) -> Path:
        return self.var_dir / "models"


@lru_cache(maxsize=1)
def get_settings() -> Settings:
    """The settings of this process.

    Raises:
        SettingsError: one or more values are unusable; the message names them all.
    """
    return load_settings(ROOT / "var" / "equipier.env")


def load_settings(env_file: Path | None = None) -> Settings:
    """Reads the settings from the environment and from *env_file* (``None``: environment only).

    Raises:
        SettingsError: as above.
    """
    folder = os.environ.get(SECRETS_DIR)
    if folder and not Path(folder).is_dir():
        raise SettingsError(f"{SECRETS_DIR} n'est pas un dossier : {folder}", hint="Montez-y les secrets.")
    try:
        return Settings(_env_file=env_file, _secrets_dir=folder or None)
    except ValidationError as error:
        wrong = ", ".join(f"EQUIPIER_{'_'.join(map(str, e['loc'])).upper()} ({e['msg']})" for e in error.errors())
        raise SettingsError(
            f"réglages inutilisables : {wrong}", hint="Corrigez ces variables, puis relancez la commande."
        ) from error
