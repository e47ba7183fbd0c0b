"""The comparison as a table of ratios, as JSON, as plots, and as the figures of ``docs/performance.md``."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from tests.bench.speed.compare import SENDERS, Figures, middle
from tests.bench.speed.length import smoothed

BEGIN, END = "<!-- figures: begin (make bench writes them) -->", "<!-- figures: end -->"
_ONE, _MANY = SENDERS


@dataclass(frozen=True, slots=True)
class Ratio:
    """One line of the table.

    Attributes:
        at_least: the target is a floor; otherwise a ceiling.
        mixed: of the stock assistant when one message in five calls its action; ``None`` where that changes nothing.
    """

    what: str
    unit: str
    stock: float
    ours: float
    target: float
    at_least: bool = False
    mixed: float | None = None

    @property
    def value(self) -> float:
        return self.ours / self.stock

    @property
    def reached(self) -> bool:
        return self.value >= self.target if self.at_least else self.value <= self.target


def ratios(figures: Figures) -> list[Ratio]:
    """What the targets are about, in their order."""

    def load(side: str, senders: int, name: str) -> float:
        return middle(figures.loads[side][senders], name)

    def line(what: str, senders: int, name: str, unit: str, target: float, *, at_least: bool = False) -> Ratio:
        stock, mixed, ours = (load(side, senders, name) for side in ("stock", "stock_mixed", "ours"))
        return Ratio(what, unit, stock, ours, target, at_least, mixed)

    found = [
        line(f"messages a second, {_MANY} senders", _MANY, "per_second", "/s", 3.0, at_least=True),
        line("message p50, one sender", _ONE, "p50", "ms", 0.5),
        line(f"message p95, {_MANY} senders", _MANY, "p95", "ms", 0.25),
        Ratio("parse p50", "ms", _p50(figures.parse["stock"]), _p50(figures.parse["ours"]), 0.6),
        Ratio("memory", "MiB", sum(figures.memory["stock"].values()), sum(figures.memory["ours"].values()), 1.5),
    ]
    if figures.training_s:
        found.append(Ratio("training", "s", figures.training_s["stock"], figures.training_s["ours"], target=2.0))
    if figures.lengths is not None:
        found.append(
            Ratio("message p50, turn 500 to turn 1", "ms", figures.lengths.first, figures.lengths.last, target=1.3)
        )
    return found


def table(figures: Figures) -> str:
    """The ratios in Markdown, which also reads well in a terminal."""
    rows: list[Sequence[str]] = [("what", "stock", "stock, mixed", "ours", "ours / stock", "target", "reached")]
    for one in ratios(figures):
        target = f"{'≥' if one.at_least else '≤'} {one.target:g}"
        mixed = f"{one.mixed:.0f} {one.unit}" if one.mixed is not None else "–"
        rows.append(
            (
                one.what,
                f"{one.stock:.1f} {one.unit}" if one.stock < 100 else f"{one.stock:.0f} {one.unit}",
                mixed,
                f"{one.ours:.1f} {one.unit}" if one.ours < 100 else f"{one.ours:.0f} {one.unit}",
                f"{one.value:.2f}",
                target,
                "yes" if one.reached else "no",
            )
        )
    return _markdown(rows)


def details(figures: Figures, pieces: dict[str, Any]) -> str:
    """Every run, the memory and the processor of each process, and the pieces by themselves."""
    runs: list[Sequence[str]] = [("side", "senders", "messages a second", "p50 ms", "p95 ms", "p99 ms", "failed")]
    for side, by_senders in figures.loads.items():
        for senders, loads in by_senders.items():
            shown = (f"{middle(loads, name):.1f}" for name in ("per_second", "p50", "p95", "p99"))
            runs.append((side, str(senders), *shown, str(sum(load.failed for load in loads))))
    processes: list[Sequence[str]] = [("side", "process", "memory MiB", "processor, ms a message")]
    for side, memory in figures.memory.items():
        spent = figures.processor.get(side, {})
        processes += [(side, name, f"{mib:.0f}", f"{spent.get(name, 0):.1f}") for name, mib in memory.items()]
    alone: list[Sequence[str]] = [("piece", "p50 ms", "p95 ms")]
    alone += [
        (name.removesuffix("_ms"), str(value["p50"]), str(value["p95"]))
        for name, value in pieces.items()
        if isinstance(value, dict)
    ]
    return "\n\n".join(_markdown(rows) for rows in (runs, processes, alone) if len(rows) > 1)


def write(figures: Figures, pieces: dict[str, Any], *, folder: Path, page: Path, pictures: Path) -> None:
    """Writes ``speed.json`` in *folder*, the plots in *pictures*, and the figures between the marks of *page*."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "speed.json").write_text(json.dumps(_as_json(figures, pieces), indent=2), encoding="utf-8")
    drawn = _draw(figures, pictures)
    machine = figures.machine
    said = (
        f"Measured on {machine['at']}: {machine['cores']} cores ({machine['model']}), {machine['memory_gib']} GiB, load"
        f" {machine['load_before']} before the run."
    )
    shown = "\n\n".join(f"![{text}]({path.relative_to(page.parent).as_posix()})" for text, path in drawn)
    figures_text = "\n\n".join(filter(None, (said, table(figures), details(figures, pieces), shown)))
    content = page.read_text(encoding="utf-8")
    head, _, rest = content.partition(BEGIN)
    if not rest or END not in rest:
        raise ValueError(f"{page.name} has no place for the figures")
    page.write_text(f"{head}{BEGIN}\n\n{figures_text}\n\n{END}{rest.partition(END)[2]}", encoding="utf-8")


def _as_json(figures: Figures, pieces: dict[str, Any]) -> dict[str, Any]:
    return {
        "machine": figures.machine,
        "ratios": [
            {
                "what": one.what,
                "unit": one.unit,
                "stock": round(one.stock, 2),
                "ours": round(one.ours, 2),
                "ratio": round(one.value, 3),
                "target": one.target,
                "reached": one.reached,
            }
            for one in ratios(figures)
        ],
        "training_s": figures.training_s,
        "memory_mib": figures.memory,
        "processor_ms": figures.processor,
        "loads": {
            side: {
                str(senders): [
                    {name: getattr(load, name) for name in ("sent", "failed", "per_second", "p50", "p95", "p99")}
                    for load in loads
                ]
                for senders, loads in by_senders.items()
            }
            for side, by_senders in figures.loads.items()
        },
        "turns_ms": [round(value, 2) for value in figures.lengths.engine] if figures.lengths else [],
        "pieces": pieces,
    }


def _draw(figures: Figures, pictures: Path) -> list[tuple[str, Path]]:
    """The plots; none without matplotlib, which is optional."""
    try:
        import matplotlib as mpl
    except ModuleNotFoundError:
        return []
    mpl.use("Agg")
    from matplotlib import pyplot as plt

    pictures.mkdir(parents=True, exist_ok=True)
    drawn = []
    found = ratios(figures)
    height, axes = plt.subplots(figsize=(7, 3.2), layout="constrained")
    places = np.arange(len(found))
    axes.barh(places, [one.value for one in found], color=["#000091" if one.reached else "#c9191e" for one in found])
    for place, one in zip(places, found, strict=True):
        axes.plot([one.target, one.target], [place - 0.4, place + 0.4], color="black")
    axes.set_yticks(places, [one.what for one in found])
    axes.invert_yaxis()
    axes.set_xlabel("ours / stock; the line is the target")
    height.savefig(pictures / "speed.png", dpi=120)
    drawn.append(("Ratios to a stock assistant, and their targets", pictures / "speed.png"))
    if figures.lengths is not None:
        over, axes = plt.subplots(figsize=(7, 3), layout="constrained")
        values = smoothed(figures.lengths.engine)
        axes.plot(np.linspace(40, 460, len(values)), values, color="#000091")
        axes.set_ylim(bottom=0)
        axes.set_xlabel("turns of the conversation so far")
        axes.set_ylabel("ms a message (engine, median of 20)")
        over.savefig(pictures / "length.png", dpi=120)
        drawn.append(("Latency against the length of a conversation", pictures / "length.png"))
    plt.close("all")
    return drawn


def _markdown(rows: Sequence[Sequence[str]]) -> str:
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = [
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) + " |" for row in rows
    ]
    return "\n".join([lines[0], "|" + "|".join("-" * (width + 2) for width in widths) + "|", *lines[1:]])


def _p50(values: Sequence[float]) -> float:
    return float(np.percentile(values, 50))
