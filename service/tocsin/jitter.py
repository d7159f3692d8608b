"""Chance that is none: a share that comes from a hash, so that the same facts always give the same time."""

from hashlib import sha256


def share(key: str) -> float:
    """Return a number from 0 to 1, 1 excluded, as good as random over different keys."""
    return int.from_bytes(sha256(key.encode()).digest()[:4]) / 2**32
