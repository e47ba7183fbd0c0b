"""Mandates as a spreadsheet: what a French Excel or LibreOffice opens at once. Pure."""

import csv
import io
from collections.abc import Sequence
from datetime import datetime

from bot.calendar import PARIS
from bot.mandats.notices import scopes
from bot.mandats.views import MandatView

_BOM = "\ufeff"
_HEADERS = (
    "Référence",
    "Statut",
    "Nom de naissance",
    "Prénoms",
    "Démarches en vigueur",
    "Toutes les démarches",
    "Scellé le",
    "Valable jusqu'au",
    "Révoqué le",
    "Jours restants",
    "Numéro Aidants Connect",
)
# What a spreadsheet takes for a formula. Source: OWASP, CSV Injection; the wide forms are those of Asian keyboards.
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def sheet(mandats: Sequence[MandatView]) -> str:
    """The file, with its byte-order mark: without it, Excel takes accents for something else."""
    written = io.StringIO()
    rows = csv.writer(written, delimiter=";", lineterminator="\r\n")
    rows.writerow(_HEADERS)
    rows.writerows([safe(cell) for cell in _row(mandat)] for mandat in mandats)
    return _BOM + written.getvalue()


def safe(cell: str) -> str:
    """*cell*, which no spreadsheet will run."""
    return f"'{cell}" if cell.startswith(_FORMULA) else cell


def _row(mandat: MandatView) -> tuple[str, ...]:
    return (
        mandat.reference,
        mandat.status.label,
        mandat.usager.family_name if mandat.usager else "",
        mandat.usager.given_names if mandat.usager else "",
        scopes(mandat.open_demarches),
        scopes([one.demarche for one in mandat.scopes]),
        _moment(mandat.sealed_at),
        _moment(mandat.expires_at),
        _moment(mandat.revoked_at) if mandat.revoked_at else "",
        str(mandat.days_left if mandat.open_demarches else 0),
        mandat.official_number or "",
    )


def _moment(instant: datetime) -> str:
    return f"{instant.astimezone(PARIS):%d/%m/%Y %H:%M}"
