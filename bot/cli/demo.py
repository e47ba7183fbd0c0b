"""`equipier demo`: a structure to try everything with, without any real person in it."""

from typing import Annotated

import typer

from bot.errors import EquipierError


class CommandRefused(EquipierError):
    """What was asked cannot be done; the message is the French sentence to show."""


def demo(
    force: Annotated[bool, typer.Option("--force", help="Même si la base contient déjà de vraies structures.")] = False,
) -> None:
    """Remplir la base d'une structure inventée, avec mandats et conversations, et dire comment s'y connecter."""
    from bot.bootstrap import mandats_services
    from bot.clock import SystemClock
    from bot.demo.fill import DemoRefused, SetBack, fill
    from bot.demo.story import IDRISS, NADIA
    from bot.settings import get_settings
    from bot.storage.migrate import upgrade

    settings = get_settings()
    real = SystemClock()
    clock = SetBack(real)
    services = mandats_services(settings, clock=clock)
    try:
        upgrade(services.database)
        filled = fill(services, clock, force=force)
    except DemoRefused as error:
        raise _refused(error.reason) from error
    finally:
        services.close()
    account = filled.accounts[0]
    site = settings.public_url.rstrip("/")
    typer.echo(
        f"Structure inventée : {filled.organisation}, {len(filled.accounts)} personnes, {filled.mandats} mandats,\n"
        f"{filled.conversations} conversations des quatre dernières semaines,"
        f" {filled.requests} demandes d'aide en cours.\n\n"
        f"Page de connexion  {site}/connexion\n"
        f"Adresse            {account.member.email}\n"
        f"Mot de passe       {account.password}\n"
        f"Clé des codes      {_grouped(account.totp)}\n"
        f"Code du moment     {account.code(real.now())}\n\n"
        f"Conversations      {site}/supervision/conversations\n"
        f"Demandes d'aide    {site}/aide\n\n"
        "Le mot de passe et la clé ne seront plus affichés. Saisissez la clé dans une application de codes pour avoir\n"
        "les codes suivants. Cette personne supervise la structure ; pour une autre :\n"
        f"  equipier aidants reinitialiser {filled.accounts[IDRISS].member.email}   (aidant)\n"
        f"  equipier aidants reinitialiser {filled.accounts[NADIA].member.email}   (répond aux demandes d'aide)"
    )


def _refused(reason: str) -> CommandRefused:
    if reason == "already":
        return CommandRefused(
            "la démonstration est déjà dans cette base",
            hint="Mot de passe perdu ? equipier aidants reinitialiser claire.morvan@saint-clair.example",
        )
    return CommandRefused(
        "cette base contient de vraies structures",
        hint="Prenez une autre base (EQUIPIER_VAR_DIR), ou ajoutez --force.",
    )


def _grouped(secret: str) -> str:
    return " ".join(secret[place : place + 4] for place in range(0, len(secret), 4))
