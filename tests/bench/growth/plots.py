"""The curves drawn, one picture for each family: milliseconds against size, both on logarithmic axes."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import matplotlib as mpl

mpl.use("Agg")
from matplotlib import pyplot as plt

from tests.bench.growth.measure import Point

_COLOURS = ("#000091", "#c9191e", "#18753c", "#b34000", "#6e445a")
_MARKERS = "osD^v"


def draw(path: Path, title: str, unit: str, curves: Mapping[str, Sequence[Point]]) -> None:
    """Writes the picture of *curves* to *path*; *unit* says what is counted along the axis."""
    figure, axes = plt.subplots(figsize=(6.4, 3.8), dpi=110)
    for place, (name, points) in enumerate(curves.items()):
        sizes = [one.size for one in points]
        colour, marker = _COLOURS[place % len(_COLOURS)], _MARKERS[place % len(_MARKERS)]
        axes.plot(sizes, [one.p50 for one in points], color=colour, marker=marker, markersize=4, label=name)
        axes.plot(sizes, [one.p95 for one in points], color=colour, linewidth=0.8, linestyle=":")
    axes.set(title=title, xlabel=unit, ylabel="ms (line: p50, dots: p95)", xscale="log", yscale="log")
    axes.yaxis.set_major_formatter(mpl.ticker.FormatStrFormatter("%g"))
    axes.grid(visible=True, which="major", linewidth=0.4)
    axes.legend(fontsize=8, frameon=False)
    figure.tight_layout()
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path)
    plt.close(figure)
