"""`python -m tests.bench.voice`: how long it takes to say and to hear one second of French here, and the memory.

Figures depend on the machine and on what else runs; compare runs of one session only. `equipier voice evaluate`
measures how well it is heard and said.
"""

import json

from bot.settings import get_settings
from bot.voice.evaluation.ears import Stopwatch, as_voice_note, memory_mib, open_ears, open_voice
from bot.voice.speakable import speakable

SAID = (
    "Mon usager a perdu sa carte d'identité, il faut quoi ?",
    "La carte d'identité coûte 25 €. Vous pouvez régler en espèces, par carte bancaire ou par chèque.",
    "**Où s'adresser**\n• Maison départementale des personnes handicapées (MDPH)\n• Mairie\n\n"
    "Source : service-public.gouv.fr, fiche F12242. Mis à jour le 1er juillet 2020.",
)


def voice_figures() -> dict[str, float]:
    """Real-time factors (seconds of work for one second of sound) and memory in MiB.

    Raises:
        EquipierError: the models are missing.
    """
    folder = get_settings().voice_dir
    empty = memory_mib()
    speaker, voice = open_voice(folder), Stopwatch()
    speaker.speak("Bonjour.")  # the first sentence pays for page faults
    speaking = memory_mib()
    ears = open_ears(folder)
    for text in SAID:
        sound = voice.timed(lambda text=text: speaker.speak(speakable(text)), seconds=lambda made: made.seconds)
        ears.hears(as_voice_note(sound.data, sound.rate))
    return {
        "speaking_real_time_factor": voice.factor,
        "listening_real_time_factor": ears.watch.factor,
        "speaking_mib": speaking - empty,
        "listening_mib": memory_mib() - speaking,
    }


if __name__ == "__main__":
    print(json.dumps(voice_figures(), indent=2))
