"""Showing picture after picture: drawn in place on a terminal, told as lines of changes elsewhere."""

from types import TracebackType

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.text import Text

from slipway.cli.picture import render_picture
from slipway.cli.picture_line import PictureLines
from slipway.cli.picture_words import Picture


class PictureShow:
    """Shows pictures on a console for the time of a `with`; the last one stays there.

    `has_events` False leaves the events out where pictures are told as lines.
    """

    def __init__(self, console: Console, *, has_events: bool = True) -> None:
        self._console = console
        self._lines = PictureLines(has_events=has_events)
        self._drawn: RenderableType = ""
        self._noted = ""
        self._live = Live(console=console, auto_refresh=False) if console.is_terminal else None

    def __enter__(self) -> "PictureShow":
        if self._live is not None:
            self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._live is not None:
            self._live.stop()

    def show(self, picture: Picture, *, above: RenderableType = "", below: RenderableType = "") -> None:
        """Show a picture, with something of one's own `above` and `below` it where it is drawn."""
        self._noted = ""
        if self._live is not None:
            drawn = render_picture(picture, width=self._console.width)
            parts = [part for part in (above, drawn, below) if part != ""]
            self._drawn = Group(*parts)
            self._live.update(self._drawn, refresh=True)
            return
        for line in self._lines.new(picture):
            self.say(line)

    def headline(self, title: str) -> None:
        """Say what begins, where pictures are told as lines."""
        if self._live is None:
            self.say(f"{title} ...")

    def note(self, sentence: str) -> None:
        """Say, below the last picture, why there is no newer one; told once until there is."""
        if self._live is not None:
            self._live.update(Group(self._drawn, Text(sentence, style="yellow")), refresh=True)
        elif sentence != self._noted:
            self.say(sentence)
        self._noted = sentence

    def say(self, line: str) -> None:
        """A line of its own, above what is drawn in place."""
        self._console.print(line, soft_wrap=True, markup=False, highlight=False)
