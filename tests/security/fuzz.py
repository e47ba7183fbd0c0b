"""How much is tried: few examples in every run, many with ``--hypothesis-profile=soak``."""

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

_USUAL = 100  # Hypothesis's own, against which profiles are measured

# Any text, lone surrogates and controls included, and what is most likely to mean something to a parser.
MEANINGFUL = st.sampled_from(
    [
        "",
        "\x00",
        "\r\nSet-Cookie: a=b",
        "\ud800",
        "'; DROP TABLE mandats;--",
        "{{7*7}}",
        "${7*7}",
        "<script>alert(1)</script>",
        '"><img src=x onerror=alert(1)>',
        "../../../../etc/passwd",
        "//ailleurs.example",
        "javascript:alert(1)",
        "=1+1",
        "-1",
        "9" * 400,
        "NaN",
        "1e999",
        "2026-02-30",
        "é" * 3000,
        "/ouvrir_mandat",
        "%00",
        "%",
        "_",
        "\\",
        "[NIR]",
        "b_" + "A" * 22,
    ]
)
any_text = st.one_of(st.text(max_size=200), st.text(st.characters(categories=None), max_size=40), MEANINGFUL)


def examples(count: int) -> settings:
    """Tries *count* examples in a usual run, and as many more as the profile asks for more than usual."""
    wanted = max(1, count * settings.default.max_examples // _USUAL)
    return settings(
        max_examples=wanted,
        deadline=None,  # the machine of the tests may be busy
        suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large],
    )
