"""``/metrics``: who may read it, and what it gives in each process."""

import hmac
import ipaddress
import platform
from collections.abc import Mapping
from importlib.metadata import version

from prometheus_client import CollectorRegistry, Info, generate_latest, start_http_server
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector
from pydantic import SecretStr

from bot.errors import SettingsError
from bot.observability import metrics
from bot.observability.gauges import DatabaseGauges

# What a server in front adds: the person is then not on this machine, whatever the connection says.
_FORWARDED = ("forwarded", "x-forwarded-for", "x-forwarded-host", "x-real-ip", "via")

Info("equipier_build", "Version of Équipier and of Python.", registry=metrics.REGISTRY).info(
    {"version": version("equipier"), "python": platform.python_version()}
)


class MetricsPage:
    """What the gateway gives.

    Args:
        token: bearer token that opens it from anywhere; empty: only this machine may read, without a proxy.
        gauges: what is counted in the database; ``None`` where there is none.
    """

    def __init__(self, *, token: SecretStr, gauges: DatabaseGauges | None = None) -> None:
        self._token = token
        self._gauges = gauges

    def may_read(self, client: str | None, headers: Mapping[str, str]) -> bool:
        """Whether a request from the network address *client* gets the figures."""
        if expected := self._token.get_secret_value():
            scheme, _, given = headers.get("authorization", "").partition(" ")
            return scheme.lower() == "bearer" and hmac.compare_digest(given.strip().encode(), expected.encode())
        return _is_loopback(client) and not any(name in headers for name in _FORWARDED)

    def text(self, ready: Mapping[str, bool]) -> bytes:
        """Every figure.

        Args:
            ready: the state of each thing that answering needs.
        """
        registry = CollectorRegistry()
        if self._gauges is not None:
            registry.register(self._gauges)
        registry.register(_Ready(ready))
        return metrics.exposition() + generate_latest(registry)


class _Ready(Collector):
    def __init__(self, states: Mapping[str, bool]) -> None:
        self._states = states

    def collect(self) -> list[GaugeMetricFamily]:
        gauge = GaugeMetricFamily("equipier_ready", "1: works; 0: does not.", labels=["check"])
        for name, works in self._states.items():
            gauge.add_metric([name], works)
        return [gauge]


def serve_metrics(address: str) -> None:
    """Gives the figures of this process at *address* (``host:port``), from a thread; nowhere when it is empty.

    Raises:
        SettingsError: the address makes no sense, or is taken.
    """
    if not address:
        return
    host, _, port = address.rpartition(":")
    try:
        start_http_server(int(port), addr=host.strip("[]") or "127.0.0.1", registry=metrics.REGISTRY)
    except (ValueError, OverflowError, OSError) as error:
        raise SettingsError(
            f"EQUIPIER_WORKER_METRICS inutilisable : {address} ({type(error).__name__})",
            hint="Par exemple : 127.0.0.1:9465, un port que rien d'autre n'occupe.",
        ) from error


def _is_loopback(client: str | None) -> bool:
    try:
        return client is not None and ipaddress.ip_address(client).is_loopback
    except ValueError:
        return False
