"""A value that does not fit its shape, and where in the request or the answer it stands."""


class ShapeMismatch(Exception):
    """Raised at a leaf; each container it leaves adds its own step, so that the happy path builds no paths."""

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self._steps: list[str | int] = []

    def within(self, step: str | int) -> None:
        """Add the member name or the list index (from 0) that held the value."""
        self._steps.append(step)

    def __str__(self) -> str:
        """The sentence and the place: `… (at containerDefinitions[0].cpu)`."""
        if not self._steps:
            return self.sentence
        return f"{self.sentence} (at {location(tuple(reversed(self._steps)))})"


def location(steps: tuple[str | int, ...]) -> str:
    """A path from the outside in, as people write it: `containerDefinitions[0].cpu`."""
    text = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in steps)
    return text.removeprefix(".")
