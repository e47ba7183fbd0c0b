"""`equipier doctor`: what is missing or unhealthy, and how to mend it."""

import json
from dataclasses import asdict
from typing import Annotated

import typer


def doctor(
    as_json: Annotated[bool, typer.Option("--json", help="Sortie en JSON, pour un outil de surveillance.")] = False,
) -> None:
    """Vérifier l'installation : ce qui manque, ce qui va mal, et comment y remédier."""
    from rich.console import Console
    from rich.markup import escape

    from bot.clock import SystemClock
    from bot.settings import get_settings
    from bot.setup.doctor import Level, examine
    from bot.setup.processes import process_specs
    from bot.setup.readiness import is_ready

    settings = get_settings()
    findings = examine(settings, SystemClock(), specs=lambda: process_specs(settings), probe=is_ready)
    failed = any(finding.level is Level.FAIL for finding in findings)
    if as_json:
        typer.echo(
            json.dumps({"ok": not failed, "checks": [asdict(finding) for finding in findings]}, ensure_ascii=False)
        )
    else:
        marks = {Level.OK: "[green]✔[/]", Level.WARN: "[yellow]![/]", Level.FAIL: "[red]✘[/]"}
        console = Console(highlight=False, soft_wrap=True)
        for finding in findings:
            fix = f"  → [bold]{escape(finding.fix)}[/]" if finding.fix else ""
            console.print(f"{marks[finding.level]} {finding.name} — {escape(finding.message)}{fix}")
    if failed:
        raise typer.Exit(1)
