"""Traces, for whoever has a collector (OpenTelemetry): nothing is imported or done unless an address is set."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Protocol

from bot.errors import SettingsError

_SCOPE = "equipier"
_HEADER = "traceparent"
_PATIENCE = 2  # seconds, retries included: a collector that is away must not hold back the end of a process


class Span(Protocol):
    """What a span is asked here."""

    def set_attribute(self, key: str, value: str) -> None:
        """Notes something of it; never what a person wrote."""
        ...


class _NoSpan:
    def set_attribute(self, key: str, value: str) -> None: ...


_NONE = _NoSpan()
_tracer: Any = None
_provider: Any = None


def start_tracing(url: str, *, process: str) -> None:
    """Sends the spans of *process* to the collector at *url* (OTLP over HTTP); without *url*, nothing happens.

    Raises:
        SettingsError: the packages of traces are not installed.
    """
    global _tracer, _provider  # noqa: PLW0603  one per process, as the library itself has it
    if not url:
        return
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter  # noqa: PLC0415  optional
        from opentelemetry.sdk.resources import Resource  # noqa: PLC0415
        from opentelemetry.sdk.trace import TracerProvider  # noqa: PLC0415
        from opentelemetry.sdk.trace.export import BatchSpanProcessor  # noqa: PLC0415
    except ModuleNotFoundError as error:
        raise SettingsError(
            "EQUIPIER_OTLP_URL est réglé, mais les paquets des traces ne sont pas installés",
            hint="Installez l'option « traces » du paquet, ou videz cette variable.",
        ) from error
    _provider = TracerProvider(resource=Resource.create({"service.name": f"equipier-{process}"}))
    _provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(endpoint=url, timeout=_PATIENCE)))
    _tracer = _provider.get_tracer(_SCOPE)


def stop_tracing() -> None:
    """Sends what was not sent yet, and stops; nothing if it never began."""
    global _tracer, _provider  # noqa: PLW0603
    if _provider is not None:
        _provider.shutdown()
    _tracer = _provider = None


@contextmanager
def span(name: str, *, parent: str | None = None, **attributes: str) -> Iterator[Span]:
    """One stretch of work; inside another one, or after *parent*, which :func:`carried` gave elsewhere."""
    if _tracer is None:
        yield _NONE
        return
    context = None
    if parent is not None:
        from opentelemetry.trace.propagation.tracecontext import (  # noqa: PLC0415  optional
            TraceContextTextMapPropagator,
        )

        context = TraceContextTextMapPropagator().extract({_HEADER: parent})
    # The text of an error may quote a person: its class is enough, and the log has it.
    with _tracer.start_as_current_span(
        name, context=context, attributes=attributes, record_exception=False, set_status_on_exception=False
    ) as open_span:
        yield open_span


def carried() -> str | None:
    """What another process needs to go on with the present trace; ``None`` when there is none."""
    if _tracer is None:
        return None
    from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator  # noqa: PLC0415  optional

    carrier: dict[str, str] = {}
    TraceContextTextMapPropagator().inject(carrier)
    return carrier.get(_HEADER)
