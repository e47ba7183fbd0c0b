"""The report of the voice, in French, from what ``evaluate`` returns."""

from collections.abc import Mapping
from typing import Any

from bot.evaluation.report.files import Report
from bot.evaluation.report.wording import number, quoted, table

_UNKNOWN_INTENTS = "intentions non comparées\u202f: ni serveur Rasa (--rasa), ni modèle entraîné"


def voice_report(content: Mapping[str, Any]) -> Report:
    """The report to write: figures first, then what went wrong."""
    sections = [
        "# La voix\n",
        _figures(content),
        _recordings(content["recordings"]),
        _questions(content["questions"]),
        _answers(content["answers"]),
    ]
    return Report("voice", "\n".join(filter(None, sections)) + "\n", content)


def summary(content: Mapping[str, Any]) -> dict[str, Any]:
    """The figures alone, for one line of JSON."""
    real, questions, answers = content["recordings"], content["questions"], content["answers"]
    return {
        "kind": "voice",
        "recordings": real
        and {
            "n": real["n"],
            "wer": real["with_prompt"]["wer"],
            "wer_without_prompt": real["without_prompt"]["wer"],
            "real_time_factor": real["with_prompt"]["real_time_factor"],
        },
        "questions": {key: questions[key] for key in ("n", "intents", "clean", "noisy")},
        "answers": {key: answers[key] for key in ("n", "wer", "longest_chars", "real_time_factor_of_the_voice")},
        "memory": content["memory"],
    }


def _figures(content: Mapping[str, Any]) -> str:
    real, questions, answers = content["recordings"], content["questions"], content["answers"]
    rows: list[tuple[str, str]] = []
    if real:
        rows += [
            (
                f"mots faux, voix réelles ({real['n']} enregistrements), avec l'amorce",
                _percent(real["with_prompt"]["wer"]),
            ),
            ("les mêmes, sans l'amorce", _percent(real["without_prompt"]["wer"])),
            (
                "temps d'écoute pour une seconde de son",
                f"{number(real['with_prompt']['real_time_factor'], decimals=2)} s",
            ),
        ]
    rows += [
        (
            f"questions dites ({questions['n']}) comprises comme si elles étaient tapées",
            _percent(questions["clean"]["same"]),
        ),
        (f"les mêmes, sous un bruit à {questions['noise_db']:.0f} dB", _percent(questions["noisy"]["same"])),
        (f"mots faux, réponses dites puis réécoutées ({answers['n']})", _percent(answers["wer"])),
        (
            "temps de synthèse pour une seconde de son",
            f"{number(answers['real_time_factor_of_the_voice'], decimals=2)} s",
        ),
        ("mémoire de la voix", f"{content['memory']['voice_mib']} Mio"),
        ("mémoire de l'écoute", f"{content['memory']['listening_mib']} Mio"),
    ]
    note = f"\nIntentions lues par {questions['intents']}." if questions["intents"] else f"\n{_UNKNOWN_INTENTS}."
    return table(("mesure", "résultat"), rows) + f"\n{note}\n"


def _recordings(real: Mapping[str, Any] | None) -> str:
    if not real:
        return "Voix réelles non mesurées\u202f: installez le paquet Debian asterisk-core-sounds-fr-wav.\n"
    rows = [
        (one["name"], quoted(one["said"]), quoted(one["heard"]), str(one["wrong"]))
        for one in real["with_prompt"]["worst"]
    ]
    return "## Voix réelles\u202f: les pires\n\n" + table(("fichier", "dit", "entendu", "mots faux"), rows) + "\n"


def _questions(questions: Mapping[str, Any]) -> str:
    lines = ["## Questions comprises autrement\n"]
    for condition, label in (("clean", "sans bruit"), ("noisy", "avec bruit")):
        missed = [item for item in questions["items"] if not item[condition]["same"]]
        lines.append(f"### {label.capitalize()} ({len(missed)})\n")
        lines += [
            f"- {quoted(item['typed']['text'])}\u202f: entendu {quoted(item[condition]['text'])}"
            f" — {_meaning(item['typed'])} → {_meaning(item[condition])}"
            for item in missed
        ]
        lines.append("")
    return "\n".join(lines)


def _answers(answers: Mapping[str, Any]) -> str:
    worst = sorted(answers["items"], key=lambda item: -item["wer"])[:10]
    lines = ["## Réponses les moins bien relues\n"]
    for item in worst:
        lines += [
            f"- {_percent(item['wer'])}\u202f: {quoted(item['said'])}",
            f"  - entendu\u202f: {quoted(item['heard'])}",
        ]
    return "\n".join(lines) + "\n"


def _meaning(item: Mapping[str, Any]) -> str:
    return " ".join(str(part) for part in (item["intent"], item["topic"], item["fiche"]) if part) or "rien"


def _percent(rate: float | None) -> str:
    return "–" if rate is None else f"{number(rate * 100, decimals=1)}\u202f%"
