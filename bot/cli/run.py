"""`equipier setup`, `equipier run`, `equipier process`: from an installed checkout to running processes."""

import os
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.markup import escape

if TYPE_CHECKING:
    from bot.settings import Settings
    from bot.setup.supervisor import Event

console = Console(highlight=False, soft_wrap=True)


def setup() -> None:
    """Préparer tout ce qui manque (secrets, base, pages, assistant, fiches, index, modèle), sans rien démarrer."""
    _prepare()


def run() -> None:
    """Préparer ce qui manque, puis démarrer Équipier ; Ctrl-C arrête tout."""
    from bot.settings import get_settings
    from bot.setup.guard import require_free_ports, single_run
    from bot.setup.processes import process_spec, process_specs
    from bot.setup.readiness import is_ready
    from bot.setup.supervisor import Supervisor

    with single_run(get_settings().var_dir):
        settings = _prepare()
        specs = process_specs(settings)
        require_free_ports(specs)
        console.print(f"… démarrage de {len(specs)} processus (journaux : {_shown(settings)}/log)")
        Supervisor(
            specs,
            refresh=lambda spec: process_spec(spec.name, settings),
            log_dir=settings.var_dir / "log",
            report=lambda event: _report(event, settings),
            probe=is_ready,
        ).run()
    console.print("Équipier est arrêté.")


def process(name: Annotated[str, typer.Argument(help="rasa, actions, gateway, worker, voice ou telegram.")]) -> None:
    """Démarrer un seul processus à la place de cette commande (pour Procfile ou systemd)."""
    from bot.settings import get_settings
    from bot.setup.processes import process_spec

    spec = process_spec(name, get_settings())
    os.chdir(spec.folder)
    os.execve(spec.argv[0], list(spec.argv), dict(spec.environment))  # noqa: S606  our own table of commands


def _prepare() -> "Settings":
    """Runs every step; returns the settings, which hold the secrets that were just made."""
    from bot.cli.progress import step_progress
    from bot.settings import get_settings
    from bot.setup import steps

    _step("Secrets de développement", steps.secrets_step)
    settings = get_settings()
    _step("Base de données", lambda: steps.database_step(settings))
    _step("Compte administrateur", lambda: steps.admin_step(settings))
    _step("Mise en forme des pages", lambda: steps.assets_step(settings))
    _step("Assistant du web", lambda: steps.widget_step(settings))
    _step("Graphiques", lambda: steps.charts_step(settings))
    # The next two draw bars of their own, which a spinner would overwrite.
    _step("Fiches", lambda: steps.fiches_step(settings), spinner=False)
    _step("Index de recherche", lambda: steps.index_step(settings, step_progress), spinner=False)
    _step("Modèle de compréhension", lambda: steps.model_step(settings))
    return settings


def _step(label: str, action: Callable[[], str], *, spinner: bool = True) -> None:
    started = time.monotonic()
    if not console.is_terminal:
        console.print(f"… {label}")  # a log shows no spinner
    if spinner:
        with console.status(f"{label}…"):
            said = action()
    else:
        said = action()
    seconds = time.monotonic() - started
    took = f" [dim]({seconds:.0f} s)[/]" if seconds >= 1 else ""
    console.print(f"[green]✔[/] {label} — {escape(said)}{took}")


def _report(event: "Event", settings: "Settings") -> None:
    """One line per event of the processes."""
    from bot.setup.supervisor import Died, Killed, Ready, Slow, Stopping

    match event:
        case Ready(spec, seconds, everything):
            console.print(f"[green]✔[/] {spec.name} — {spec.label} — prêt en {seconds:.0f} s")
            if everything:
                _welcome(settings)
        case Slow(spec, seconds, log):
            console.print(f"[yellow]![/] {spec.name} — toujours pas prêt après {seconds:.0f} s ; voir {log}")
        case Died(spec, code, delay, log, tail):
            console.print(f"[red]✘[/] {spec.name} s'est arrêté (code {code}), relancé dans {delay:.0f} s ; voir {log}")
            for line in tail:
                console.print(f"    [dim]{escape(line)}[/]")
        case Killed(spec):
            console.print(f"[yellow]![/] {spec.name} ne s'arrêtait pas : il a été interrompu de force")
        case Stopping():
            console.print("\nArrêt en cours…")


def _welcome(settings: "Settings") -> None:
    address = f"http://127.0.0.1:{settings.gateway_port}"
    token = settings.rest_token.get_secret_value()
    console.print(
        f"\n[bold]Équipier est prêt.[/]\n"
        f"  Assistant       {address}/assistant\n"
        f"  Espace aidant   {address}/mandats\n"
        f"  État            {address}/readyz\n"
        f"  Canal REST      {address}/webhooks/rest/webhook\n"
        f"  Jeton (développement)  {escape(token)}\n\n"
        f"Dans un autre terminal : [bold].venv/bin/equipier chat[/], ou bien :\n"
    )
    # Printed as it is: it has to be copied and pasted.
    typer.echo(
        f"curl -s {address}/webhooks/rest/webhook \\\n"
        f"  -H 'Authorization: Bearer {token}' -H 'Content-Type: application/json' \\\n"
        """  -d '{"sender": "essai", "message": "mon usager a perdu son passeport, il faut quoi ?"}'\n\n"""
        "Ctrl-C arrête tout."
    )


def _shown(settings: "Settings") -> str:
    from bot.settings import ROOT

    folder = settings.var_dir
    return str(folder.relative_to(ROOT)) if folder.is_relative_to(ROOT) else str(folder)
