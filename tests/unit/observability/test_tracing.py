"""Spans reach a collector, from the message to the action, on one trace and without a word of what was said."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from bot.observability import tracing
from bot.observability.actions import watched_action
from tests.integration.test_rest_channel import running, settings_in


class Collector:
    """An OTLP receiver on a port of its own."""

    def __init__(self) -> None:
        self.bodies: list[bytes] = []
        collector = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                collector.bodies.append(self.rfile.read(int(self.headers["content-length"])))
                self.send_response(200)
                self.end_headers()

            def log_message(self, format: str, *args: object) -> None:
                return

        self._server = HTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}/v1/traces"

    def spans(self) -> dict[str, Span]:
        """The spans received, by name."""
        found: dict[str, Span] = {}
        for body in self.bodies:
            for resource in ExportTraceServiceRequest.FromString(body).resource_spans:
                found |= {span.name: span for scope in resource.scope_spans for span in scope.spans}
        return found

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def collector() -> Iterator[Collector]:
    collector = Collector()
    yield collector
    tracing.stop_tracing()
    collector.close()


async def test_one_trace_from_the_message_to_the_action(collector: Collector, tmp_path: Path) -> None:
    tracing.start_tracing(collector.url, process="test")
    async with running(settings_in(tmp_path)) as site:
        await site.say("Dupont a perdu sa carte")
        metadata = site.rasa.asked[-1]["metadata"]
        with watched_action("action_repondre", metadata):  # as the action server would
            pass
    tracing.stop_tracing()
    spans = collector.spans()
    assert set(spans) == {"message", "wait", "understand", "answer", "engine", "store", "action"}
    assert {span.trace_id for span in spans.values()} == {spans["message"].trace_id}
    assert spans["answer"].parent_span_id == spans["message"].span_id
    assert spans["engine"].parent_span_id == spans["answer"].span_id
    assert spans["action"].parent_span_id == spans["engine"].span_id
    noted = {one.key: one.value.string_value for one in spans["message"].attributes}
    assert noted == {"channel": "rest", "request_id": metadata["request"], "outcome": "answered"}
    assert not any(b"Dupont" in body or b"carte" in body or b"guichet" in body for body in collector.bodies)


async def test_the_text_of_an_error_is_no_part_of_a_trace(collector: Collector) -> None:
    tracing.start_tracing(collector.url, process="test")
    with (
        pytest.raises(ValueError, match="Yolande"),
        watched_action("action_repondre", {"traceparent": "n'importe quoi"}),
    ):
        raise ValueError("Yolande Kervella")
    tracing.stop_tracing()
    assert set(collector.spans()) == {"action"}
    assert not any(b"Yolande" in body for body in collector.bodies)


async def test_a_collector_that_is_away_stops_nothing(tmp_path: Path) -> None:
    tracing.start_tracing("http://127.0.0.1:9/v1/traces", process="test")
    try:
        async with running(settings_in(tmp_path)) as site:
            assert await site.say("bonjour")
    finally:
        tracing.stop_tracing()


async def test_without_address_nothing_is_carried(tmp_path: Path) -> None:
    tracing.start_tracing("", process="test")
    async with running(settings_in(tmp_path)) as site:
        await site.say("bonjour")
    assert "traceparent" not in site.rasa.asked[-1]["metadata"]
