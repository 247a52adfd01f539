"""Draw how many times as long as lossctl each peer takes: a Vega-Lite chart, as SVG."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from bench.cases import Measure
from bench.outcome import Outcome

JUDGED, OTHER, BAR, AIM = "#4c78a8", "#b8c4d6", "#d62728", "#2ca02c"
WIDTH = 420
MARKS = [0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100]


def points(outcome: Outcome) -> list[dict[str, Any]]:
    """Return what is drawn of each peer: its time in lossctl's, and where bar and aim are."""
    case = outcome.case
    return [
        {
            "peer": each.name,
            "times": 1 / each.ratio,
            "color": JUDGED if each.name in case.against else OTHER,
            "bar": 1 / case.bar if each.name in case.against else None,
            "aim": 1 / case.aim if each.name in case.against else None,
        }
        for each in outcome.figures
        if each.ratio is not None and each.ratio > 0
    ]


def tick(field: str, color: str) -> dict[str, Any]:
    """Return the layer that marks a bar or an aim."""
    return {
        "transform": [{"filter": f"isValid(datum.{field})"}],
        "mark": {"type": "tick", "thickness": 2, "size": 14, "color": color},
        "encoding": {"x": {"field": field, "type": "quantitative"}},
    }


def panel(title: str, rows: list[dict[str, Any]], *, labelled: bool) -> dict[str, Any]:
    """Return the chart of a case: a bar for each peer, from lossctl's 1."""
    axis = {"title": None, "format": "~g", "values": MARKS, "labels": labelled, "ticks": labelled}
    times = {"field": "times", "type": "quantitative", "scale": {"type": "log"}, "axis": axis}
    color = {"field": "color", "type": "nominal", "scale": None}
    number = {"field": "times", "type": "quantitative", "format": ".2~r"}
    return {
        "title": {"text": title, "anchor": "start", "frame": "group", "fontSize": 11},
        "width": WIDTH,
        "height": {"step": 16},
        "data": {"values": rows},
        "encoding": {"y": {"field": "peer", "type": "nominal", "sort": None, "title": None}},
        "layer": [
            {
                "mark": {"type": "bar", "height": 10},
                "encoding": {"x": times, "x2": {"datum": 1}, "color": color},
            },
            {
                "mark": {"type": "text", "align": "left"},
                "encoding": {"x": {"value": WIDTH + 8}, "text": number},
            },
            tick("bar", BAR),
            tick("aim", AIM),
            {"mark": {"type": "rule"}, "encoding": {"x": {"datum": 1}, "y": None}},
        ],
    }


def specification(outcomes: Sequence[Outcome], described: str) -> dict[str, Any]:
    """Return the chart: a panel for each case in which times are compared."""
    timed = [each for each in outcomes if each.case.measure is not Measure.PEAK and points(each)]
    legend = "dark: what the bar is held against; red: the bar, green: the aim; log scale"
    return {
        "$schema": "https://vega.github.io/schema/vega-lite/v5.json",
        "background": "white",
        "padding": 20,  # fonts are wider elsewhere
        "title": {
            "text": "How many times as long as lossctl takes",
            "subtitle": [legend, *described.split("; ")],
            "anchor": "start",
            "offset": 12,
        },
        "spacing": 8,
        "resolve": {"scale": {"x": "shared"}},
        "vconcat": [
            panel(each.case.work, points(each), labelled=each is timed[-1]) for each in timed
        ],
    }


def draw(outcomes: Sequence[Outcome], described: str) -> str:
    """Return the chart as SVG."""
    from vl_convert import vegalite_to_svg  # noqa: PLC0415  # large; see measure.py

    return str(vegalite_to_svg(specification(outcomes, described)))
