"""SVG, element by element: everything is escaped, and numbers are as short as a drawing needs."""

from collections.abc import Iterable
from html import escape

#: Digits after the point of a place: a hundredth of a pixel.
_PLACES = 2


def number(value: float) -> str:
    """`12`, `0.5`, `3.14`."""
    return f"{value:.{_PLACES}f}".rstrip("0").rstrip(".") or "0"


def element(name: str, *content: str, tip: str = "", **attributes: str | float | None) -> str:
    """`<rect x="1" …>`: content is SVG; `tip` is shown where a pointer rests. A trailing `_` of an attribute's name
    goes, another becomes a hyphen; attributes of None are left out."""
    told = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{number(value) if not isinstance(value, str) else escape(value)}"'
        for key, value in attributes.items()
        if value is not None
    )
    inner = (f"<title>{escape(tip)}</title>" if tip else "") + "".join(content)
    return f"<{name}{told}>{inner}</{name}>" if inner else f"<{name}{told}/>"


def words(x: float, y: float, text: str, *, style: str = "", tip: str = "") -> str:
    """Text that stands on the line `y`."""
    return element("text", escape(text, quote=False), tip=tip, x=x, y=y, class_=style or None)


def rect(x: float, y: float, width: float, height: float, *, style: str, tip: str = "", rx: float = 2) -> str:
    """A box; one without room is drawn half a pixel wide, so that it is seen."""
    return element(
        "rect", tip=tip, x=x, y=y, width=max(width, 0.5), height=height, rx=min(rx, width / 2) or None, class_=style
    )


def line(points: Iterable[tuple[float, float]], *, style: str, tip: str = "") -> str:
    """A line through the points."""
    path = "M" + "L".join(f"{number(x)} {number(y)}" for x, y in points)
    return element("path", tip=tip, d=path, class_=style)


def drawing(
    parts: Iterable[str], *, width: float, height: float, name: str, about: str, style: str | None = None
) -> str:
    """A whole drawing. `name` and `about` are what is read out instead of it. `style`: it stands alone, with this
    stylesheet and a ground of its own."""
    inside = list(parts)
    if style is not None:
        inside = [element("style", style), element("rect", width=width, height=height, class_="ground"), *inside]
    return element(
        "svg",
        element("title", escape(name, quote=False)),
        element("desc", escape(about, quote=False)),
        *inside,
        xmlns="http://www.w3.org/2000/svg",
        viewBox=f"0 0 {number(width)} {number(height)}",
        width=width if style is not None else None,
        height=height if style is not None else None,
        role="img",
        aria_label=f"{name}. {about}",
    )
