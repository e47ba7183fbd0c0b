"""The library espeak-ng, opened once per process: it holds one state, so calls are made one at a time."""

import ctypes
import threading
from functools import cache

from bot.errors import EquipierError

LOCK = threading.Lock()
"""Held during any call."""

_RETRIEVE = 1  # AUDIO_OUTPUT_RETRIEVAL: samples are given back, none is played
_NO_EXIT = 0x8000  # espeakINITIALIZE_DONT_EXIT: a missing voice must not end our process
_UTF8 = 1
_IPA = 0x02


@cache
def library() -> tuple[ctypes.CDLL, int]:
    """The library, set to French, and its samples a second.

    Raises:
        EquipierError: it does not find its voices.
        ImportError: the optional packages are not installed.
    """
    import espeakng_loader  # noqa: PLC0415  comes with kokoro-onnx

    opened = ctypes.CDLL(espeakng_loader.get_library_path())
    rate = opened.espeak_Initialize(_RETRIEVE, 0, espeakng_loader.get_data_path().encode(), _NO_EXIT)
    if rate <= 0 or opened.espeak_SetVoiceByName(b"fr") != 0:
        raise EquipierError("espeak-ng ne trouve pas ses voix", hint="Réinstallez l'extra « voice ».")
    opened.espeak_TextToPhonemes.restype = ctypes.c_char_p
    opened.espeak_TextToPhonemes.argtypes = [ctypes.POINTER(ctypes.c_char_p), ctypes.c_int, ctypes.c_int]
    return opened, int(rate)


def phonemes(word: str) -> str:
    """*word* in the international phonetic alphabet.

    Raises:
        EquipierError: as ``library``.
        ImportError: as ``library``.
    """
    opened, _ = library()
    left = ctypes.c_char_p(word.encode())
    said: list[bytes] = []
    with LOCK:
        while left.value:
            said.append(opened.espeak_TextToPhonemes(ctypes.byref(left), _UTF8, _IPA))
    return b" ".join(said).decode()
