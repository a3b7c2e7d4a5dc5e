"""An HTML page that loads nothing and runs nothing: its frame, sections, tables. Text is escaped."""

from collections.abc import Iterable, Iterator
from html import escape

#: The page may style itself, and load or run nothing at all.
POLICY = "default-src 'none'; style-src 'unsafe-inline'"


def document(title: str, content: Iterable[str], *, style: str) -> str:
    """The whole page. `content` is HTML, `style` CSS."""
    parts = (
        "<!doctype html>",
        '<html lang="en">',
        f'<head><meta charset="utf-8"><meta http-equiv="Content-Security-Policy" content="{escape(POLICY)}">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        f"<title>{escape(title)}</title><style>{style}</style></head>",
        "<body>",
        *content,
        "</body></html>",
    )
    return "\n".join(parts) + "\n"


def section(title: str, content: Iterable[str]) -> Iterator[str]:
    """A section under its title; nothing where it has no content."""
    lines = list(content)
    if lines:
        yield f"<section><h2>{escape(title)}</h2>"
        yield from lines
        yield "</section>"


def table(heads: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> Iterator[str]:
    """A table of texts; columns whose head begins with `+` are numbers."""
    yield from marked_table(heads, (tuple(map(escape, row)) for row in rows))


def marked_table(
    heads: tuple[str, ...], rows: Iterable[tuple[str, ...]], *, names: Iterable[str] = ()
) -> Iterator[str]:
    """A table whose cells are HTML. `names`: the ids of its rows, as far as they have one. Columns whose head begins
    with `~` are left out where there is little room."""
    kinds = [_kind(head) for head in heads]
    cells = "".join(
        f'<th scope="col"{kind}>{escape(head.lstrip("~+").lower())}</th>'
        for head, kind in zip(heads, kinds, strict=True)
    )
    ids = iter(names)
    yield f'<div class="scroll"><table><thead><tr>{cells}</tr></thead><tbody>'
    for row in rows:
        name = next(ids, "")
        cells = "".join(f"<td{kind}>{text}</td>" for text, kind in zip(row, kinds, strict=True))
        yield f'<tr id="{name}">{cells}</tr>' if name else f"<tr>{cells}</tr>"
    yield "</tbody></table></div>"


def _kind(head: str) -> str:
    names = [name for sign, name in (("~", "more"), ("+", "number")) if sign in head[:2]]
    return f' class="{" ".join(names)}"' if names else ""


def tiles(entries: Iterable[tuple[str, str, str]]) -> Iterator[str]:
    """Figures in a row: the name of each, what it is, and a remark."""
    yield '<dl class="tiles">'
    for name, value, remark in entries:
        small = f"<small>{escape(remark)}</small>" if remark else ""
        yield f"<div><dt>{escape(name)}</dt><dd>{escape(value)}{small}</dd></div>"
    yield "</dl>"


def facts(entries: Iterable[tuple[str, str]]) -> Iterator[str]:
    """Names with their values; nothing where there are none."""
    told = list(entries)
    if told:
        yield '<dl class="facts">'
        yield from (f"<dt>{escape(name)}</dt><dd>{escape(value)}</dd>" for name, value in told)
        yield "</dl>"


def verdict(status: str, *, is_over: bool) -> str:
    """The verdict of a deployment, as it stands at the head of its page."""
    style = "good" if status == "SUCCESSFUL" else "bad" if is_over else "busy"
    return f'<span class="verdict {style}">{escape(status)}</span>'
