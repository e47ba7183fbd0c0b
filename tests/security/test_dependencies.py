"""The audit of the locks and the lists of what they hold: real tools, and a source of advisories on this machine."""

import importlib.util
import json
import shutil
import sys
import threading
from collections.abc import Iterator, Sequence
from datetime import date
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from bot.settings import ROOT

TODAY = date(2026, 11, 26)
ADVISORY = {
    "id": "GHSA-aaaa-bbbb-cccc",
    "aliases": ["CVE-2099-1234"],
    "summary": "Invented",
    "details": "Invented",
    "published": "2026-01-01T00:00:00Z",
}


def script(name: str) -> ModuleType:
    """A script of ``deploy/``, loaded by its path."""
    spec = importlib.util.spec_from_file_location(f"equipier_{name}", ROOT / "deploy" / f"{name}.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses look their own module up
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def audit() -> ModuleType:
    return script("audit")


class Source(BaseHTTPRequestHandler):
    """Answers as the OSV API does; one package has an advisory."""

    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["content-length"])))
        name = asked["package"]["name"]
        affected = {
            "package": {"ecosystem": "PyPI", "name": name},
            "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "2.0"}]}],
        }
        answer = {"vulns": [ADVISORY | {"affected": [affected]}]} if name == "vulnerable" else {}
        body = json.dumps(answer).encode()
        self.send_response(200)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None: ...


@pytest.fixture(scope="module")
def source() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Source)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/v1/query"
    server.shutdown()
    thread.join()
    server.server_close()


def test_every_exception_is_explained_and_belongs_to_a_version_of_its_lock(audit: ModuleType) -> None:
    exceptions = audit.read_exceptions()
    assert exceptions, "this test checks nothing"
    for one in exceptions:
        assert (one.package, one.version) in audit.pins(ROOT / one.lock), f"{one.package}: read its advisories again"
        assert len(one.why) > 60, one.package
        assert one.ids, one.package
        assert (one.until - TODAY).days <= 366 * 2, f"{one.package}: an exception is for a time"
    named = [(one.lock, one.package, number) for one in exceptions for number in one.ids]
    assert len(set(named)) == len(named)


def test_only_the_frozen_environment_has_exceptions(audit: ModuleType) -> None:
    assert {one.lock for one in audit.read_exceptions()} == {"nlu/requirements.lock"}


def test_every_lock_of_the_project_is_audited(audit: ModuleType) -> None:
    locks = {str(path.relative_to(ROOT)) for path in (ROOT / "deploy").glob("*.lock")}
    locks |= {"nlu/requirements.lock"}
    assert set(audit.LOCKS) == locks
    assert set(audit.pins(ROOT / "requirements.lock")) <= set(audit.pins(ROOT / "deploy" / "voice.lock"))
    for lock in (*audit.LOCKS, *audit.NPM_LOCKS):
        assert (ROOT / lock).is_file()


def test_an_advisory_is_found_by_the_real_tool(audit: ModuleType, source: str, tmp_path: Path) -> None:
    lock = tmp_path / "some.lock"
    lock.write_text(
        "sound==1.0 \\\n    --hash=sha256:00\nvulnerable[extra]==1.0 ; sys_platform == 'win32' \\\n", "utf-8"
    )
    options = ("--vulnerability-service", "osv", "--osv-url", source)
    (found,) = audit.audit_python("some.lock", options, root=tmp_path)
    assert (found.package, found.version, found.fixed) == ("vulnerable", "1.0", ("2.0",))
    assert set(found.ids) == {"GHSA-aaaa-bbbb-cccc", "CVE-2099-1234"}


class Tools:
    """What the tools print, as a test wants it."""

    def __init__(self, *, vulnerable: tuple[str, ...] = (), unknown: bool = False, npm: object = None) -> None:
        self._vulnerable = vulnerable
        self._unknown = unknown
        self._npm = {"vulnerabilities": {}} if npm is None else npm

    def __call__(self, argv: Sequence[str], _folder: Path) -> str:
        if argv[0] == "npm":
            return json.dumps(self._npm)
        listed = Path(argv[argv.index("--requirement") + 1]).read_text(encoding="utf-8").splitlines()
        return json.dumps({"dependencies": [self._row(*line.split("==")) for line in listed]})

    def _row(self, name: str, version: str) -> dict[str, Any]:
        if self._unknown:
            return {"name": name, "skip_reason": "not found"}
        vulns = [{"id": "GHSA-1", "aliases": ["CVE-2099-1"], "fix_versions": []}] if name in self._vulnerable else []
        return {"name": name, "version": version, "vulns": vulns}


@pytest.fixture
def project(audit: ModuleType, tmp_path: Path) -> Path:
    """A project whose locks each hold one package."""
    for lock in (*audit.LOCKS, *audit.NPM_LOCKS):
        (tmp_path / lock).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / lock).write_text("package==1.0 \\\n" if lock.endswith(".lock") else "{}", encoding="utf-8")
    (tmp_path / "nlu" / "requirements.lock").write_text("old==1.0 \\\n", encoding="utf-8")
    accept(tmp_path, until="2027-01-31")
    return tmp_path


def accept(project: Path, *, until: str, version: str = "1.0", number: str = "CVE-2099-1") -> None:
    (project / "deploy" / "audit.toml").write_text(
        f'[[exception]]\nlock = "nlu/requirements.lock"\npackage = "old"\nversion = "{version}"\n'
        f'ids = ["{number}"]\nwhy = "hors d\'atteinte"\nuntil = {until}\n',
        encoding="utf-8",
    )


def test_two_versions_of_a_package_are_both_audited(audit: ModuleType, tmp_path: Path) -> None:
    (tmp_path / "some.lock").write_text("old==1.0 \\\nold==3.0 \\\n", encoding="utf-8")
    found = audit.audit_python("some.lock", (), runner=Tools(vulnerable=("old",)), root=tmp_path)
    assert {one.version for one in found} == {"1.0", "3.0"}


def test_sound_packages_pass(audit: ModuleType, project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert audit.main((), today=TODAY, runner=Tools(), root=project) == 0
    assert "Tout a été audité" in capsys.readouterr().out


def test_an_accepted_advisory_passes_and_is_told(
    audit: ModuleType, project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert audit.main((), today=TODAY, runner=Tools(vulnerable=("old",)), root=project) == 0
    assert "nlu/requirements.lock : old 1.0 : GHSA-1, CVE-2099-1" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("changes", "title"),
    [
        ({"until": "2026-11-25"}, "Avis dont l'acceptation est terminée"),
        ({"until": "2027-01-31", "version": "1.1"}, "Avis sans réponse"),
        ({"until": "2027-01-31", "number": "CVE-2099-2"}, "Avis sans réponse"),
    ],
)
def test_an_advisory_without_a_valid_answer_fails(
    audit: ModuleType, project: Path, capsys: pytest.CaptureFixture[str], changes: dict[str, str], title: str
) -> None:
    accept(project, **changes)
    assert audit.main((), today=TODAY, runner=Tools(vulnerable=("old",)), root=project) == 1
    assert title in capsys.readouterr().out


def test_an_advisory_of_npm_fails(audit: ModuleType, project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    via = {"url": "https://exemple.fr/advisories/GHSA-npm-1", "title": "Invented"}
    tools = Tools(npm={"vulnerabilities": {"vite": {"range": "<8", "via": [via, "esbuild"]}}})
    assert audit.main((), today=TODAY, runner=tools, root=project) == 1
    assert "vite <8 : GHSA-npm-1" in capsys.readouterr().out


@pytest.mark.parametrize(
    "tools", [Tools(unknown=True), Tools(npm={"message": "405 Method Not Allowed"}), lambda _argv, _folder: "<html>"]
)
def test_what_was_not_audited_never_passes_for_sound(
    audit: ModuleType, project: Path, capsys: pytest.CaptureFixture[str], tools: Any
) -> None:
    """A registry without advisories answers that it does not know the package: pip-audit then finds nothing."""
    assert audit.main((), today=TODAY, runner=tools, root=project) == 2
    assert "NON AUDITÉ" in capsys.readouterr().out


def test_a_tool_that_cannot_run_is_told(audit: ModuleType, tmp_path: Path) -> None:
    with pytest.raises(audit.Unavailable, match="n'a pas pu être lancé"):
        audit.run((str(tmp_path / "absent"),), tmp_path)
    with pytest.raises(audit.Unavailable, match="pas de réseau"):
        audit.run((sys.executable, "-c", "import sys; sys.exit('pas de réseau')"), tmp_path)


def test_the_list_of_what_a_lock_holds_is_whole_and_has_no_date(tmp_path: Path) -> None:
    """In CycloneDX, validated by the tool that writes it."""
    sbom = script("sbom")
    lines = ROOT.joinpath("nlu", "requirements.lock").read_text(encoding="utf-8").split("\n")
    some = tmp_path / "some.lock"
    some.write_text("\n".join(lines[:120]) + "\n", encoding="utf-8")
    once = tmp_path / "1.json"
    sbom.write_python(some, once)
    document = json.loads(once.read_text(encoding="utf-8"))
    assert document["bomFormat"] == "CycloneDX"
    assert {(one["name"], one["version"]) for one in document["components"]} == set(script("audit").pins(some))
    assert all(one["externalReferences"][0]["hashes"] for one in document["components"])
    assert "timestamp" not in document.get("metadata", {})


@pytest.mark.skipif(shutil.which("npm") is None, reason="no npm on this machine")
def test_the_list_of_the_component_needs_no_network(tmp_path: Path) -> None:
    sbom = script("sbom")
    (lock,) = sbom.NPM_LOCKS.values()
    sbom.write_npm(ROOT / lock, tmp_path / "npm.json")
    document = json.loads((tmp_path / "npm.json").read_text(encoding="utf-8"))
    locked = json.loads((ROOT / lock).read_text(encoding="utf-8"))["packages"]
    assert document["bomFormat"] == "CycloneDX"
    assert len(document["components"]) >= len({path for path in locked if path}) * 0.9
    assert all(one["hashes"] for one in document["components"])


def test_a_lock_that_cannot_be_listed_is_told(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    sbom = script("sbom")
    (tmp_path / "wrong.lock").write_bytes(b"\xff\xfe\x00")
    assert sbom.main(tmp_path / "out", locks={"wrong": str(tmp_path / "absent.lock")}, npm_locks={}) == 1
    assert "non écrit" in capfd.readouterr().out


def test_every_lock_is_listed() -> None:
    sbom = script("sbom")
    assert {"requirements.lock", *script("audit").LOCKS} == set(sbom.LOCKS.values())
    assert set(script("audit").NPM_LOCKS) == set(sbom.NPM_LOCKS.values())
