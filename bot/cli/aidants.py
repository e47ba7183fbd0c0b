"""`equipier aidants …`: organisations, accounts, one-time links."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer

from bot.demarches import Demarche
from bot.errors import EquipierError

if TYPE_CHECKING:
    from bot.aidants.service import Aidants
    from bot.aidants.views import AidantView, OrganisationView

app = typer.Typer(help="Les organisations et les comptes des aidants.", no_args_is_help=True)

Email = Annotated[str, typer.Argument(metavar="EMAIL", help="Adresse du compte.")]
_INVITE_AGAIN = "equipier aidants inviter EMAIL --nom … --organisation …"
_SENTENCES = {
    ("email", "missing"): "l'adresse électronique manque",
    ("email", "malformed"): "cette adresse électronique n'en est pas une",
    ("name", "missing"): "le nom manque",
    ("name", "too_long"): "ce nom est trop long (200 caractères au plus)",
    ("name", "not_a_name"): "ce nom n'en est pas un",
    ("organisation", "needed"): "l'organisation manque\u202f: seul un compte d'administration s'en passe",
    ("organisation", "missing"): "le nom de l'organisation manque",
    ("organisation", "taken"): "une organisation porte déjà ce nom",
    ("organisation", "too_long"): "ce nom d'organisation est trop long (200 caractères au plus)",
    ("organisation", "not_a_name"): "ce nom d'organisation n'en est pas un",
    ("address", "too_long"): "cette adresse est trop longue (300 caractères au plus)",
    ("address", "not_an_address"): "cette adresse n'en est pas une",
}


class CommandRefused(EquipierError):
    """What was asked cannot be done; the message is the French sentence to show."""


@app.command()
def organisation(
    name: Annotated[str, typer.Argument(metavar="NOM", help="Nom de l'organisation, tel qu'il sera sur les mandats.")],
    address: Annotated[str, typer.Option("--adresse", help="Adresse postale.")] = "",
    demarches: Annotated[
        str, typer.Option(help="Démarches ouvertes aux mandats, séparées par des virgules\u202f; toutes par défaut.")
    ] = "",
) -> None:
    """Créer une organisation."""
    chosen = _demarches(demarches)
    with _service() as aidants:
        made = aidants.create_organisation(name, address=address, demarches=chosen)
    typer.echo(f"Organisation créée\u202f: {made.name} ({made.id}), {len(made.demarches)} démarche(s).")


@app.command()
def organisations() -> None:
    """Lister les organisations."""
    with _service() as aidants:
        known = aidants.organisations()
    for one in known:
        scopes = "toutes" if len(one.demarches) == len(Demarche) else ", ".join(one.demarches)
        typer.echo(f"{one.id}  {one.name} — {one.address or 'sans adresse'} — démarches\u202f: {scopes}")
    typer.echo(f"{len(known)} organisation(s).", err=True)


@app.command("inviter")
def invite(
    email: Email,
    name: Annotated[str, typer.Option("--nom", help="Prénom et nom.")],
    *,
    organisation: Annotated[str, typer.Option(help="Nom ou identifiant de l'organisation.")] = "",
    supervisor: Annotated[bool, typer.Option("--superviseur", help="Relit les échanges de l'organisation.")] = False,
    helpdesk: Annotated[bool, typer.Option("--assistance", help="Ne fait que répondre aux demandes d'aide.")] = False,
    admin: Annotated[bool, typer.Option("--admin", help="Administre toutes les organisations.")] = False,
) -> None:
    """Inviter quelqu'un dans une organisation\u202f; affiche le lien par lequel la personne s'inscrit."""
    from bot.aidants.models import Role

    if supervisor and helpdesk:
        raise typer.BadParameter("Choisissez --superviseur ou --assistance\u202f: qui supervise répond déjà.")
    role = Role.SUPERVISEUR if supervisor else Role.HELPDESK if helpdesk else Role.AIDANT
    with _service() as aidants:
        joined = _organisation(aidants, organisation) if organisation else None
        view, secret = aidants.invite(
            email,
            name,
            organisation=joined.id if joined else None,
            role=role,
            admin=admin,
        )
        line = _line(aidants, view)
    typer.echo(line)
    if secret is None:
        typer.echo(
            "Cette personne est déjà inscrite\u202f: son mot de passe et son générateur de codes ne changent pas."
        )
    else:
        _show_link(secret)


@app.command("liste")
def list_(
    organisation: Annotated[str, typer.Option(help="Seulement cette organisation (nom ou identifiant).")] = "",
) -> None:
    """Lister les comptes."""
    with _service() as aidants:
        if organisation:
            people = [one.aidant for one in aidants.people(_organisation(aidants, organisation).id)]
        else:
            people = list(aidants.everyone())
        lines = [_line(aidants, view) for view in people]
    for line in lines:
        typer.echo(line)
    typer.echo(f"{len(lines)} compte(s).", err=True)


@app.command("reinitialiser")
def reset(email: Email) -> None:
    """Donner un lien pour choisir un autre mot de passe et un autre générateur de codes."""
    with _service() as aidants:
        secret = aidants.reset(aidants.by_email(email).id)
    _show_link(secret)
    typer.echo("D'ici là, le mot de passe et les codes actuels restent bons.")


@app.command("desactiver")
def deactivate(email: Email) -> None:
    """Fermer un compte\u202f: ses liens, ses codes et ses conversations n'ouvrent plus rien."""
    with _service() as aidants:
        view = aidants.by_email(email)
        aidants.deactivate(view.id)
    typer.echo(f"Compte désactivé\u202f: {view.email}. Pour le rouvrir\u202f: {_INVITE_AGAIN}")


@app.command("changer")
def switch(
    email: Email,
    organisation: Annotated[str, typer.Argument(metavar="ORGANISATION", help="Nom ou identifiant.")],
) -> None:
    """Changer l'organisation courante de quelqu'un qui travaille dans plusieurs."""
    with _service() as aidants:
        view, wanted = aidants.by_email(email), _organisation(aidants, organisation)
        aidants.switch(view.id, wanted.id)
    typer.echo(f"{view.email} agit maintenant pour {wanted.name}.")


@app.command()
def code(email: Email) -> None:
    """Donner le code qui relie une conversation à un compte."""
    with _service() as aidants:
        shown = aidants.conversation_code(aidants.by_email(email).id)
    typer.echo(f"À écrire dans la conversation, dans les 15 minutes\u202f: lier {shown}")


@contextmanager
def _service() -> Iterator["Aidants"]:
    """The service over the database of the settings; what it refuses becomes a French sentence."""
    from bot.aidants.views import ClosedAccount, UnknownAidant, UnknownOrganisation, WrongField
    from bot.bootstrap import mandats_services
    from bot.mandats.views import AccessRefused
    from bot.settings import get_settings
    from bot.storage.migrate import upgrade

    services = mandats_services(get_settings())
    try:
        upgrade(services.database)
        yield services.aidants
    except WrongField as error:
        raise CommandRefused(_SENTENCES[error.field, error.reason]) from error
    except UnknownAidant as error:
        raise CommandRefused("aucun compte à cette adresse", hint="equipier aidants liste") from error
    except UnknownOrganisation as error:
        raise CommandRefused(f"organisation inconnue\u202f: {error}", hint="equipier aidants organisations") from error
    except ClosedAccount as error:
        raise CommandRefused("ce compte est désactivé", hint=f"Pour le rouvrir\u202f: {_INVITE_AGAIN}") from error
    except AccessRefused as error:
        raise CommandRefused(
            "cette personne ne travaille pas dans cette organisation, ou l'organisation est fermée",
            hint="equipier aidants inviter … --organisation …",
        ) from error
    finally:
        services.close()


def _organisation(aidants: "Aidants", named: str) -> "OrganisationView":
    """The organisation of that id, or of that name whatever its case.

    Raises:
        UnknownOrganisation: there is none.
    """
    from bot.aidants.views import UnknownOrganisation

    for one in aidants.organisations():
        if named == one.id or named.casefold() == one.name.casefold():
            return one
    raise UnknownOrganisation(named)


def _demarches(typed: str) -> tuple[Demarche, ...]:
    wanted = [word.strip().lower() for word in typed.split(",") if word.strip()]
    if unknown := [word for word in wanted if word not in list(Demarche)]:
        raise typer.BadParameter(f"Démarche inconnue\u202f: {', '.join(unknown)}. Choix\u202f: {', '.join(Demarche)}.")
    return tuple(map(Demarche, wanted)) or tuple(Demarche)


def _line(aidants: "Aidants", view: "AidantView") -> str:
    """« lea@ccas.fr — Léa Martin — CCAS de Lens (supervision) — actif »."""
    from bot.aidants.models import Role

    places = ["administration"] if view.admin else []
    named = {Role.SUPERVISEUR: " (supervision)", Role.HELPDESK: " (assistance)"}
    places += [one.organisation.name + named.get(one.role, "") for one in aidants.memberships(view.id)]
    state = "désactivé" if not view.active else "actif" if view.enrolled else "inscription en attente"
    return " — ".join((view.email, view.name, ", ".join(places) or "sans organisation", state))


def _show_link(secret: str) -> None:
    from bot.settings import get_settings

    link = f"{get_settings().public_url.rstrip('/')}/inscription/{secret}"
    typer.echo(f"Lien à transmettre, bon une seule fois et pendant 72 heures\u202f:\n{link}")
