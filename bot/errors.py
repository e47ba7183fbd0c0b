"""One root for every error that Équipier raises on purpose.

An error carries data, not prose for people: each edge (page, chat sentence, exit code) has its own table from the
error's class to what the person sees. ``hint`` is the exception: one French sentence that says what to do next, for
the command line and the log.
"""


class EquipierError(Exception):
    """Root of the errors raised on purpose.

    Attributes:
        hint: what the operator can do next, in French; empty when there is nothing to add to the message.
    """

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint


class SettingsError(EquipierError):
    """A setting is missing or wrong; the message names every one of them."""


class CorpusError(EquipierError):
    """The fiches cannot be read, imported or found."""


class IndexMissing(CorpusError):
    """No search index matches the current fiches: it has to be built."""


class EngineUnavailable(EquipierError):
    """The dialogue engine (Rasa or its action server) did not answer in time, or answered nothing."""


class InvalidMessage(EquipierError):
    """A message cannot be taken in as it is.

    Attributes:
        reason: key of the reason (``empty``, ``too_long``, ``binary``, …), from which the edge picks its sentence.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(f"message refused: {reason}")
        self.reason = reason
