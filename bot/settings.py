"""Settings: read once, typed, secrets masked; every wrong key is named at once.

Order of precedence: environment (``EQUIPIER_…``), then ``var/equipier.env`` (written by ``make run`` in
development), then the default.
"""

from functools import lru_cache
from pathlib import Path

from pydantic import Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from bot.errors import SettingsError

ROOT = Path(__file__).resolve().parent.parent


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
    rasa_url: str = Field(default="http://127.0.0.1:5005", description="Adresse du serveur Rasa.")
    actions_url: str = Field(default="http://127.0.0.1:5055", description="Adresse du serveur d'actions.")
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
    log_json: bool = Field(default=False, description="Journaux techniques en JSON plutôt qu'en texte.")

    @property
    def sqlalchemy_url(self) -> str:
        """The database address: the one that is set, else the SQLite file under ``var_dir``."""
        return self.database_url or f"sqlite:///{self.var_dir / 'equipier.db'}"

    @property
    def index_dir(self) -> Path:
        return self.var_dir / "index"

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
    try:
        return Settings(_env_file=env_file)
    except ValidationError as error:
        wrong = ", ".join(f"EQUIPIER_{'_'.join(map(str, e['loc'])).upper()} ({e['msg']})" for e in error.errors())
        raise SettingsError(
            f"réglages inutilisables : {wrong}", hint="Corrigez ces variables, puis relancez la commande."
        ) from error
