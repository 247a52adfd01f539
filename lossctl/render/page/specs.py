"""Charts as Vega-Lite specifications; their colours are the page's, in light and in dark."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

Spec: TypeAlias = dict[str, Any]
Rows: TypeAlias = Sequence[Mapping[str, Any]]

ACCENT, SECOND, MUTED = "var(--accent)", "var(--second)", "var(--muted)"
_STEP = 24  # pixels for a line of a chart
# The wheel alone scrolls the page, and so does a finger.
_ZOOM = {
    "name": "zoom",
    "bind": "scales",
    "select": {
        "type": "interval",
        "zoom": "wheel![event.ctrlKey || event.metaKey]",
        "translate": "[pointerdown[event.pointerType === 'mouse'], window:pointerup]"
        " > window:pointermove!",
    },
}


def distribution(rows: Rows, parts: Sequence[str]) -> Spec:
    """Return bars for ranges of the loss: which part of the rows, and of the loss, is in each."""
    return _chart(
        "Share of the rows and of the loss, by row loss",
        rows,
        height=260,
        mark={"type": "bar"},
        encoding={
            "x": {
                "field": "range",
                "type": "nominal",
                "sort": None,
                "axis": {"title": "row loss", "labelAngle": -45, "labelLimit": 110},
            },
            "xOffset": {"field": "of", "sort": list(parts)},
            "y": {
                "field": "share",
                "type": "quantitative",
                "axis": {"title": None, "format": ".0%"},
            },
            "color": _series("of", parts),
            "tooltip": [
                _shown("range", "row loss"),
                _shown("share", "share", ".4p"),
                _shown("of", "of"),
                _shown("rows", "rows", ","),
            ],
        },
    )


def concentration(rows: Rows, series: Sequence[str]) -> Spec:
    """Return the share of the loss that the costliest rows make, beside that of equal rows."""
    return _chart(
        "Cumulative share of the loss, costliest rows first",
        rows,
        height=280,
        params=[_ZOOM],
        mark={"type": "line", "point": {"size": 36, "filled": True}, "clip": True},
        encoding={
            "x": {
                "field": "part",
                "type": "quantitative",
                "scale": {"type": "log", "nice": False},
                "axis": {"title": "of the rows, costliest first", "format": ".4~%", "grid": False},
            },
            "y": {
                "field": "share",
                "type": "quantitative",
                "scale": {"domain": [0, 1]},
                "axis": {"title": "of the loss", "format": ".0%"},
            },
            "color": _series("of", series, (ACCENT, MUTED)),
            "strokeDash": {
                "field": "of",
                "scale": {"domain": list(series), "range": [[1, 0], [4, 4]]},
                "legend": {"title": None, "orient": "top"},
            },
            "tooltip": [
                _shown("rows", "rows", ","),
                _shown("part", "of the rows", ".4~p"),
                _shown("share", "of the loss", ".4p"),
                _shown("of", ""),
            ],
        },
    )


def reliability(rows: Rows) -> Spec:
    """Return what happened against what was predicted, with the line where they agree."""
    axis = {"format": ".1~f", "tickCount": 5}
    x = {"type": "quantitative", "scale": {"domain": [0, 1]}, "axis": axis}
    chart = _chart("Predicted probability and what happened", rows, height=340)
    points = {
        "mark": {"type": "circle", "color": ACCENT, "opacity": 1},
        "encoding": {
            "x": {"field": "predicted", **x, "title": "predicted"},
            "y": {"field": "happened", **x, "title": "happened"},
            "size": {
                "field": "rows",
                "type": "quantitative",
                "scale": {"range": [30, 400]},
                "legend": None,
            },
            "tooltip": [
                _shown("range", "probability"),
                _shown("predicted", "predicted", ".4f"),
                _shown("happened", "happened", ".4f"),
                _shown("rows", "rows", ","),
            ],
        },
    }
    gaps = {
        "mark": {"type": "rule", "color": SECOND, "strokeWidth": 2},
        "encoding": {
            "x": {"field": "predicted", **x},
            "y": {"field": "predicted", **x},
            "y2": {"field": "happened"},
        },
    }
    return {**chart, "layer": [_diagonal(x), gaps, points]}


def _diagonal(axis: Mapping[str, Any]) -> Spec:
    return {
        "data": {"values": [{"p": 0, "q": 0}, {"p": 1, "q": 1}]},
        "mark": {"type": "line", "color": MUTED, "strokeDash": [4, 4], "strokeWidth": 1},
        "encoding": {"x": {"field": "p", **axis}, "y": {"field": "q", **axis}},
    }


def estimates(rows: Rows, says: str, axis: str, reference: float | None) -> Spec:
    """Return a line for each of several: a value and its interval, and a reference for all."""
    y = {"field": "name", "type": "nominal", "sort": None, "axis": {"title": None}}
    x = {
        "type": "quantitative",
        "scale": {"zero": False, "padding": 8},
        "title": axis,
        "axis": {"tickCount": 5},
    }
    tooltip = [
        _shown("name", " "),
        _shown("value", axis, ".6g"),
        _shown("low", "from", ".6g"),
        _shown("high", "to", ".6g"),
        _shown("rows", "rows", ","),
    ]
    interval = {
        "mark": {"type": "rule", "color": ACCENT, "strokeWidth": 2},
        "encoding": {
            "x": {"field": "low", **x},
            "x2": {"field": "high"},
            "y": y,
            "tooltip": tooltip,
        },
    }
    value = {
        "mark": {"type": "circle", "color": ACCENT, "size": 70, "opacity": 1},
        "encoding": {"x": {"field": "value", **x}, "y": y, "tooltip": tooltip},
    }
    layers = [interval, value]
    if reference is not None:
        layers.insert(0, _reference(reference, x))
    return {**_chart(says, rows, height=_STEP * len(rows)), "layer": layers}


def _reference(value: float, axis: Mapping[str, Any]) -> Spec:
    return {
        "data": {"values": [{"at": value}]},
        "mark": {"type": "rule", "color": SECOND, "strokeDash": [4, 4]},
        "encoding": {"x": {"field": "at", **axis}},
    }


def _chart(says: str, rows: Rows, *, height: int, **rest: Any) -> Spec:
    return {
        "description": says,
        "data": {"values": list(rows)},
        "width": "container",
        "autosize": {"type": "fit-x", "contains": "padding"},
        "height": height,
        **rest,
    }


def _series(field: str, names: Sequence[str], colors: Sequence[str] = (ACCENT, SECOND)) -> Spec:
    scale = {"domain": list(names), "range": list(colors)[: len(names)]}
    legend = {"title": None, "orient": "top"} if len(names) > 1 else None
    return {"field": field, "type": "nominal", "scale": scale, "legend": legend}


def _shown(field: str, title: str, form: str | None = None) -> Spec:
    kind = {"type": "nominal"} if form is None else {"type": "quantitative", "format": form}
    return {"field": field, "title": title, **kind}
