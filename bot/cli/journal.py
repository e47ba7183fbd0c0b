"""`equipier journal …`: verify, sign, export and read the journal of what was done."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bot.calendar import PARIS

if TYPE_CHECKING:
    from bot.bootstrap import MandatServices
    from bot.journal.chain import Entry
    from bot.journal.checkpoints import Checkpoint
    from bot.journal.service import Verified

app = typer.Typer(help="Le journal des actes\u202f: le vérifier, le signer, l'exporter, le lire.", no_args_is_help=True)
One = Annotated[
    str | None,
    typer.Option(
        "--organisation",
        metavar="ID",
        help="Seulement le journal de cette structure\u202f; «\u00a0*\u00a0» pour celui du système.",
    ),
]


@app.command()
def verify(
    organisation: One = None,
    checkpoint: Annotated[
        Path | None,
        typer.Option(
            metavar="FICHIER", help="Points de contrôle gardés ailleurs, par lesquels le journal doit passer."
        ),
    ] = None,
) -> None:
    """Relire toute la chaîne et vérifier chaque sceau (code de sortie 1 si quelque chose ne va pas).

    Les points de contrôle gardés dans la base sont vérifiés aussi.
    """
    with _services() as services:
        published = _read_checkpoints(checkpoint, organisation)
        kept = set(services.journal.chains()) | set(services.checkpoints.organisations())
        chains = _chosen(kept | {one.organisation for one in published}, organisation)
        if not chains:
            typer.echo("Aucun journal\u202f: rien n'a encore été inscrit.")
        whole = True
        for chain in chains:
            with _reading(services.journal.length(chain)) as read:
                verified = services.journal.verify(chain, read=read)
            typer.echo(f"{_name(services, chain)}\u202f: {_outcome(services, verified)}")
            whole &= verified.broken is None
            latest = services.checkpoints.latest(chain)
            for one in [one for one in published if one.organisation == chain] + ([latest] if latest else []):
                whole &= _tell_verdict(services, one)
    if not whole:
        raise typer.Exit(1)


@app.command()
def checkpoint(
    organisation: One = None,
    output: Annotated[
        Path | None, typer.Option(metavar="FICHIER", help="Où l'écrire\u202f; par défaut sur la sortie standard.")
    ] = None,
) -> None:
    """Signer jusqu'où va chaque journal, en une ligne de JSON à garder hors de cette machine.

    Un journal rompu n'est pas signé.
    """
    from bot.journal.checkpoints import ChainBroken
    from bot.journal.checkpoints import export as exported

    signed, broken = [], []
    with _services() as services:
        for chain in _chosen(set(services.journal.chains()), organisation):
            try:
                signed.append(exported(services.checkpoints.sign(chain)))
            except ChainBroken as error:  # the others are signed all the same
                broken.append(error)
    lines = "".join(f"{line}\n" for line in signed)
    if output is None:
        typer.echo(lines, nl=False)
    else:
        output.write_text(lines, encoding="utf-8")
        typer.echo(f"{_count(len(signed), 'point')} de contrôle\u202f: {output}")
    if broken:
        raise broken[0]


@app.command()
def export(
    organisation: Annotated[str, typer.Option("--organisation", metavar="ID", help="La structure.")],
) -> None:
    """Écrire le journal d'une structure au format JSON Lines, de la première entrée à la dernière."""
    with _services() as services:
        _chosen(set(services.journal.chains()), organisation)
        for entry in reversed(services.journal.entries(organisation)):
            line = asdict(entry) | {"at": entry.at.astimezone(UTC).isoformat(timespec="microseconds")}
            typer.echo(json.dumps(line, ensure_ascii=False, sort_keys=True))


@app.command()
def show(
    limit: Annotated[int, typer.Option(min=1, help="Combien d'entrées, en commençant par la plus récente.")] = 20,
    organisation: One = None,
) -> None:
    """Montrer les dernières entrées, la plus récente d'abord."""
    with _services() as services:
        chains = _chosen(set(services.journal.chains()), organisation)
        entries = [entry for chain in chains for entry in services.journal.entries(chain, limit=limit)]
        names = {chain: _name(services, chain) for chain in chains}
    entries.sort(key=lambda entry: (entry.at, entry.seq), reverse=True)
    for entry in entries[:limit]:
        typer.echo(_line(entry, names[entry.organisation]))
    if not entries:
        typer.echo("Aucun journal\u202f: rien n'a encore été inscrit.")


@contextmanager
def _services() -> Iterator["MandatServices"]:
    from bot.bootstrap import mandats_services
    from bot.settings import get_settings

    services = mandats_services(get_settings())
    try:
        yield services
    finally:
        services.close()


@contextmanager
def _reading(entries: int) -> Iterator[Callable[[int], None]]:
    """A bar of progress, on a terminal only; it is told how many of *entries* were read so far."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    console = Console(stderr=True)
    columns = (TextColumn("Entrées relues"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task("", total=entries)
        yield lambda done: bar.update(task, completed=done)


def _chosen(known: set[str], organisation: str | None) -> list[str]:
    """The chains to go through; a mistyped one must not look like a whole, empty journal."""
    from bot.errors import EquipierError

    if organisation is not None and organisation not in known:
        raise EquipierError(
            f"aucun journal pour «\u00a0{organisation}\u00a0»",
            hint="Les journaux et leurs structures\u202f: equipier journal verify",
        )
    return sorted(known) if organisation is None else [organisation]


def _read_checkpoints(file: Path | None, organisation: str | None) -> list["Checkpoint"]:
    from bot.errors import EquipierError
    from bot.journal.checkpoints import UnreadableCheckpoint, read

    if file is None:
        return []
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
    except OSError as error:
        raise EquipierError(f"{file}\u202f: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise UnreadableCheckpoint from error
    published = [read(line) for line in lines if line.strip()]
    if not published:
        raise UnreadableCheckpoint
    if organisation is not None and all(one.organisation != organisation for one in published):
        raise EquipierError(f"{file}\u202f: aucun point de contrôle pour «\u00a0{organisation}\u00a0»")
    return published


def _outcome(services: "MandatServices", verified: "Verified") -> str:
    from bot.journal.chain import Fault

    if verified.broken is None:
        return f"{_count(verified.entries, 'entrée')}, chaîne intacte"
    faults = {
        Fault.GAP: "elle manque, ou les numéros ne se suivent plus",
        Fault.FOREIGN: "elle appartient à une autre structure",
        Fault.BROKEN: "elle ne porte pas le sceau de l'entrée précédente",
        Fault.ALTERED: "son contenu ne correspond plus à son sceau",
    }
    seq = verified.broken.seq
    try:
        entry = services.journal.entry(verified.organisation, seq)
    except (ValueError, TypeError):
        action = "illisible"
    else:
        action = entry.action if entry else "absente"
    return f"CHAÎNE ROMPUE à l'entrée n°\u00a0{seq} ({action})\u202f: {faults[verified.broken.fault]}"


def _tell_verdict(services: "MandatServices", one: "Checkpoint") -> bool:
    from bot.journal.checkpoints import Verdict

    verdict = services.checkpoints.check(one.organisation, one)
    sentence = {
        Verdict.OK: "le journal passe par lui",
        Verdict.TRUNCATED: "LA FIN DU JOURNAL A ÉTÉ COUPÉE, il s'arrête avant",
        Verdict.DIVERGED: "LE JOURNAL A ÉTÉ RÉÉCRIT, une autre entrée est à cette place",
        Verdict.FORGED: "SIGNATURE FAUSSE, ou d'une clé qui n'est plus dans les réglages",
    }[verdict]
    typer.echo(f"  point de contrôle du {_moment(one.at)} (entrée n°\u00a0{one.seq})\u202f: {sentence}")
    return verdict is Verdict.OK


def _name(services: "MandatServices", chain: str) -> str:
    """« France Services de Lorient (1f0c…) »."""
    from bot.aidants.models import Organisation
    from bot.journal.service import SYSTEM

    if chain == SYSTEM:
        return "Système (*)"
    with services.database.unit_of_work() as session:
        organisation = session.get(Organisation, chain)
    return f"{organisation.name} ({chain})" if organisation else chain


def _line(entry: "Entry", name: str) -> str:
    about = {
        "aidant": entry.aidant,
        "mandat": entry.mandat,
        "usager": entry.usager,
        "démarche": entry.demarche,
    }
    told = "  ".join(f"{what} {value}" for what, value in about.items() if value)
    return f"{_moment(entry.at)}  {name}  n°\u00a0{entry.seq}  {entry.action}  {told}".rstrip()


def _count(number: int, noun: str) -> str:
    """« 1 entrée », « 12 345 entrées »."""
    return f"{number:,}\u00a0{noun}{'s' if number > 1 else ''}".replace(",", "\u202f")


def _moment(instant: datetime) -> str:
    return f"{instant.astimezone(PARIS):%d/%m/%Y à %H\u00a0h\u00a0%M}"
