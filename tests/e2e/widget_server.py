"""A server that speaks the protocol of the widget and answers from a script: states that real answers seldom show."""

import asyncio
import io
import math
import struct
import wave
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import socketio  # type: ignore[import-untyped]
from fastapi import FastAPI, Request
from starlette.middleware.cors import CORSMiddleware
from starlette.responses import JSONResponse, Response
from starlette.staticfiles import StaticFiles

from bot.gateway.pages.security import HEADERS

Json = dict[str, Any]
NOON = datetime.now(UTC).replace(hour=11, minute=0)
URL = "https://www.service-public.gouv.fr/particuliers/vosdroits/F1341"
TITLE = "Carte d'identité d'un majeur : renouvellement"
EXTRACT = (
    "• Ancienne carte d'identité\n• Photo d'identité de moins de 6 mois\n"
    "• Justificatif de domicile de moins d'un an\n• Numéro de pré-demande"
)
GUIDANCE: Json = {
    "text": (
        f"Bonjour ! **{TITLE}**\n\n**Pièces à fournir**\n{EXTRACT}\n(Suite dans la fiche.)\n\n"
        f"[Fiche officielle]({URL}) · [Prendre rendez-vous en mairie](https://rendezvouspasseport.ants.gouv.fr/)\n\n"
        "Source : service-public.gouv.fr, fiche F1341. Mis à jour le 1er mars 2024.\n"
        "⚠ Cette version a plus de 12 mois : vérifiez la fiche en ligne avant d'agir.\n\n"
        "Mandat à prévoir : thème « Papiers - Citoyenneté - Élections »."
    ),
    "buttons": [
        {"title": "Combien cela coûte-t-il ?", "payload": "b_cout000000000000000000"},
        {"title": "Délai", "payload": "b_delai00000000000000000"},
        {"title": "Où s'adresser ?", "payload": "b_ou00000000000000000000"},
        {"title": "Ce n'est pas la bonne fiche", "payload": "b_non0000000000000000000"},
    ],
    "custom": {
        "type": "guidance",
        "fiches": [
            {"id": "F1341", "title": TITLE, "url": URL, "updated": "2024-03-01", "score": 0.9},
            {"id": "F21089", "title": "Perte ou vol de la carte d'identité", "url": URL, "updated": None, "score": 0.5},
            {"id": "F1342", "title": "Carte d'identité d'un mineur", "url": URL, "updated": "2026-01-05", "score": 0.4},
        ],
        "passage": {"fiche": "F1341", "section": "Pièces à fournir", "text": EXTRACT},
        "scope": "papiers",
        "stale": True,
    },
}
CHOICE: Json = {
    "text": "Plusieurs fiches peuvent répondre. De quoi s'agit-il ?",
    "buttons": [
        {"title": "Allocation de logement", "payload": "b_apl0000000000000000000"},
        {"title": "Rien de tout cela", "payload": "b_rien000000000000000000"},
    ],
    "custom": GUIDANCE["custom"] | {"passage": None, "stale": False},
}
MANDAT: Json = {
    "text": "Le mandat **M-2026-0042-K7** est en cours.",
    "buttons": [{"title": "Renouveler", "payload": "b_renouveler00000000000"}],
    "custom": {
        "type": "mandat",
        "reference": "M-2026-0042-K7",
        "status": "active",
        "demarches": ["papiers", "logement"],
        "expires_at": "2026-12-01T23:59:59+01:00",
    },
}
DRAFT: Json = {
    "text": "Tout est prêt. Ouvrez la page sécurisée pour saisir l'identité de l'usager.",
    "buttons": [],
    "custom": {
        "type": "mandat",
        "reference": None,
        "status": "draft",
        "demarches": ["social"],
        "duration": "SHORT",
        "expires_at": None,
        "secure_url": "https://equipier.exemple.fr/s/secret",
    },
}
HOSTILE: Json = {
    "text": (
        "<img src=x onerror=alert(1)> **gras** [piège](javascript:alert(1)) [vrai](https://example.org/?a=1&b=2)\n"
        "• un\n• deux"
    ),
    "buttons": [],
    "custom": None,
}
SCRIPT = {
    "carte d'identité": [GUIDANCE],
    "logement": [CHOICE],
    "mandat": [MANDAT],
    "nouveau mandat": [DRAFT],
    "piège": [HOSTILE],
}


class ScriptedServer:
    """One conversation for each token; every event and every bad turn of the network at the hand of the test.

    Attributes:
        session: what a page is told of itself, beside its token.
        opinions: what was thought of answers.
        recordings: what the microphone sent.
        refusal: why connections and recordings are refused; ``None`` while they are not.
        auths: what each page said of itself when it connected.
        heard: the messages, by the id that the page gave to them.
        mute: the next message is taken and answered, but the network is lost before the page knows.
        deaf: messages are not taken.
        slow: seconds before an answer.
        spoken: the answers that were asked for aloud.
    """

    def __init__(self, bundle: Path) -> None:
        self.session: Json = {"kind": "anonymous", "name": None, "organisation": None, "sign_in_url": "/connexion"}
        self.preferences = {"voice": False, "brief": False}
        self.opinions: list[Json] = []
        self.recordings: list[bytes] = []
        self.heard: dict[str, str] = {}
        self.lines: list[Json] = []
        self.refusal: str | None = None
        self.auths: list[Json | None] = []
        self.mute = self.deaf = False
        self.slow = 0.0
        self.spoken: list[int] = []
        self.sio = socketio.AsyncServer(async_mode="asgi", cors_allowed_origins="*")
        for name in ("connect", "user_uttered", "history", "resume", "feedback", "preferences"):
            self.sio.on(name, getattr(self, f"_{name}"))
        self._bundle = bundle
        self._loop: asyncio.AbstractEventLoop | None = None

    def app(self, pages: dict[str, str]) -> FastAPI:
        """The server, with *pages* (path to HTML) under the policy of the real pages."""
        app = FastAPI()
        app.add_middleware(CORSMiddleware, allow_origins=["*"], allow_headers=["*"], allow_methods=["*"])
        app.mount("/socket.io", socketio.ASGIApp(self.sio, socketio_path=""))
        app.mount(f"/static/widget/{self._bundle.name}", StaticFiles(directory=self._bundle))
        app.add_api_route("/widget.js", self._loader)
        app.add_api_route("/assistant/voix", self._listen, methods=["POST"])
        app.add_api_route("/assistant/audio/{line}", self._speak)
        for path, page in pages.items():
            app.add_api_route(path, page_of(page))
        return app

    def add(self, direction: str, text: str, **more: Any) -> Json:
        """A line of the conversation, told to nobody yet."""
        line: Json = {
            "id": len(self.lines) + 1,
            "direction": direction,
            "text": text,
            "buttons": [],
            "custom": None,
            "at": datetime.now(UTC).isoformat(),
            "channel": "web",
            "rating": None,
            "message_id": None,
        }
        self.lines.append(line | more)
        return self.lines[-1]

    def past(self, count: int) -> None:
        """*count* messages of yesterday and before."""
        for number in range(count):
            day = NOON - timedelta(days=1 + (count - 1 - number) // 30)
            at = (day + timedelta(minutes=number)).isoformat()
            if number % 2:
                self.add("out", f"Réponse ancienne {number}.", at=at)
            else:
                self.add("in", f"Question ancienne {number} ?", at=at, channel="telegram" if number % 4 else "web")

    def tell(self, event: str, data: Json) -> None:
        """Sends *event* to every page, from the thread of the test."""
        self._run(self.sio.emit(event, data))

    def _run(self, work: Any) -> None:
        assert self._loop is not None
        asyncio.run_coroutine_threadsafe(work, self._loop).result(timeout=10)

    async def _connect(self, sid: str, _environ: Json, auth: Json | None) -> None:
        self._loop = asyncio.get_running_loop()
        self.auths.append(auth)
        if self.refusal:
            raise socketio.exceptions.ConnectionRefusedError(self.refusal, {"reason": "token"})
        await self.sio.emit("equipier_session", self._session(), to=sid)

    def _session(self) -> Json:
        return {
            "token": "jeton",
            "last_id": len(self.lines),
            "preferences": self.preferences,
            "voice": {"listen": True, "speak": True},
            "max_chars": 500,
            "reasons": [
                ["mauvaise_fiche", "Ce n'est pas la bonne fiche"],
                ["incomplet", "Il manque quelque chose"],
                ["perime", "L'information n'est plus à jour"],
                ["pas_clair", "Ce n'est pas clair"],
                ["autre", "Autre chose"],
            ],
            "renewed": False,
        } | self.session

    async def _user_uttered(self, sid: str, data: Json) -> Json | None:
        message, message_id = data["message"], data["message_id"]
        if self.deaf:
            return None
        if message == "trop":
            return {"ok": False, "error": "Trop de messages en peu de temps. Réessayez dans 20 s.", "retry_after": 20}
        if message_id not in self.heard:
            self.heard[message_id] = message
            await self._answer(message, message_id, sid=sid)
        return {"ok": True}

    async def _answer(self, message: str, message_id: str, *, sid: str = "") -> None:
        titles = {button["payload"]: button["title"] for line in self.lines for button in line["buttons"]}
        said = self.add("in", titles.get(message, message), message_id=message_id)
        mute, self.mute = self.mute, False
        tell = self._nobody if mute else self.sio.emit
        await tell("line", said)
        await tell("typing", {"on": True})
        await asyncio.sleep(self.slow)
        for answer in SCRIPT.get(message, [{"text": f"Réponse à « {said['text']} ».", "buttons": [], "custom": None}]):
            await tell("line", self.add("out", **answer))
        await tell("typing", {"on": False})
        if mute:
            await self.sio.disconnect(sid)

    async def _nobody(self, _event: str, _data: Json) -> None:
        return None

    async def _history(self, _sid: str, data: Json) -> Json:
        before = data.get("before") or len(self.lines) + 1
        lines = [line for line in self.lines if line["id"] < before]
        return {"lines": lines[-50:], "more": len(lines) > 50}

    async def _resume(self, _sid: str, data: Json) -> Json:
        return {"lines": [line for line in self.lines if line["id"] > data["after"] - 5], "more": False}

    async def _feedback(self, _sid: str, data: Json) -> Json:
        self.opinions.append(data)
        return {"ok": True}

    async def _preferences(self, sid: str, data: Json) -> Json:
        self.preferences = self.preferences | data
        await self.sio.emit("equipier_session", self._session(), to=sid)
        return self.preferences

    async def _loader(self) -> Response:
        content = (self._bundle / "loader.js").read_text(encoding="utf-8")
        return Response(content, media_type="text/javascript", headers={"Cache-Control": "no-cache"})

    async def _listen(self, request: Request) -> Response:
        assert request.headers["authorization"] == "Bearer jeton"
        audio = await request.body()
        if self.refusal:
            return JSONResponse({"detail": self.refusal}, status_code=422)
        self.recordings.append(audio)
        await self._answer("logement", request.headers["x-message-id"])
        return JSONResponse({"ok": True})

    async def _speak(self, request: Request, line: int) -> Response:
        assert request.headers["authorization"] == "Bearer jeton"
        self.spoken.append(line)
        return Response(tone(), media_type="audio/wav")


def page_of(html: str) -> Callable[[], Awaitable[Response]]:
    """A page under the policy of our own pages."""

    async def show() -> Response:
        return Response(html, media_type="text/html; charset=utf-8", headers=dict(HEADERS))

    return show


def tone(seconds: float = 3.0, rate: int = 8000) -> bytes:
    """A sound, as a WAV file."""
    content = io.BytesIO()
    with wave.open(content, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)
        samples = (int(3000 * math.sin(index * 0.3)) for index in range(int(seconds * rate)))
        file.writeframes(b"".join(struct.pack("<h", sample) for sample in samples))
    return content.getvalue()
