"""The fingerprint of a mandate: HMAC-SHA256 over the canonical form of everything that was signed."""

import hmac
from typing import Any

from bot.demarches import Demarche
from bot.journal.chain import canonical
from bot.mandats.models import Mandat
from bot.privacy.envelope import KeyRing, Sealed


def content(mandat: Mandat) -> bytes:
    """What the fingerprint covers, in its canonical form.

    The scopes come from ``sealed``, which is part of it: an authorisation added or removed since then does not show
    here but in :func:`matches`, which compares them.
    """
    covered: dict[str, Any] = {
        "aidant": mandat.aidant_id,
        "commitment": mandat.commitment,
        "duration": mandat.duration,
        "expires_at": mandat.expires_at,
        "organisation": mandat.organisation_id,
        "public_token": mandat.public_token,
        "reference": mandat.reference,
        "renews": mandat.renews_id,
        "sealed": mandat.sealed,
        "sealed_at": mandat.sealed_at,
        "usager": mandat.usager_id,
    }
    return canonical(covered)


def matches(mandat: Mandat, demarches: list[Demarche], keys: KeyRing) -> bool:
    """Whether *mandat* is as it was sealed, scopes included; false too when its key is gone."""
    try:
        expected = keys.mac(content(mandat), key=mandat.fingerprint_key)
    except (Sealed, TypeError):
        return False
    if not hmac.compare_digest(expected.encode(), mandat.fingerprint.encode()):
        return False  # and ``sealed`` may then be anything
    return sorted(demarche.value for demarche in demarches) == sorted(mandat.sealed["demarches"])
