"""The voice service, seen from the gateway."""

from json import JSONDecodeError

import httpx

from bot.voice.errors import REASONS, Reason, VoiceRefused
from bot.voice.messages import MAX_BYTES, MAX_TEXT, MEDIA_TYPES, SECONDS_HEADER, Format, Heard, Speech

__all__ = ["Heard", "Speech", "VoiceClient", "VoiceRefused"]

_PATIENCE = httpx.Timeout(90, connect=2)  # seconds: two minutes of speech take half a minute, and a queue may be ahead


class VoiceClient:
    """Asks the voice service.

    Args:
        client: shared, closed by its owner.
        url: address of the service.
    """

    def __init__(self, client: httpx.AsyncClient, *, url: str) -> None:
        self._client = client
        self._url = url.rstrip("/")

    async def transcribe(self, audio: bytes) -> Heard:
        """What is said in the file *audio* (OGG, WebM, MP4, MP3, WAV… of 2 minutes and 10 MB at most).

        Raises:
            VoiceRefused: its ``sentence`` says why to the person.
        """
        if len(audio) > MAX_BYTES:
            raise VoiceRefused("too_heavy")
        response = await self._post("/transcribe", content=audio, speaking=False)
        try:
            answer = response.json()
            return Heard(str(answer["text"]), float(answer["seconds"]), bool(answer["sure"]))
        except (JSONDecodeError, UnicodeDecodeError, KeyError, TypeError, ValueError) as error:
            raise VoiceRefused("failed") from error

    async def speak(self, text: str, *, format: Format = "ogg") -> Speech:
        """*text*, the light Markdown of a reply, read aloud: a minute of it at most.

        Raises:
            VoiceRefused: its ``sentence`` says why to the person.
        """
        if len(text) > MAX_TEXT:
            raise VoiceRefused("too_long_text", speaking=True)
        response = await self._post("/speak", json={"text": text, "format": format}, speaking=True)
        try:
            seconds = float(response.headers[SECONDS_HEADER])
        except (KeyError, ValueError) as error:
            raise VoiceRefused("failed", speaking=True) from error
        return Speech(response.content, MEDIA_TYPES[format], seconds)

    async def available(self) -> tuple[bool, bool]:
        """Whether the service listens, and whether it speaks; neither when it does not answer."""
        try:
            state = (await self._client.get(f"{self._url}/health", timeout=2)).raise_for_status().json()
            return bool(state["listen"]), bool(state["speak"])
        except (httpx.HTTPError, JSONDecodeError, UnicodeDecodeError, KeyError, TypeError):
            return False, False

    async def _post(
        self, path: str, *, speaking: bool, content: bytes | None = None, json: dict[str, str] | None = None
    ) -> httpx.Response:
        try:
            response = await self._client.post(f"{self._url}{path}", content=content, json=json, timeout=_PATIENCE)
        except (httpx.ConnectError, httpx.ConnectTimeout) as error:
            raise VoiceRefused("off", speaking=speaking) from error
        except httpx.TimeoutException as error:
            raise VoiceRefused("busy", speaking=speaking) from error
        except httpx.HTTPError as error:
            raise VoiceRefused("failed", speaking=speaking) from error
        if response.status_code != httpx.codes.OK:
            raise VoiceRefused(_reason(response), speaking=speaking)
        return response


def _reason(response: httpx.Response) -> Reason:
    try:
        given = response.json()["reason"]
    except (JSONDecodeError, UnicodeDecodeError, KeyError, TypeError):
        return "failed"
    return next((reason for reason in REASONS if reason == given), "failed")
