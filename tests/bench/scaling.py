"""`python -m tests.bench.scaling`: one Rasa and one gateway against two of each, on PostgreSQL, Redis and RabbitMQ.

Each of these processes gets a share of a core (``--share``, a quota of the kernel, Linux control groups v1, as root),
so that the two of a kind do not take from each other what a machine of their own would give them: what is left to see
is whether something that they share makes them wait. Then once more without quota, which shows the cores of this
machine. The action servers and the workers, two of each, stay as they are.
"""

import argparse
import json
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from bot.settings import ROOT
from tests.bench.speed import ours
from tests.bench.speed.load import Load, Target, run
from tests.integration.cluster import Cluster, cluster

GROUPS = Path("/sys/fs/cgroup/cpu")
REPORT = ROOT / "var" / "bench" / "scaling.json"
_PERIOD = 10_000  # microseconds
_KINDS = ("rasa", "gateway")
_IDLE = 20.0  # seconds after which no kept connection is left
_SENDERS = 16


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--share", type=float, default=0.2, help="of a core, for each Rasa and each gateway")
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument("--rounds", type=int, default=2)
    chosen = parser.parse_args()
    report: dict[str, object] = {"cores": os.cpu_count(), "share": chosen.share, "senders": _SENDERS}
    with TemporaryDirectory(prefix="equipier-scaling-") as folder, cluster(Path(folder)) as stack:
        with limited(stack, chosen.share):
            report["with_quota"] = compare(stack, seconds=chosen.seconds, rounds=chosen.rounds, name="quota")
        report["without_quota"] = compare(stack, seconds=chosen.seconds, rounds=chosen.rounds, name="free")
    REPORT.parent.mkdir(parents=True, exist_ok=True)
    REPORT.write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")
    print(json.dumps(report, indent=2))


@contextmanager
def limited(stack: Cluster, share: float) -> Iterator[None]:
    """Each Rasa and each gateway has *share* of a core for the time of the block."""
    groups = []
    for kind in _KINDS:
        for number, process in enumerate(stack.processes[kind]):
            group = GROUPS / f"equipier-{os.getpid()}-{kind}{number}"
            group.mkdir()
            groups.append(group)
            (group / "cpu.cfs_period_us").write_text(str(_PERIOD))
            (group / "cpu.cfs_quota_us").write_text(str(round(_PERIOD * share)))
            (group / "cgroup.procs").write_text(str(process.pid))
    try:
        yield
    finally:
        for group in groups:
            for pid in (group / "cgroup.procs").read_text().split():
                (GROUPS / "cgroup.procs").write_text(pid)
            group.rmdir()


def compare(stack: Cluster, *, seconds: float, rounds: int, name: str) -> dict[str, float]:
    """Messages a second and p50 with one of each, then two, in turns; medians over the rounds."""
    token = stack.settings[0].rest_token.get_secret_value()
    target = Target(f"{stack.balancers['gateway'].url}/webhooks/rest/webhook", {"Authorization": f"Bearer {token}"})
    loads: dict[int, list[Load]] = {1: [], 2: []}
    for number in range(rounds):
        for each, taken in loads.items():
            for kind in _KINDS:
                stack.balancers[kind].use(each)
            time.sleep(_IDLE)
            run(target, ours.talk, senders=_SENDERS, seconds=3, name=f"{name}-warm-{number}-{each}")
            taken.append(run(target, ours.talk, senders=_SENDERS, seconds=seconds, name=f"{name}-{number}-{each}"))
            print(name, each, taken[-1], flush=True)
    one, two = (median(load.per_second for load in loads[each]) for each in (1, 2))
    return {
        "one_per_second": round(one, 1),
        "two_per_second": round(two, 1),
        "ratio": round(two / one, 2),
        "one_p50_ms": round(median(load.p50 for load in loads[1])),
        "two_p50_ms": round(median(load.p50 for load in loads[2])),
        "failed": sum(load.failed for pair in loads.values() for load in pair),
    }


if __name__ == "__main__":
    main()
