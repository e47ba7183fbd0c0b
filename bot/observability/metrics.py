"""What this process counts and times. No label names a person, and each takes a small, known set of values."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST

CONTENT_TYPE = CONTENT_TYPE_LATEST
REGISTRY = CollectorRegistry()
ProcessCollector(registry=REGISTRY)

_QUICK = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)  # seconds
_SLOW = (0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0)

MESSAGES = Counter("equipier_messages", "Messages of people.", ("channel", "outcome"), registry=REGISTRY)
MESSAGE_SECONDS = Histogram(
    "equipier_message_seconds",
    "From a message to its answer, whatever it was.",
    ("channel",),
    buckets=_QUICK,
    registry=REGISTRY,
)
STEP_SECONDS = Histogram(
    "equipier_message_step_seconds", "One step of a message.", ("step",), buckets=_QUICK, registry=REGISTRY
)
IN_PROGRESS = Gauge("equipier_messages_in_progress", "Messages being answered now.", registry=REGISTRY)
ENGINE_SECONDS = Histogram(
    "equipier_engine_seconds", "A call to the dialogue engine.", ("call",), buckets=_QUICK, registry=REGISTRY
)
ENGINE_ERRORS = Counter(
    "equipier_engine_errors", "Calls to the dialogue engine without answer.", ("call", "reason"), registry=REGISTRY
)
HTTP_SECONDS = Histogram(
    "equipier_http_request_seconds",
    "HTTP requests, by pattern of their address.",
    ("method", "route", "status"),
    buckets=_QUICK,
    registry=REGISTRY,
)
UNEXPECTED_ERRORS = Counter("equipier_unexpected_errors", "Errors that nothing had foreseen.", registry=REGISTRY)
JOURNAL_ENTRIES = Counter(
    "equipier_journal_entries", "Entries written to the journal by this process.", ("action",), registry=REGISTRY
)
ACTION_SECONDS = Histogram(
    "equipier_action_seconds", "One action of the dialogue.", ("action",), buckets=_QUICK, registry=REGISTRY
)
ACTION_ERRORS = Counter("equipier_action_errors", "Actions that failed.", ("action",), registry=REGISTRY)
CHORE_RUNS = Counter("equipier_chore_runs", "Chores done by this worker.", ("chore", "outcome"), registry=REGISTRY)
CHORE_SECONDS = Histogram("equipier_chore_seconds", "One chore.", ("chore",), buckets=_SLOW, registry=REGISTRY)
VOICE_JOBS = Counter("equipier_voice_jobs", "Listening and speaking.", ("kind", "outcome"), registry=REGISTRY)
VOICE_SECONDS = Histogram(
    "equipier_voice_seconds", "From a request to the voice to its answer.", ("kind",), buckets=_SLOW, registry=REGISTRY
)
VOICE_QUEUE = Gauge("equipier_voice_queue_jobs", "Jobs of the voice, at work or waiting.", registry=REGISTRY)


def exposition() -> bytes:
    """All of the above, in the text format of Prometheus."""
    return generate_latest(REGISTRY)
