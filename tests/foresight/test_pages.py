"""The pages of foresight: whole and harmless documents, the same each time, of bounded size, with readable colours."""

import re
from itertools import accumulate, pairwise
from xml.etree import ElementTree

import pytest

from slipway.core.explaining.ledger import check_sum
from slipway.core.explaining.segment import Ledger, Segment, SegmentKind
from slipway.foresight.pages.course import Band, band_counts, courses_of
from slipway.foresight.pages.forecast_page import forecast_page
from slipway.foresight.pages.lanes import lanes_of
from slipway.foresight.pages.ledger_table import ledger_table
from slipway.foresight.pages.roll import Roll, roll_of_forecast
from slipway.foresight.pages.style import COLOURS, INKED, PALETTE
from slipway.foresight.pages.timeline import roll_svg
from slipway.foresight.rollout import Rollout
from slipway.foresight.simulate import simulate
from tests.foresight.paged import NASTY, PAGES, ROLLOUTS, explanation, forecast
from tests.html_page import Page

SVG = "{http://www.w3.org/2000/svg}"


@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_whole_and_loads_nothing(name: str) -> None:
    source = PAGES[name]()
    page = Page(source)
    assert not {"script", "link", "img", "iframe", "object"} & {tag for tag, _ in page.elements}
    assert not {"src", "href", "onload", "onclick"} & {key for _, attrs in page.elements for key in attrs}
    assert set(re.findall(r"url\(([^)]*)\)", source)) <= {f"#{one}-hatch" for one in ("wide", "narrow", "p50", "p90")}
    assert page.all("html") == [{"lang": "en"}]
    assert [len(page.all(tag)) for tag in ("header", "main", "footer", "h1")] == [1, 1, 1, 1]
    assert len({attrs["id"] for _, attrs in page.elements if attrs.get("id")}) == source.count(' id="')


@pytest.mark.parametrize("name", PAGES)
def test_a_page_shows_what_it_is_given_as_text(name: str) -> None:
    source = PAGES[name]()
    assert NASTY not in source
    assert NASTY in Page(source).text


@pytest.mark.parametrize("name", PAGES)
def test_a_drawing_tells_what_it_shows(name: str) -> None:
    drawings = Page(PAGES[name]()).all("svg")
    assert drawings
    for drawing in drawings:
        assert drawing["role"] == "img"
        assert drawing["aria-label"]


@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_the_same_each_time(name: str) -> None:
    assert PAGES[name]() == PAGES[name]()


@pytest.mark.parametrize("name", ROLLOUTS)
def test_a_drawing_alone_is_xml_and_has_its_colours(name: str) -> None:
    source = roll_svg(roll_of_forecast(forecast(name)), name=NASTY)
    root = ElementTree.fromstring(source)
    assert root.tag == f"{SVG}svg"
    assert root.findtext(f"{SVG}title") == NASTY
    style = root.findtext(f"{SVG}style") or ""
    assert "prefers-color-scheme: dark" in style
    classes = {one for element in root.iter() for one in (element.get("class") or "").split()}
    assert classes - {one for one in classes if re.fullmatch(r"p\d+", one)} <= set(
        re.findall(r"\.([a-z-]+)", style)
    ) | {f"on-{colour}" for colour in COLOURS}


@pytest.mark.parametrize("name", ROLLOUTS)
def test_bars_fill_the_life_of_a_task(name: str) -> None:
    roll = roll_of_forecast(forecast(name))
    for course in roll.courses:
        assert all(one.to_s == after.from_s for one, after in pairwise(course.stretches)), "without a gap"
        assert 0 <= course.stretches[0].from_s < course.stretches[-1].to_s <= roll.seconds


@pytest.mark.parametrize("name", ROLLOUTS)
def test_counts_are_those_of_the_chronicle(name: str) -> None:
    """Drawn from the lives of tasks; the samples were counted commit by commit."""
    told = forecast(name)
    samples = [one for one in told.chronicle.samples if one.at < told.chronicle.began_at + told.duration_s]
    instants = [one.at - told.chronicle.began_at for one in samples]
    counts = band_counts(courses_of(told.chronicle, seconds=told.duration_s), instants)
    healthy = [old + new for old, new in zip(counts[Band.OLD], counts[Band.NEW], strict=True)]
    assert healthy == [one.all_healthy for one in samples]
    assert list(map(sum, zip(*counts.values(), strict=True))) == [one.all_alive for one in samples]


def path_of(roll: Roll) -> list[tuple[float, float, float]]:
    """The pieces of the critical path as drawn: from and to, and the height."""
    root = ElementTree.fromstring(roll_svg(roll, name="web"))
    drawn = [one.get("d") or "" for one in root.iter(f"{SVG}path") if (one.get("class") or "").startswith("path ")]
    ends = [re.fullmatch(r"M([\d.]+) ([\d.]+)L([\d.]+) ([\d.]+)", one) for one in drawn]
    return [(float(end[1]), float(end[3]), float(end[2])) for end in ends if end is not None]


@pytest.mark.parametrize("name", ROLLOUTS)
def test_the_critical_path_is_drawn_from_beginning_to_end(name: str) -> None:
    roll = roll_of_forecast(forecast(name))
    check_sum(roll.ledger)
    pieces = path_of(roll)
    assert (pieces[0][0], pieces[-1][1]) == (132, 936), "across the whole drawing"
    assert all(one[1] == after[0] for one, after in pairwise(pieces)), "the pieces touch"
    assert sum(to - begin for begin, to, _ in pieces) == pytest.approx(936 - 132)


def test_shares_of_the_ledger_add_up() -> None:
    source = PAGES["explain"]()
    assert sum(float(share) for share in re.findall(r"flex:([\d.]+) ", source)) == pytest.approx(1, abs=1e-4)
    widths = re.findall(r'class="gauge"><span class="[a-z ]+" style="width:([\d.]+)%', source)
    assert len(widths) == len(explanation().ledger.segments)
    assert sum(map(float, widths)) == pytest.approx(100, abs=0.01)


def ledger_with(seconds: list[float]) -> Ledger:
    """A ledger of segments that take so long, drains and pulls by turns."""
    kinds = (SegmentKind.DRAIN, SegmentKind.PULL)
    ends = [*accumulate(seconds)]
    segments = tuple(
        Segment(kind=kinds[index % 2], from_at=end - seconds[index], to_at=end, sentence="it drained")
        for index, end in enumerate(ends)
    )
    return Ledger(began_at=0.0, ended_at=ends[-1], segments=segments)


@pytest.mark.parametrize(
    ("seconds", "numbers"),
    [
        pytest.param([10, 20], ["1", "2"], id="each has its row"),
        pytest.param([10, 0.01, 0.02, 0.01, 20], ["1", "2–4", "5"], id="short neighbours share one"),
        pytest.param([0.01, 10, 0.01, 20, 0.01, 0.01], ["1", "2", "3", "4", "5–6"], id="a short one alone has its own"),
        pytest.param([1.0, 2.0] * 500, None, id="of very many the longest"),
    ],
)
def test_rows_of_the_ledger_hold_all_of_its_time(seconds: list[float], numbers: list[str] | None) -> None:
    table = "".join(ledger_table(ledger_with(seconds)))
    if numbers is not None:
        assert re.findall(r'<tr id="s\d+"><td class="number">([^<]*)<', table) == numbers
    assert table.count("<tr") <= 203
    widths = re.findall(r'class="gauge"><span class="[a-z ]+" style="width:([\d.]+)%', table)
    assert sum(map(float, widths)) == pytest.approx(100, abs=0.5)


@pytest.mark.parametrize("most", [1, 3, 12, 40])
def test_lanes_hold_each_task_once(most: int) -> None:
    roll = roll_of_forecast(forecast("many_tasks"))
    lanes = lanes_of(roll.courses, seconds=roll.seconds, most=most)
    assert sorted(arn for lane in lanes for arn in lane.task_arns) == sorted(one.task_arn for one in roll.courses)
    assert sum(lane.course is not None for lane in lanes) <= most
    assert [lane.is_old for lane in lanes] == sorted((lane.is_old for lane in lanes), reverse=True)


def test_a_page_of_many_tasks_is_not_larger_than_that_of_few() -> None:
    small = len(forecast_page(forecast("overlapping"), title="web"))
    large = simulate(Rollout(desired=2_000, room=4_000, pull_time=20, jitter_percent=20), ways_back=False)
    assert len(forecast_page(large, title="web")) < 4 * small


def test_a_page_of_many_rounds_is_bounded() -> None:
    thin = Rollout(desired=150, maximum_percent=101, deregistration_delay=1, stop_timeout=1, jitter_percent=20)
    page = forecast_page(simulate(thin, ways_back=False), title="web")
    assert "more, of " in page, "some of the rounds are told together"
    assert len(page) < 500_000


# Colours


def palettes() -> list[dict[str, str]]:
    """The colours by name, in light and in dark."""
    blocks = re.findall(r":root \{([^}]*)\}", PALETTE)
    assert len(blocks) == 2, "light and dark"
    return [dict(re.findall(r"--([a-z]+): (#[0-9a-f]{6})", block)) for block in blocks]


def contrast(one: str, other: str) -> float:
    """WCAG's contrast of two colours."""

    def luminance(colour: str) -> float:
        parts = [int(colour[index : index + 2], 16) / 255 for index in (1, 3, 5)]
        red, green, blue = (part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue

    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_text_and_colours_keep_their_contrast(dark: bool) -> None:
    colours = palettes()[dark]
    for name in ("text", "quiet", "good", "bad", "busy", "mark"):
        assert contrast(colours[name], colours["ground"]) >= 4.5, name
        assert contrast(colours[name], colours["raised"]) >= 4.5, name
    for name in COLOURS:
        assert contrast(colours[name], colours["ground"]) >= 3, name
        written = colours["ink" if name in INKED else "paper"]
        assert contrast(colours[name], written) >= 4.5, name


def test_light_and_dark_have_the_same_names() -> None:
    light, dark = palettes()
    assert light.keys() == dark.keys()
    assert set(COLOURS) <= light.keys()
