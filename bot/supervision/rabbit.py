"""Rasa's events by RabbitMQ (its « pika » broker), for an installation on several machines.

A message is acknowledged once what came of it is committed: one that comes back is recognised by its content. One
worker consumes at a time, so that the events of a conversation keep their order; the others wait for its end.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import pika  # type: ignore[import-untyped, unused-ignore]
from pika.adapters.blocking_connection import BlockingChannel  # type: ignore[import-untyped, unused-ignore]
from pika.exceptions import AMQPError, ChannelClosedByBroker  # type: ignore[import-untyped, unused-ignore]

from bot.supervision.events import content_id
from bot.supervision.sources import Received, SourceUnavailable

QUEUE = "equipier_events"
_PAUSE = 0.2  # seconds without any message after which a batch is taken as it is
_TAKEN = 403  # ACCESS_REFUSED: another consumer has the queue for itself
_LEFT_TO_IT = 5.0  # seconds before asking again: each time is a new connection


class RabbitQueue:
    """The queue that Rasa's broker fills.

    Args:
        url: ``amqp://user:password@host:port/vhost``.
        prefetch: messages that the server sends ahead; at least a batch.
        monotonic: seconds that only go forward.
    """

    name = "rasa_rabbitmq"

    def __init__(
        self, url: str, *, queue: str = QUEUE, prefetch: int = 500, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._url = url
        self._queue = queue
        self._prefetch = prefetch
        self._monotonic = monotonic
        self._asked_again_at = 0.0
        self._connection: pika.BlockingConnection | None = None
        self._channel: BlockingChannel | None = None

    def read(self, after: int, *, limit: int) -> Sequence[Received]:  # noqa: ARG002  nothing is numbered here
        """The next messages; none while another worker consumes.

        Raises:
            SourceUnavailable: the server does not answer.
        """
        received: list[Received] = []
        if self._monotonic() < self._asked_again_at:
            return ()
        with self._connected() as channel:
            if channel is None:
                return ()
            for method, _, body in channel.consume(self._queue, exclusive=True, inactivity_timeout=_PAUSE):
                if method is None or body is None:
                    break
                received.append(Received(body, id=content_id(body), tag=method.delivery_tag))
                if len(received) == limit:
                    break
        return tuple(received)

    def done(self, received: Sequence[Received]) -> None:
        """Acknowledges; what was lost meanwhile with the connection comes back.

        Raises:
            SourceUnavailable: as above.
        """
        if received:
            with self._connected(again=False) as channel:
                if channel is not None:
                    channel.basic_ack(received[-1].tag, multiple=True)

    def close(self) -> None:
        """Closes the connection: what was sent ahead goes back to the queue."""
        connection, self._connection, self._channel = self._connection, None, None
        if connection is not None and connection.is_open:
            connection.close()

    @contextmanager
    def _connected(self, *, again: bool = True) -> Iterator[BlockingChannel | None]:
        try:
            if self._channel is None and again:
                self._connection = pika.BlockingConnection(pika.URLParameters(self._url))
                self._channel = self._connection.channel()
                self._channel.queue_declare(self._queue, durable=True)  # as Rasa does, whoever comes first
                self._channel.basic_qos(prefetch_count=self._prefetch)
            yield self._channel
        except ChannelClosedByBroker as error:
            self.close()
            if error.reply_code != _TAKEN:
                raise SourceUnavailable(f"RabbitMQ: {error.reply_code}") from error
            self._asked_again_at = self._monotonic() + _LEFT_TO_IT
        except (AMQPError, OSError) as error:
            self._connection = self._channel = None
            raise SourceUnavailable(f"RabbitMQ: {type(error).__name__}") from error
