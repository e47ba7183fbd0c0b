"""Audits the locks against the published advisories (``make audit``): no advisory may go without an answer.

An advisory on a locked package is either accepted in ``deploy/audit.toml``, with a reason and an end date, or it fails
the audit. A package that the source of advisories does not know was not audited: it never passes for a sound one.

Exit codes: 0, everything was audited and answered; 1, an advisory has no answer; 2, the audit could not take place.
"""

import json
import re
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from functools import partial
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
EXCEPTIONS = ROOT / "deploy" / "audit.toml"
# The lock of the voice holds all of requirements.lock, which tests/project/test_locks.py makes sure of.
LOCKS = ("deploy/voice.lock", "nlu/requirements.lock", "deploy/uv.lock", "deploy/node.lock")
NPM_LOCKS = ("bot/channels/web/widget/package-lock.json",)
_PINNED = re.compile(r"^([A-Za-z0-9][A-Za-z0-9._-]*)(?:\[[^]]*\])?==([^\s;\\]+)")
_TIMEOUT = 900  # seconds, for one lock

Runner = Callable[[Sequence[str], Path], str]


class Unavailable(Exception):
    """The audit could not take place; the message, in French, says why."""


@dataclass(frozen=True, slots=True)
class Advisory:
    """An advisory on a package of a lock.

    Attributes:
        ids: every name that it has (CVE, GHSA, PYSEC…), the source's own first.
        fixed: the versions without it, as the source writes them; empty when there is none yet.
    """

    lock: str
    package: str
    version: str
    ids: tuple[str, ...]
    fixed: tuple[str, ...] = ()

    def __str__(self) -> str:
        remedy = f"corrigé dans {', '.join(self.fixed)}" if self.fixed else "sans correction publiée"
        return f"{self.lock} : {self.package} {self.version} : {', '.join(self.ids)} ({remedy})"


@dataclass(frozen=True, slots=True)
class Accepted:
    """Advisories accepted for one version of a package of one lock, until a day.

    Attributes:
        why: why they cannot be reached, in French.
        until: the last day of the acceptance: then it has to be thought over again.
    """

    lock: str
    package: str
    version: str
    ids: frozenset[str]
    why: str
    until: date

    def covers(self, advisory: Advisory) -> bool:
        """Whether *advisory* is one of these, on whatever day."""
        here = (self.lock, self.package, self.version)
        return here == (advisory.lock, advisory.package, advisory.version) and bool(self.ids & set(advisory.ids))


@dataclass(slots=True)
class Outcome:
    """What an audit found.

    Attributes:
        late: advisories whose acceptance is over.
    """

    open: list[Advisory] = field(default_factory=list)
    late: list[Advisory] = field(default_factory=list)
    accepted: list[Advisory] = field(default_factory=list)


def read_exceptions(path: Path = EXCEPTIONS) -> tuple[Accepted, ...]:
    """The acceptances of *path*; raises ``KeyError`` or ``tomllib.TOMLDecodeError`` when it is badly written."""
    rows = tomllib.loads(path.read_text(encoding="utf-8")).get("exception", [])
    return tuple(
        Accepted(row["lock"], row["package"], row["version"], frozenset(row["ids"]), row["why"], row["until"])
        for row in rows
    )


def pins(lock: Path) -> list[tuple[str, str]]:
    """Name and version of each package of *lock*, for whatever platform it is."""
    found = (_PINNED.match(line) for line in lock.read_text(encoding="utf-8").splitlines())
    return list(dict.fromkeys((match[1], match[2]) for match in found if match))


def judge(advisories: Iterable[Advisory], exceptions: Sequence[Accepted], *, today: date) -> Outcome:
    """Sorts *advisories* by the answer that they have."""
    outcome = Outcome()
    for advisory in advisories:
        answers = [one for one in exceptions if one.covers(advisory)]
        if any(one.until >= today for one in answers):
            outcome.accepted.append(advisory)
        else:
            (outcome.late if answers else outcome.open).append(advisory)
    return outcome


def run(argv: Sequence[str], folder: Path) -> str:
    """What *argv* prints, whatever its exit code; raises ``Unavailable`` when it cannot run or prints nothing."""
    try:
        done = subprocess.run(  # noqa: S603  our own commands
            argv, cwd=folder, capture_output=True, text=True, timeout=_TIMEOUT, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise Unavailable(f"{Path(argv[0]).name} n'a pas pu être lancé ou n'a pas fini ({error})") from error
    if not done.stdout.strip():
        lines = [line.strip() for line in done.stderr.splitlines() if line.strip()]
        raise Unavailable(lines[-1][:300] if lines else f"{Path(argv[0]).name} n'a rien répondu")
    return done.stdout


def audit_python(lock: str, options: Sequence[str], *, runner: Runner = run, root: Path = ROOT) -> list[Advisory]:
    """The advisories on the packages of *lock*.

    A first request on one package tells whether the source answers at all: an index without advisories says of every
    package that it does not know it.

    Raises:
        Unavailable: the source does not answer, or does not know some of the packages.
    """
    packages = pins(root / lock)
    _pip_audit(lock, packages[:1], options, runner)
    found: list[Advisory] = []
    for group in _without_twins(packages):
        found += _pip_audit(lock, group, options, runner)
    return found


def _without_twins(packages: Iterable[tuple[str, str]]) -> list[list[tuple[str, str]]]:
    """*packages* in lists that name each package once: a lock may hold two versions, for two platforms."""
    groups: list[dict[str, str]] = []
    for name, version in packages:
        group = next((one for one in groups if name not in one), None)
        if group is None:
            groups.append(group := {})
        group[name] = version
    return [list(group.items()) for group in groups]


def _pip_audit(
    lock: str, packages: Sequence[tuple[str, str]], options: Sequence[str], runner: Runner
) -> list[Advisory]:
    with tempfile.TemporaryDirectory() as scratch:
        listed = Path(scratch) / "requirements.txt"
        listed.write_text("".join(f"{name}=={version}\n" for name, version in packages), encoding="utf-8")
        tool = (sys.executable, "-m", "pip_audit", "--no-deps", "--disable-pip", "--progress-spinner", "off")
        answer = runner((*tool, "--format", "json", "--requirement", str(listed), *options), Path(scratch))
    rows = _parsed(answer)["dependencies"]
    unknown = [row["name"] for row in rows if "skip_reason" in row]
    if unknown or len(rows) != len(packages):
        raise Unavailable(f"paquets que la source d'avis ne connaît pas : {', '.join(unknown[:3])}…")
    return [
        Advisory(lock, row["name"], row["version"], (one["id"], *one["aliases"]), tuple(one["fix_versions"]))
        for row in rows
        for one in row["vulns"]
    ]


def audit_npm(lock: str, *, runner: Runner = run, root: Path = ROOT) -> list[Advisory]:
    """The advisories on the packages of an npm lock; raises ``Unavailable`` when they cannot be had."""
    folder = (root / lock).parent
    answer = _parsed(runner(("npm", "audit", "--package-lock-only", "--json"), folder))
    if "vulnerabilities" not in answer:
        raise Unavailable(answer.get("message", "npm audit n'a donné aucun résultat"))
    return [
        Advisory(lock, name, row["range"], (via["url"].rpartition("/")[2],))
        for name, row in answer["vulnerabilities"].items()
        for via in row["via"]
        if isinstance(via, dict)  # a name alone stands for the advisory of that other package
    ]


def _parsed(answer: str) -> Mapping[str, Any]:
    try:
        parsed: Mapping[str, Any] = json.loads(answer)
    except ValueError as error:
        raise Unavailable(f"réponse illisible : {answer.strip()[:200]}") from error
    return parsed


def main(options: Sequence[str], *, today: date, runner: Runner = run, root: Path = ROOT) -> int:
    """Audits everything and tells it on the standard output; the exit code.

    Args:
        options: further options of ``pip-audit``, such as ``--vulnerability-service osv``.
    """
    exceptions = read_exceptions(root / EXCEPTIONS.relative_to(ROOT))
    audits = {lock: partial(audit_python, lock, options, runner=runner, root=root) for lock in LOCKS} | {
        lock: partial(audit_npm, lock, runner=runner, root=root) for lock in NPM_LOCKS
    }
    found: list[Advisory] = []
    missed: list[str] = []
    for lock, audit in audits.items():
        try:
            advisories = audit()
        except Unavailable as error:
            missed.append(f"{lock} : NON AUDITÉ ({error})")
        else:
            found += advisories
            _say(f"{lock} : audité, {len(advisories)} avis")
    outcome = judge(found, exceptions, today=today)
    for title, rows in (
        ("Avis acceptés", outcome.accepted),
        ("Avis dont l'acceptation est terminée", outcome.late),
        ("Avis sans réponse", outcome.open),
        ("Ce qui n'a pas été audité", missed),
    ):
        if rows:
            _say(f"\n{title} :", *(f"  {row}" for row in rows))
    if outcome.open or outcome.late:
        _say("\nMettez le paquet à jour, ou expliquez dans deploy/audit.toml pourquoi l'avis est hors d'atteinte.")
        return 1
    if missed:
        _say("\nL'audit n'a pas eu lieu en entier : relancez-le là où la source des avis se joint.")
        return 2
    _say("\nTout a été audité, et chaque avis a sa réponse.")
    return 0


def _say(*lines: str) -> None:
    sys.stdout.write("".join(f"{line}\n" for line in lines))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], today=datetime.now(UTC).date()))
