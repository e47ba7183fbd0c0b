"""`equipier retention`: deletes what has been kept long enough."""

from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from bot.privacy.retention import Report
    from bot.settings import Settings


def retention(
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Compter ce qui serait effacé, sans rien effacer.")
    ] = False,
) -> None:
    """Effacer ce qui a dépassé sa durée de conservation (le travail de fond le fait chaque jour)."""
    from rich.console import Console
    from rich.table import Table

    from bot.bootstrap import mandats_services, retention_of
    from bot.settings import get_settings

    settings = get_settings()
    services = mandats_services(settings)
    try:
        service = retention_of(settings, services)
        report = service.report() if dry_run else service.enforce()
    finally:
        services.close()
    table = Table("Quoi", "Durée", "À effacer" if dry_run else "Effacés")
    for what, duration, count in _rows(report, settings):
        table.add_row(what, duration, "inaccessible" if count is None else f"{count:,}".replace(",", "\u202f"))
    Console(highlight=False).print(table)


def _rows(report: "Report", settings: "Settings") -> tuple[tuple[str, str, int | None], ...]:
    years, days = settings.mandat_kept_years, settings.conversation_kept_days
    return (
        ("Usagers (identité, signature)", f"{years} ans après la fin du dernier mandat", report.usagers),
        ("Projets de mandat non signés", "24 heures", report.drafts),
        ("Originaux du coffre", "30 minutes", report.originals),
        ("Liens et codes à usage unique", "30 jours après leur fin", report.tokens),
        ("Messages", f"{days} jours", report.messages),
        ("Conversations silencieuses", f"{days} jours sans message", report.conversations),
        ("Mémoire du dialogue (événements Rasa)", f"{days} jours", report.events),
    )
