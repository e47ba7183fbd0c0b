"""Rasa and its action server, played: they answer what is asked of them, as slowly as a test wants."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


class Rasa:
    """One at an address of its own.

    Attributes:
        asked: the texts, in order.
        go: cleared, and no answer leaves until it is set again.
        begun: set once something is being asked.
    """

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.go = threading.Event()
        self.go.set()
        self.begun = threading.Event()
        rasa = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                self._answer({"status": "ok", "slots": {}})

            def do_POST(self) -> None:
                asked = json.loads(self.rfile.read(int(self.headers["content-length"])))
                if self.path == "/model/parse":
                    self._answer({"text": asked["text"], "intent": {"name": "question_demarche"}})
                    return
                rasa.asked.append(asked["message"])
                rasa.begun.set()
                rasa.go.wait(60)
                self._answer([{"recipient_id": asked["sender"], "text": f"réponse à {asked['message']}"}])

            def _answer(self, content: Any) -> None:
                body = json.dumps(content).encode()
                try:
                    self.send_response(200)
                    self.send_header("Content-Type", "application/json")
                    self.send_header("Content-Length", str(len(body)))
                    self.end_headers()
                    self.wfile.write(body)
                except OSError:  # nobody waits for it any more
                    self.close_connection = True

            def log_message(self, format: str, *args: object) -> None:
                return

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def hold(self) -> None:
        """No answer leaves until ``go`` is set."""
        self.begun.clear()
        self.go.clear()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    def close(self) -> None:
        """It is gone."""
        self.go.set()
        self._server.shutdown()
        self._server.server_close()


@contextmanager
def played_rasa() -> Iterator[Rasa]:
    """One for the block."""
    rasa = Rasa()
    try:
        yield rasa
    finally:
        rasa.close()
