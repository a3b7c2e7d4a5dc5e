"""A page as a browser would read it, for tests: every element closed in order, and the text that is shown."""

from html.parser import HTMLParser

_VOID = frozenset({"meta", "br", "hr", "img", "input", "link", "wbr"})


class Page(HTMLParser):
    """What a browser would make of a page: its elements, all closed in order, and its text."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(page)
        self.close()
        assert not self.open, f"never closed: {self.open}"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in _VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data if "style" not in self.open else ""

    def all(self, tag: str) -> list[dict[str, str | None]]:
        """The attributes of each element of a tag."""
        return [attrs for name, attrs in self.elements if name == tag]

    def count(self, tag: str, kind: str | None = None) -> int:
        """Elements of a tag, of a class if one is given."""
        return sum(1 for attrs in self.all(tag) if kind in (None, attrs.get("class")))
