from datetime import UTC, datetime, timedelta

import pytest
from cryptography.fernet import Fernet
from pydantic import SecretStr

from bot.conversations.cipher import FernetCipher, Unreadable, fingerprint
from bot.conversations.kept import delay_after
from bot.conversations.limits import SlidingWindow, TooManyMessages
from bot.conversations.replies import excerpt_of, late_heading
from bot.errors import SettingsError

NOON = datetime(2026, 11, 25, 13, 2, tzinfo=UTC)


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        (NOON + timedelta(hours=1), "Réponse à votre message de 14 h 02 (« carte grise ») :"),
        (NOON + timedelta(days=1), "Réponse à votre message du 25 novembre à 14 h 02 (« carte grise ») :"),
    ],
)
def test_a_late_answer_says_which_message_it_answers(now: datetime, expected: str) -> None:
    assert late_heading("carte grise", received_at=NOON, now=now).replace("\u00a0", " ") == expected


def test_the_first_of_the_month_is_written_1er() -> None:
    first = datetime(2026, 12, 1, 8, 5, tzinfo=UTC)
    assert "du 1er décembre à 9\u00a0h\u00a005" in late_heading("x", received_at=first, now=first + timedelta(days=1))


def test_an_excerpt_ends_on_a_word() -> None:
    assert excerpt_of("court") == "court"
    assert excerpt_of("mon usager a perdu sa carte d'identité hier soir") == "mon usager a perdu sa carte d'identité…"
    assert excerpt_of("x" * 60) == "x" * 40 + "…"


def test_delays_grow_up_to_a_minute() -> None:
    assert [delay_after(n).total_seconds() for n in (0, 1, 2, 3, 4, 100)] == [5, 10, 30, 60, 60, 60]


def test_a_conversation_over_the_limit_is_told_when_to_come_back() -> None:
    window = SlidingWindow(limit=2)
    window.check("a", now=NOON)
    window.check("a", now=NOON + timedelta(seconds=20))
    with pytest.raises(TooManyMessages) as refused:
        window.check("a", now=NOON + timedelta(seconds=30))
    assert refused.value.retry_after == 30
    window.check("b", now=NOON + timedelta(seconds=30))
    window.check("a", now=NOON + timedelta(seconds=60))


def test_the_limiter_does_not_remember_everyone_for_ever() -> None:
    window = SlidingWindow(limit=1, remembered=2)
    for conversation in ("a", "b", "c", "a"):
        window.check(conversation, now=NOON)
    with pytest.raises(TooManyMessages):
        window.check("a", now=NOON)


@pytest.mark.parametrize("key", ["", "pas une clé"])
def test_a_wrong_key_is_named(key: str) -> None:
    with pytest.raises(SettingsError, match="EQUIPIER_VAULT_KEY"):
        FernetCipher(SecretStr(key))


def test_another_key_cannot_read() -> None:
    one, other = (FernetCipher(SecretStr(Fernet.generate_key().decode())) for _ in range(2))
    assert one.decrypt(one.encrypt("où ?")) == "où ?"
    with pytest.raises(Unreadable):
        other.decrypt(one.encrypt("où ?"))


def test_a_fingerprint_depends_on_the_key_and_hides_the_sender() -> None:
    prints = {fingerprint("0600000000", key=SecretStr(key)) for key in ("a", "b")}
    assert len(prints) == 2
    assert all(len(value) == 64 and "0600000000" not in value for value in prints)
