"""The page that ``lossctl report`` writes, in a browser: what it shows, says, asks for and runs."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from browser import INSTALL, Browser, Page, browser, installed, tab
from processes import piped

pytestmark = pytest.mark.skipif(installed() is None, reason=INSTALL)

SAMPLES = Path(__file__).parent.parent / "sample_data"
PHONE = 390  # CSS pixels
CONTRAST = 4.5  # of WCAG 2, level AA
MARKUP = "<script>hacked=1</script>"
NASTY = (
    MARKUP,
    "</script><svg onload=hacked=2>",
    '"><img src=x onerror=alert(3)>',
    "'-alert(4)-'{{7*7}}${hacked=5}<!--<script>",
)
COMMANDS = {
    "one": ("ce", "iris.csv", "--label-col", "species"),
    "several": (
        *("bce", "models/base.csv", "models/deep.csv", "models/wide.csv"),
        *("--labels", "customers.csv", "--baseline", "models/base.csv"),
    ),
    "infinite": ("bce", "infinite.csv", "--by", "region"),
    "nasty": (
        *("ce", "<b onclick=hacked=6>.csv", "--labels", "<img src=x onerror=alert(7)>.csv"),
        *("--header", "--id", "<u>id"),
    ),
}

FIGURES = "[data-chart]"
CHARTS = "[data-chart] svg.marks"  # Vega calls its own so
COUNT = "document.querySelectorAll('%s').length"
DRAWN = f"{COUNT % CHARTS} === {COUNT % FIGURES}"

# Which text has less contrast than it should, with what is behind it; opacity counts as paint.
# The paper is what is behind all: for print, white, as no printer prints backgrounds unasked.
FAINT = """((least, print) => {
  const dot = new OffscreenCanvas(1, 1).getContext('2d', {willReadFrequently: true});
  const paint = colour => {
    dot.clearRect(0, 0, 1, 1); dot.fillStyle = colour; dot.fillRect(0, 0, 1, 1);
    const [r, g, b, a] = dot.getImageData(0, 0, 1, 1).data; return [r, g, b, a / 255];
  };
  const over = (top, under) => [0, 1, 2].map(i => top[i] * top[3] + under[i] * (1 - top[3]));
  const light = colour => colour.slice(0, 3).map(c => c / 255)
    .map(c => c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4)
    .reduce((sum, c, i) => sum + c * [0.2126, 0.7152, 0.0722][i], 0);
  const above = element => element ? [element, ...above(element.parentElement)] : [];
  const sheet = document.body.appendChild(document.createElement('p'));
  sheet.style.backgroundColor = 'Canvas';
  const paper = print ? [255, 255, 255] : paint(getComputedStyle(sheet).backgroundColor);
  sheet.remove();
  const faint = [], walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node; node = walk.nextNode();) {
    const element = node.parentElement, style = getComputedStyle(element);
    const box = element.getBoundingClientRect();
    if (!node.data.trim() || box.width <= 1
      || !element.checkVisibility({opacityProperty: true, visibilityProperty: true})) continue;
    const ink = paint(element.closest('svg') ? style.fill : style.color);
    const styles = above(element).map(one => getComputedStyle(one));
    ink[3] *= styles.reduce((product, one) => product * one.opacity, 1);
    const ground = print ? paper : styles.map(one => paint(one.backgroundColor)).reverse()
      .reduce((under, top) => over(top, under), paper);
    const [low, high] = [light(over(ink, ground)), light(ground)].sort((a, b) => a - b);
    const contrast = (high + 0.05) / (low + 0.05);
    if (contrast < least) faint.push([node.data.trim(), contrast, ink, ground]);
  }
  return faint;
})"""

# What sticks out to the right of the window, unless it is in something of its own that scrolls.
OUTSIDE = """[...document.body.querySelectorAll('*')].filter(element => {
  if (!element.checkVisibility() || element.closest('svg')?.contains(element.parentElement))
    return false;
  for (let up = element.parentElement; up; up = up.parentElement)
    if (['auto', 'scroll'].includes(getComputedStyle(up).overflowX)) return false;
  return element.getBoundingClientRect().right > innerWidth + 1;
}).map(element => element.outerHTML.slice(0, 120))"""

FOCUS = """(() => {
  const element = document.activeElement, style = getComputedStyle(element);
  const box = element.getBoundingClientRect();
  return {
    place: [...document.querySelectorAll('*')].indexOf(element),
    name: element.tagName, html: element.outerHTML.slice(0, 120),
    ringed: style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) > 0
      || style.boxShadow !== 'none',
    seen: box.bottom > 0 && box.top < innerHeight && box.width > 0,
  };
})()"""

STOPS = """[...document.querySelectorAll('*')].flatMap((element, place) =>
  element.matches('a[href], button, input, select, textarea, summary, [tabindex]')
  && element.tabIndex >= 0 && element.checkVisibility() ? [place] : [])"""

OPENED = "document.querySelectorAll('details').forEach(one => { one.open = true; })"

# What of a page can run or load: elements that do, and attributes that are scripts.
ACTIVE = """[...document.querySelectorAll('*')].filter(element =>
  ['SCRIPT', 'IMG', 'IFRAME', 'OBJECT', 'EMBED', 'LINK', 'BASE', 'FORM'].includes(element.tagName)
  || [...element.attributes].some(one => /^on/i.test(one.name) || /^javascript:/i.test(one.value))
).map(element => element.tagName)"""


@dataclass(frozen=True)
class Made:
    """A page, and what the same scoring prints as JSON."""

    path: Path
    results: list[dict[str, Any]]


@pytest.fixture(name="chromium", scope="module")
def _chromium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with browser(installed() or "", tmp_path_factory.mktemp("browser")) as started:
        yield started


@pytest.fixture(name="page")
def _page(chromium: Browser) -> Iterator[Page]:
    with tab(chromium) as page:
        yield page


@pytest.fixture(name="pages", scope="module")
def _pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Made]:
    folder = tmp_path_factory.mktemp("pages")
    _nasty(folder)
    rows = "".join(f"{row % 9 / 9},{row % 2},{'ab'[row > 8]}\n" for row in range(40))
    (folder / "infinite.csv").write_text("prob,label,region\n" + rows)
    return {
        name: _made(
            SAMPLES if name in {"one", "several"} else folder, folder / f"{name}.html", arguments
        )
        for name, arguments in COMMANDS.items()
    }


def _made(folder: Path, path: Path, arguments: tuple[str, ...]) -> Made:
    written = piped(folder, b"", "report", *arguments, "-o", str(path))
    assert (written.code, written.out) == (0, ""), written.err
    told = piped(folder, b"", "batch", *arguments, "--json")
    assert told.code == 0, told.err
    return Made(path, json.loads(told.out)["results"])


def _nasty(folder: Path) -> None:
    """Write files whose names, ids, columns and classes are markup and scripts."""

    def line(*cells: object) -> str:
        return ",".join('"' + str(cell).replace('"', '""') + '"' for cell in cells) + "\n"

    _, name, _, labels, *_ = COMMANDS["nasty"]
    rows = [(f"<i>{MARKUP}{row}</i>", NASTY[row % len(NASTY)]) for row in range(12)]
    given = [(0.7, 0.1, 0.1, 0.1), (0.1, 0.2, 0.3, 0.4)]
    matrix = [line(identity, *given[row % 2]) for row, (identity, _) in enumerate(rows)]
    (folder / name).write_text(line("<u>id", *NASTY) + "".join(matrix), encoding="utf-8")
    text = line("<u>id", "<s>class") + "".join(line(*row) for row in rows)
    (folder / labels).write_text(text, encoding="utf-8")


@pytest.fixture(name="shown", params=COMMANDS)
def _shown(request: pytest.FixtureRequest, page: Page, pages: dict[str, Made]) -> Page:
    """Each page, with its charts drawn."""
    page.size(1000)
    _open(page, pages[request.param])
    return page


def _open(page: Page, made: Made) -> None:
    page.open(made.path)
    page.until(DRAWN)


def test_what_goes_wrong_in_a_page_is_heard(page: Page, tmp_path: Path) -> None:
    bad = tmp_path / "bad.html"
    bad.write_text(
        """<meta http-equiv="Content-Security-Policy" content="img-src data:">
        <style>p {width: 999px}</style><p style="color: #888">faint</p><img src="http://example.org/i.png">
        <script src="http://example.org/s.js"></script><a href="#a" style="outline: none">a</a>
        <script>console.warn("odd"); alert("hello"); throw Error("broken")</script>"""
    )
    page.size(PHONE)
    page.open(bad)
    heard = "\n".join(page.complaints())
    for what in ("img-src data:", "console.warning: odd", "alert: hello", "Error: broken"):
        assert what in heard
    assert set(page.requests()[1:]) == {"http://example.org/s.js", "http://example.org/i.png"}
    assert [text for text, *_ in page.evaluate(f"{FAINT}({CONTRAST}, false)")] == ["faint"]
    assert len(page.evaluate(OUTSIDE)) == 1
    assert page.evaluate(ACTIVE) == ["IMG", "SCRIPT", "SCRIPT"]
    page.press("Tab")
    assert page.evaluate(FOCUS)["ringed"] is False


def test_a_page_says_nothing_and_asks_for_nothing(shown: Page) -> None:
    assert shown.complaints() == []
    (address,) = shown.requests()
    assert address.startswith("file:")
    policy = shown.evaluate("document.querySelector('meta[http-equiv*=Policy i]').content")
    assert "default-src 'none'" in policy


def test_every_chart_is_drawn(shown: Page) -> None:
    places = shown.evaluate(COUNT % FIGURES)
    assert places > 0
    for place in range(places):
        shown.evaluate(f"void (window.chart = document.querySelectorAll('{CHARTS}')[{place}])")
        assert shown.evaluate("Math.min(chart.clientWidth, chart.clientHeight)") > 50
        shown.evaluate("void (chart.id = 'looked-at')")
        drawn = shown.screenshot("#looked-at")
        shown.evaluate("void (chart.style.visibility = 'hidden')")
        assert shown.screenshot("#looked-at") != drawn
        shown.evaluate("void chart.removeAttribute('id')")


def test_the_figures_are_those_of_json(page: Page, pages: dict[str, Made]) -> None:
    for made in pages.values():
        _open(page, made)
        _has_figures(page, made)


def _has_figures(page: Page, made: Made) -> None:
    """Each figure of the results is somewhere in full, and reads there as in a table."""
    shown = page.evaluate(
        "[...document.querySelectorAll('[data-value]')].map(one => [+one.dataset"
        ".value, one.textContent])"
    )
    for result in made.results:
        parts = [result, *result.get("groups", []), *filter(None, [result.get("delta")])]
        estimates = [*parts, *(part["ci"] for part in parts if "ci" in part)]
        names = ("value", "stderr", "low", "high")
        told = [one[name] for one in estimates for name in names if one.get(name) is not None]
        assert len(told) >= 4
        for number in told:
            texts = [text for value, text in shown if value == number]
            assert texts
            assert {float(text.replace("−", "-")) for text in texts} == {float(f"{number:.6g}")}


def test_names_are_shown_and_never_run(page: Page, pages: dict[str, Made]) -> None:
    _open(page, pages["one"])
    ordinary = page.evaluate(ACTIVE)
    _open(page, pages["nasty"])
    assert page.evaluate(ACTIVE) == ordinary
    assert page.evaluate("typeof hacked") == "undefined"
    assert page.evaluate("document.querySelectorAll('b, i, s, u').length") == 0
    page.evaluate(OPENED)
    shown = page.evaluate("document.body.innerText")
    assert [name for name in (*NASTY, COMMANDS["nasty"][1]) if name not in shown] == []
    assert page.complaints() == []


def test_text_stands_out_in_light_and_dark(shown: Page) -> None:
    shown.evaluate(OPENED)
    for scheme in ("light", "dark"):
        shown.media(scheme)
        assert shown.evaluate(f"{FAINT}({CONTRAST}, false)") == []


def test_dark_is_dark(page: Page, pages: dict[str, Made]) -> None:
    page.size(1000)
    _open(page, pages["one"])
    light = page.screenshot()
    page.media("dark")
    assert page.screenshot() != light


def test_print_is_ink_on_paper(shown: Page) -> None:
    for scheme in ("light", "dark"):
        shown.media(scheme, "print")
        assert shown.evaluate(f"{FAINT}({CONTRAST}, true)") == []
    assert re.search(rb"/Type\s*/Page\b", shown.pdf())


@pytest.mark.parametrize("name", COMMANDS)
def test_a_phone_scrolls_down_only(name: str, page: Page, pages: dict[str, Made]) -> None:
    for width in (PHONE, PHONE - 70):  # the second as if the window became narrower
        page.size(width, phone=True)
        if width == PHONE:
            _open(page, pages[name])
            page.evaluate(OPENED)
        page.until("new Promise(done => requestAnimationFrame(() => done(true)))")
        assert page.evaluate("innerWidth") == width
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        assert page.evaluate(OUTSIDE) == []


def test_the_keyboard_reaches_everything_in_order(shown: Page) -> None:
    stops, reached = shown.evaluate(STOPS), []
    for _ in range(len(stops) + 50):  # a browser lets what scrolls be reached too
        shown.press("Tab")
        focus = shown.evaluate(FOCUS)
        if focus["name"] in {"BODY", "HTML"}:
            break
        reached.append(focus["place"])
        assert (focus["ringed"], focus["seen"]) == (True, True), focus["html"]
        if focus["name"] == "SUMMARY":
            _folds(shown)
    assert reached == sorted(reached)
    assert set(stops) <= set(reached)


def _folds(page: Page) -> None:
    state = "document.activeElement.parentElement.open"
    before = page.evaluate(state)
    page.press("Enter")
    assert page.evaluate(state) is not before
    page.press("Enter")
    assert page.evaluate(state) is before


def test_without_scripts_the_figures_are_there(page: Page, pages: dict[str, Made]) -> None:
    page.scripts(run=False)
    for made in pages.values():
        page.open(made.path)
        assert page.evaluate(COUNT % CHARTS) == 0
        _has_figures(page, made)
        page.evaluate(OPENED)
        assert "Charts are drawn by a script" in page.evaluate("document.body.innerText")
        assert page.evaluate("[...document.querySelectorAll('table')].every(t => t.offsetHeight)")
