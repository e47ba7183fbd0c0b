"""How to reach the bot: an address and a QR code that open it, tied to an account when they hold a code. Pure.

« Deep linking », Bot API: the ``start`` parameter comes back as « /start 48291357 ».
"""

import segno


def deep_link(bot: str, code: str = "") -> str:
    """The address that opens the bot.

    Args:
        bot: its user name, with or without « @ ».
        code: linking code, however it is spaced (« 4829 1357 »); empty, the address ties no account.
    """
    digits = "".join(char for char in code if char.isdecimal())
    address = f"https://t.me/{bot.removeprefix('@')}"
    return f"{address}?start={digits}" if digits else address


def qr_svg(address: str) -> str:
    """*address* as a QR code, to put inside a page; what it leads to must be written beside it."""
    return str(segno.make(address, micro=False, error="m").svg_inline(border=2, omitsize=True, svgclass=None))
