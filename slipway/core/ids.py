"""Ids, derived from the store's seed and a sequence that each commit saves: no chance, and none given twice."""

from hashlib import blake2b

_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"


class Ids:
    """The source of new ids. `sequence` only grows; the same seed and sequence give the same ids again."""

    __slots__ = ("_seed", "sequence")

    def __init__(self, *, seed: str, sequence: int = 0) -> None:
        self._seed = seed
        self.sequence = sequence

    def hex(self, length: int = 32) -> str:
        """`length` (at most 128) hexadecimal digits: task ids (32), load balancer and target group ids (16)."""
        return self._digest().hex()[:length]

    def digits(self) -> str:
        """19 decimal digits, the first not zero: the number of a deployment and of its service revision."""
        return str(10**18 + int.from_bytes(self._digest()[:16]) % (9 * 10**18))

    def letters(self, length: int = 21) -> str:
        """`length` URL-safe characters: the id of a service deployment."""
        return "".join(_LETTERS[byte % 64] for byte in self._digest()[:length])

    def uuid(self) -> str:
        """A UUID of version 4's form: event and attachment ids."""
        text = self.hex()
        return f"{text[:8]}-{text[8:12]}-4{text[13:16]}-a{text[17:20]}-{text[20:32]}"

    def _digest(self) -> bytes:
        self.sequence += 1
        return blake2b(f"{self._seed}/{self.sequence}".encode()).digest()


def stable_hex(*parts: str, length: int = 32) -> str:
    """The same `length` hexadecimal digits for the same parts, always: ids of things that are derived, not made."""
    return blake2b("/".join(parts).encode()).hexdigest()[:length]
