"""The pages in a real browser: nothing is wider than its window, and dark is dark. Skipped where there is none."""

import json
import re
import shutil
import subprocess
from functools import cache
from html import escape
from pathlib import Path
from typing import Any

import pytest

from tests.foresight.paged import PAGES

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
TELEPHONE, WINDOW = 390, 1440
BOUND_S = 120  # on a hung browser, no statement about speed
SCHEMES = {"dark": 0, "light": 1}  # Blink's PreferredColorScheme

#: What is asked of each page once it is shown.
MEASURE = """
const LEADING = 3;  // pixels of a line of text in which no letter stands
onload = () => {
  const told = {};
  for (const frame of document.querySelectorAll("iframe")) {
    const page = frame.contentDocument, body = page.body;
    const cut = [], over = [];
    for (const drawing of page.querySelectorAll("svg")) {
      if (!drawing.getBoundingClientRect().width) continue;
      const box = drawing.viewBox.baseVal;
      const before = [];
      for (const text of drawing.querySelectorAll("text")) {
        const own = text.getBBox();
        for (const [words, other] of before)
          if (own.x + 1 < other.x + other.width && other.x + 1 < own.x + own.width
              && own.y + LEADING < other.y + other.height && other.y + LEADING < own.y + own.height)
            over.push(`${words} / ${text.textContent}`);
        before.push([text.textContent, own]);
        if (own.x < -1 || own.y < -1 || own.x + own.width > box.width + 1 || own.y + own.height > box.height + 1)
          cut.push(text.textContent);
      }
    }
    told[frame.name] = {
      width: page.documentElement.scrollWidth,
      ground: frame.contentWindow.getComputedStyle(body).backgroundColor,
      drawings: [...page.querySelectorAll("svg")].filter(one => one.getBoundingClientRect().width).length,
      cut,
      over,
    };
  }
  document.title = JSON.stringify(told);
};
"""


def browser() -> str | None:
    """The path of a browser; None: there is none."""
    return next((path for name in BROWSERS if (path := shutil.which(name))), None)


needs_browser = pytest.mark.skipif(browser() is None, reason=f"none of {', '.join(BROWSERS)} is installed")


@pytest.fixture(scope="module", params=SCHEMES)
def seen(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, dict[str, Any]]:
    """The scheme, and what the browser measured of each page, by `name width`."""
    return request.param, measured(request.param, tmp_path_factory.mktemp("pages"))


def measured(scheme: str, directory: Path) -> dict[str, Any]:
    frames = "".join(
        f'<iframe name="{name} {width}" style="width:{width}px;height:900px;border:0" srcdoc="{escape(shown(name))}">'
        "</iframe>"
        for name in PAGES
        for width in (TELEPHONE, WINDOW)
    )
    file = directory / "all.html"
    file.write_text(f"<!doctype html><title>-</title><script>{MEASURE}</script>{frames}", "utf-8")
    flags = ("--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", f"--user-data-dir={directory}/user")
    wished = f"--blink-settings=preferredColorScheme={SCHEMES[scheme]}"
    path = browser()
    assert path is not None
    done = subprocess.run(
        (path, *flags, wished, "--dump-dom", file.as_uri()),
        capture_output=True,
        text=True,
        timeout=BOUND_S,
        check=True,
    )
    title = re.search(r"<title>(.*?)</title>", done.stdout, re.DOTALL)
    assert title is not None
    told: dict[str, Any] = json.loads(title[1].replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&"))
    return told


@cache
def shown(name: str) -> str:
    """The page without the policy that would keep it from being measured."""
    return re.sub(r'<meta http-equiv="Content-Security-Policy"[^>]*>', "", PAGES[name]())


@needs_browser
def test_no_page_is_wider_than_its_window(seen: tuple[str, dict[str, Any]]) -> None:
    widths = {name: one["width"] for name, one in seen[1].items()}
    assert widths == {name: int(name.rpartition(" ")[2]) for name in widths}
    assert len(widths) == 2 * len(PAGES)


@needs_browser
def test_no_text_leaves_its_drawing(seen: tuple[str, dict[str, Any]]) -> None:
    assert {name: one["cut"] for name, one in seen[1].items() if one["cut"]} == {}


@needs_browser
def test_no_texts_of_a_drawing_meet(seen: tuple[str, dict[str, Any]]) -> None:
    assert {name: one["over"] for name, one in seen[1].items() if one["over"]} == {}


@needs_browser
def test_each_width_has_its_drawing(seen: tuple[str, dict[str, Any]]) -> None:
    counts = {name: one["drawings"] for name, one in seen[1].items()}
    assert counts == {name: 2 if name.startswith("plan") else 1 for name in counts}


@needs_browser
def test_dark_is_dark(seen: tuple[str, dict[str, Any]]) -> None:
    grounds = {"dark": "rgb(20, 23, 28)", "light": "rgb(255, 255, 255)"}
    assert {one["ground"] for one in seen[1].values()} == {grounds[seen[0]]}
