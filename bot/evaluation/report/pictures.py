"""The pictures of a report, drawn without a screen: reliability diagrams and confusion matrices.

matplotlib is an optional dependency (group ``report``), imported when a picture is drawn.
"""

from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from bot.errors import EquipierError
from bot.evaluation.reliability import Reliability
from bot.evaluation.report.wording import number

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_RIGHT, _WRONG, _INK = "#1b6e4b", "#b3471f", "#1f2933"
_DPI = 150


def require_matplotlib() -> None:
    """Checks that pictures can be drawn, before anything long is measured.

    Raises:
        EquipierError: matplotlib is not installed.
    """
    try:
        missing = find_spec("matplotlib") is None
    except ValueError:  # a module whose place was taken in sys.modules
        missing = True
    if missing:
        raise EquipierError(
            "les images du rapport ont besoin de matplotlib, qui n'est pas installé",
            hint="Lancez « make setup » pour compléter l'environnement, ou mesurez sans --report.",
        )


def draw_reliability(
    path: Path, measured: Reliability, confidences: Sequence[float], right: Sequence[bool], *, title: str
) -> None:
    """Draws the share of right answers against confidence, above the number of answers at each confidence."""
    figure = _figure(7.0, 7.6)
    top, bottom = figure.subplots(2, 1, sharex=True, height_ratios=[3, 1])
    top.plot([0, 1], [0, 1], linestyle="--", color="#8a94a0", linewidth=1.2, label="confiance parfaitement juste")
    top.errorbar(
        [one.confidence for one in measured.bins],
        [one.right for one in measured.bins],
        # A share of 1 may lie above its rounded upper end by less than a float can say.
        yerr=[
            [max(0.0, one.right - one.low) for one in measured.bins],
            [max(0.0, one.high - one.right) for one in measured.bins],
        ],
        fmt="o-",
        color=_RIGHT,
        ecolor="#9cc5b2",
        capsize=4,
        markersize=7,
        label="observé (intervalle à 95 %)",
    )
    top.set(ylabel="part de réponses justes", xlim=(-0.02, 1.02), ylim=(-0.02, 1.06))
    top.set_title(f"{title}\nécart moyen (ECE) : {number(measured.ece)}", fontsize=13)
    top.legend(loc="best", frameon=False)
    top.grid(color="#e4e7eb")
    edges = [step / 20 for step in range(21)]
    hits = [one for one, is_right in zip(confidences, right, strict=True) if is_right]
    misses = [one for one, is_right in zip(confidences, right, strict=True) if not is_right]
    bottom.hist([hits, misses], bins=edges, stacked=True, color=[_RIGHT, _WRONG], label=["justes", "fausses"])
    bottom.set(xlabel="confiance annoncée", ylabel="réponses")
    bottom.yaxis.get_major_locator().set_params(integer=True)
    bottom.legend(loc="best", frameon=False)
    for axes in (top, bottom):
        _french(axes)
    figure.savefig(path, dpi=_DPI)


def draw_confusion(path: Path, counts: Mapping[str, Mapping[str, int]], *, title: str) -> None:
    """Draws right labels in rows, given ones in columns; hits are green, mistakes red, the more the darker."""
    labels = sorted({*counts, *(said for row in counts.values() for said in row)})
    size = max(6.0, 2.6 + 0.42 * len(labels))
    figure = _figure(size, size)
    axes = figure.subplots()
    shares = np.zeros((len(labels), len(labels)))
    for gold, row in counts.items():
        for said, count in row.items():
            place = labels.index(gold), labels.index(said)
            shares[place] = count / sum(row.values())
            ink = "white" if shares[place] > 0.6 else _INK
            axes.text(place[1], place[0], str(count), ha="center", va="center", color=ink)
    diagonal = np.eye(len(labels), dtype=bool)
    axes.imshow(np.ma.masked_where(~diagonal | (shares == 0), shares), cmap="Greens", vmin=0, vmax=1.25)
    axes.imshow(np.ma.masked_where(diagonal | (shares == 0), shares), cmap="Reds", vmin=-0.2, vmax=1.25)
    places = range(len(labels))
    axes.set_xticks(places, labels, rotation=90)
    axes.set_yticks(places, labels)
    axes.set_xticks([place - 0.5 for place in places], minor=True)
    axes.set_yticks([place - 0.5 for place in places], minor=True)
    axes.grid(which="minor", color="#e4e7eb")
    axes.tick_params(which="minor", length=0)
    axes.set(xlabel="donné", ylabel="attendu")
    axes.set_title(title, fontsize=13)
    figure.savefig(path, dpi=_DPI)


def _figure(width: float, height: float) -> "Figure":
    """A figure of its own, in inches: no global state, no screen."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg  # noqa: PLC0415  optional, and slow to import
    from matplotlib.figure import Figure  # noqa: PLC0415

    figure = Figure(figsize=(width, height), layout="constrained")
    FigureCanvasAgg(figure)
    return figure


def _french(axes: "Axes") -> None:
    """Decimal commas."""
    from matplotlib.ticker import FuncFormatter  # noqa: PLC0415  as above

    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}".replace(".", ",")))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}".replace(".", ",")))
