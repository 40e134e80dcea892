"""Damage to the content of a file, as disks, cables and editors do it."""

KINDS = ("flip", "cut", "zero", "insert")


def damaged(content: bytes, kind: str, *, at: int, what: float) -> bytes:
    """Content with a bit flipped, cut off, zero from there on, or with three bytes inserted.

    `what` in [0, 1) says which bit or byte.
    """
    if kind == "flip":
        flipped = bytearray(content)
        flipped[at] ^= 1 << int(8 * what)
        return bytes(flipped)
    if kind == "cut":
        return content[:at]
    if kind == "zero":
        return content[:at] + b"\0" * (len(content) - at)
    return content[:at] + bytes([int(256 * what)]) * 3 + content[at:]
