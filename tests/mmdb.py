"""A country file in MaxMind's format, as small as one can be (MaxMind DB File Format Specification 2.0)."""

from collections.abc import Mapping
from ipaddress import IPv4Network
from itertools import count

RECORD_BITS = 24
SEPARATOR = bytes(16)
METADATA = b"\xab\xcd\xefMaxMind.com"


def mmdb(countries: Mapping[str, str]) -> bytes:
    """Return a file that knows the countries of some networks (IPv4), by their two letters."""
    data, offsets = b"", {}
    for code in sorted(set(countries.values())):
        offsets[code] = len(data)
        data += _map({"country": _map({"iso_code": _text(code)})})
    nodes: list[list[object]] = [[None, None]]
    numbers = count(1)
    for network, code in countries.items():
        block = IPv4Network(network)
        bits = f"{int(block.network_address):032b}"[: block.prefixlen]
        node = nodes[0]
        for bit in bits[:-1]:
            if node[int(bit)] is None:
                node[int(bit)] = next(numbers)
                nodes.append([None, None])
            child = node[int(bit)]
            assert isinstance(child, int)
            node = nodes[child]
        node[int(bits[-1])] = code
    tree = b"".join(_record(one, len(nodes), offsets) for node in nodes for one in node)
    about = {
        "node_count": _number(6, len(nodes)),
        "record_size": _number(5, RECORD_BITS),
        "ip_version": _number(5, 4),
        "database_type": _text("Country"),
        "languages": bytes((0, 4)),
        "binary_format_major_version": _number(5, 2),
        "binary_format_minor_version": _number(5, 0),
        "build_epoch": bytes((1, 2, 1)),
        "description": _map({}),
    }
    return tree + SEPARATOR + data + METADATA + _map(about)


def _record(one: object, nodes: int, offsets: Mapping[str, int]) -> bytes:
    data = nodes + len(SEPARATOR)
    number = one if isinstance(one, int) else nodes if one is None else data + offsets[str(one)]
    return number.to_bytes(RECORD_BITS // 8, "big")


def _map(pairs: Mapping[str, bytes]) -> bytes:
    return bytes((7 << 5 | len(pairs),)) + b"".join(_text(key) + value for key, value in pairs.items())


def _text(text: str) -> bytes:
    return bytes((2 << 5 | len(text),)) + text.encode("ascii")


def _number(kind: int, number: int) -> bytes:
    written = number.to_bytes((number.bit_length() + 7) // 8, "big")
    return bytes((kind << 5 | len(written),)) + written
