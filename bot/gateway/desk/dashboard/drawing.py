"""From the figures to the charts and the key numbers of the dashboard, in the words of the page."""

from collections.abc import Iterable
from dataclasses import dataclass

from bot.conversations.feedback import REASONS
from bot.gateway.desk.dashboard.charts import Chart, Row, by_bar, by_day
from bot.gateway.desk.dashboard.numbers import count, counted, duration, percent, seconds
from bot.gateway.desk.supervision.labels import CHANNELS
from bot.handover.views import Reason
from bot.supervision.figures import Figures
from bot.supervision.figures_activity import Activity
from bot.supervision.figures_service import Handovers, Mandats

_MS = 1000
_HANDOVER_REASONS = {one.value: one.label for one in Reason}


@dataclass(frozen=True, slots=True)
class Tile:
    """A key number, and what it is made of."""

    label: str
    value: str
    note: str = ""


def tiles(figures: Figures) -> tuple[Tile, ...]:
    """The key numbers, the most looked for first."""
    said, liked = figures.activity, figures.answers.liked
    asked, signed = figures.handovers, figures.mandats
    return (
        Tile("Conversations", count(said.conversations), counted(said.messages, "message reçu", "messages reçus")),
        Tile(
            "Messages compris",
            percent(said.understood.share),
            f"{_of(said.understood.count, said.understood.whole)} en toutes lettres",
        ),
        Tile("Messages non compris", percent(said.fallbacks.share), "L'assistant a demandé de reformuler"),
        Tile(
            "Questions sans fiche",
            percent(said.abstentions.share),
            _of(said.abstentions.count, said.abstentions.whole),
        ),
        Tile(
            "Temps de réponse médian",
            seconds(said.answering.p50),
            f"95\u202f% en moins de {seconds(said.answering.p95)}" if said.answering.count else "",
        ),
        Tile(
            "Réponses jugées utiles",
            percent(liked.share),
            f"{count(figures.answers.ups)} utile{'s' if figures.answers.ups > 1 else ''}, "
            f"{count(figures.answers.downs)} inutile{'s' if figures.answers.downs > 1 else ''}",
        ),
        Tile(
            "Demandes de parler à quelqu'un",
            count(asked.asked),
            f"Première réponse\u202f: {duration(asked.first_reply.p50)} (médiane)" if asked.first_reply.count else "",
        ),
        Tile(
            "Mandats signés",
            count(signed.opened),
            f"{counted(signed.revoked, 'révoqué')}\u202f; {count(signed.active)} en cours, "
            f"dont {count(signed.expiring)} à renouveler sous 30 jours",
        ),
    )


def charts(figures: Figures) -> tuple[Chart, ...]:
    """Every chart, in the order of the page: the wide ones first, then by pairs."""
    return (
        *_over_time(figures.activity),
        *_use(figures.activity),
        _unmatched(figures.activity),
        _mandats(figures.mandats),
        _handovers(figures.handovers),
        _handover_reasons(figures.handovers),
        *_answers(figures),
    )


def _over_time(said: Activity) -> Iterable[Chart]:
    yield Chart(
        "volume",
        "Conversations et messages",
        f"{counted(said.conversations, 'conversation')} et {counted(said.messages, 'message reçu', 'messages reçus')}, "
        "jour par jour.",
        "line",
        "Jour",
        ("Conversations", "Messages reçus"),
        by_day((one.day, (one.conversations, one.messages)) for one in said.volume),
    )
    yield Chart(
        "delais",
        "Temps de réponse de l'assistant",
        f"La moitié des réponses arrivent en moins de {seconds(said.answering.p50)}, 95\u202f% en moins de "
        f"{seconds(said.answering.p95)}.",
        "line",
        "Jour",
        ("Médiane (p50)", "95\u202f% des réponses (p95)"),
        by_day((one.day, (_s(one.spread.p50), _s(one.spread.p95))) for one in said.answering_by_day),
        shown=lambda value: seconds(round(value * _MS)),
        unit="s",
    )


def _use(said: Activity) -> Iterable[Chart]:
    yield Chart(
        "canaux",
        "Canaux",
        "Conversations et messages reçus par canal.",
        "ranking",
        "Canal",
        ("Conversations", "Messages reçus"),
        tuple(
            Row(CHANNELS.get(one.channel, one.channel) or "Inconnu", one.channel, (one.conversations, one.messages))
            for one in said.channels
        ),
    )
    yield Chart(
        "comprehension",
        "Messages compris et non compris",
        f"{percent(said.understood.share)} des messages en toutes lettres ont été compris.",
        "stacked",
        "Jour",
        ("Compris", "Non compris"),
        by_bar([(one.day, (one.words - one.fallbacks, one.fallbacks)) for one in said.understanding]),
    )


def _unmatched(said: Activity) -> Chart:
    return Chart(
        "sans-fiche",
        "Questions sans fiche",
        f"{count(said.abstentions.count)} fois, aucune fiche n'était assez sûre pour être montrée.",
        "bars",
        "Jour",
        ("Questions sans fiche",),
        by_bar([(one.day, (one.abstentions,)) for one in said.understanding]),
    )


def _answers(figures: Figures) -> Iterable[Chart]:
    given = figures.answers
    yield Chart(
        "avis",
        "Pourquoi une réponse est jugée inutile",
        f"{counted(given.downs, 'réponse jugée inutile', 'réponses jugées inutiles')}, par raison donnée.",
        "ranking",
        "Raison",
        ("Fois",),
        tuple(Row(REASONS.get(code, code), code, (times,)) for code, times in given.reasons),
    )
    yield Chart(
        "demarches",
        "Démarches les plus demandées",
        "Les dix fiches les plus montrées.",
        "ranking",
        "Fiche",
        ("Fois",),
        tuple(Row(one.title, f"{one.fiche} {one.title}", (one.count,)) for one in given.asked),
    )


def _handovers(asked: Handovers) -> Chart:
    return Chart(
        "humain",
        "Demandes de parler à quelqu'un",
        f"{counted(asked.asked, 'demande')}, dont {count(asked.waiting)} en attente et {count(asked.unanswered)} "
        f"sans réponse.{_first_reply(asked)}",
        "bars",
        "Jour",
        ("Demandes", "Ayant reçu une réponse"),
        by_bar([(one.day, (one.asked, one.answered)) for one in asked.by_day]),
    )


def _first_reply(asked: Handovers) -> str:
    if not asked.first_reply.count:
        return ""
    return (
        f" Première réponse en {duration(asked.first_reply.p50)} pour la moitié d'entre elles, en "
        f"{duration(asked.first_reply.p95)} pour 95\u202f%."
    )


def _handover_reasons(asked: Handovers) -> Chart:
    return Chart(
        "humain-raisons",
        "Pourquoi une personne est appelée",
        "Demandes de parler à quelqu'un, par origine.",
        "ranking",
        "Origine",
        ("Demandes",),
        tuple(Row(_HANDOVER_REASONS.get(code, code), code, (times,)) for code, times in asked.reasons),
    )


def _mandats(signed: Mandats) -> Chart:
    return Chart(
        "mandats",
        "Mandats signés et révoqués",
        f"{counted(signed.opened, 'mandat signé', 'mandats signés')}, {counted(signed.revoked, 'révoqué')}.",
        "bars",
        "Jour",
        ("Signés", "Révoqués"),
        by_bar([(one.day, (one.opened, one.revoked)) for one in signed.by_day]),
    )


def _of(number: int, whole: int) -> str:
    return f"{count(number)} sur {count(whole)}"


def _s(milliseconds: int | None) -> float | None:
    return None if milliseconds is None else milliseconds / _MS
