"""From where one signs in, as little of it as is of use: the network, never the machine."""

from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

_KEPT = {4: 24, 6: 48}  # bits told: the block of an operator, which hundreds of homes or one institution share
_FOLLOWED = {4: 32, 6: 64}  # bits followed to lock: an IPv6 subscriber has a whole /64


def coarse(address: str) -> str:
    """« 192.0.2.0/24 » or « 2001:db8:1::/48 »; empty when *address* is none."""
    return _cut(address, _KEPT)


def followed(address: str) -> str:
    """What failures are counted by; empty when *address* is none. Only its keyed digest is kept."""
    return _cut(address, _FOLLOWED)


def _cut(address: str, bits: dict[int, int]) -> str:
    try:
        parsed: IPv4Address | IPv6Address = ip_address(address)
    except ValueError:
        return ""
    if isinstance(parsed, IPv6Address) and parsed.ipv4_mapped is not None:
        parsed = parsed.ipv4_mapped
    plain = parsed if isinstance(parsed, IPv4Address) else IPv6Address(int(parsed))  # without its scope
    return str(ip_network(f"{plain}/{bits[plain.version]}", strict=False))
