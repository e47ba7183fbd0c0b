"""`make bench`: ours against a stock assistant, in one run; the table of ratios, the plots, ``docs/performance.md``.

``--pieces`` measures only the search, the pseudonymisation and the parse by themselves, in a minute. ``--stock FOLDER``
takes a stock project that a former run has trained. ``--seconds`` and ``--rounds`` make it shorter or longer: fifteen
minutes on two idle cores as it is. Figures depend on the machine; compare those of one run only.
"""

import argparse
import json
from pathlib import Path

from bot.settings import ROOT
from tests.bench import pieces
from tests.bench.speed import report
from tests.bench.speed.compare import compare

PAGE = ROOT / "docs" / "performance.md"
PICTURES = ROOT / "docs" / "images" / "bench"
FOLDER = ROOT / "var" / "bench"


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--pieces", action="store_true")
    parser.add_argument("--stock", type=Path)
    parser.add_argument("--seconds", type=float, default=15.0)
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    if arguments.pieces:
        print(json.dumps(pieces.measure(), indent=2))
        return
    figures = compare(seconds=arguments.seconds, rounds=arguments.rounds, project=arguments.stock)
    alone = pieces.measure()
    report.write(figures, alone, folder=FOLDER, page=PAGE, pictures=PICTURES)
    print(report.table(figures))
    print(report.details(figures, alone))


if __name__ == "__main__":
    main()
