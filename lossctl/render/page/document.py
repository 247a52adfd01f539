"""The document: a template with what is said, the libraries once, and charts as inert data."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterator, Sequence
from importlib import resources
from typing import Any

import vl_convert
from jinja2 import Environment, StrictUndefined
from markupsafe import Markup

from lossctl.render.page.parts import Chapter, Figure, Section
from lossctl.version import __version__

# What could end a script, or start a comment in one; U+2028 and U+2029 are escaped as all that is
# not ASCII.
_INERT = str.maketrans({"<": "\\u003c", ">": "\\u003e", "&": "\\u0026"})
VEGA_LITE = "6.4"
_SNIPPET = "window.vegaEmbed = vegaEmbed;"  # what the page calls


def document(
    *,
    title: str,
    command: str,
    standings: Sequence[Section],
    chapters: Sequence[Chapter],
    made_of: Sequence[tuple[str, str]],
) -> Iterator[str]:
    """Return the page, in pieces."""
    specs = {figure.key: figure.spec for figure in _figures(standings, chapters)}
    scripts = (vl_convert.javascript_bundle(_SNIPPET, VEGA_LITE), _text("page.js"))
    environment = Environment(
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    return environment.from_string(_text("page.html")).generate(
        title=title,
        command=command,
        standings=standings,
        chapters=chapters,
        made_of=made_of,
        version=__version__,
        specs=Markup(inert(specs)),  # noqa: S704  # nothing in it is markup
        style=Markup(_text("page.css")),  # noqa: S704  # ours
        scripts=[Markup(script) for script in scripts],  # noqa: S704  # likewise
        policy=policy(scripts),
    )


def _figures(standings: Sequence[Section], chapters: Sequence[Chapter]) -> Iterator[Figure]:
    for section in (*standings, *(one for chapter in chapters for one in chapter.sections)):
        yield from section.figures


def inert(value: Any) -> str:
    r"""Return a value as JSON in which nothing is markup.

    >>> inert({"name": "</script>"})
    '{"name":"\\u003c/script\\u003e"}'
    """
    return json.dumps(value, allow_nan=False, separators=(",", ":")).translate(_INERT)


def policy(scripts: Sequence[str]) -> str:
    """Return what the page may do: run these scripts, none of them by eval, and load nothing.

    Styles may stand in the page: the charts set their own.
    """
    hashes = (hashlib.sha256(script.encode()).digest() for script in scripts)
    allowed = " ".join(f"'sha256-{base64.b64encode(one).decode()}'" for one in hashes)
    return (
        f"default-src 'none'; script-src {allowed}; style-src 'unsafe-inline'; "
        "base-uri 'none'; form-action 'none'"
    )


def _text(name: str) -> str:
    return resources.files(__package__).joinpath(name).read_text(encoding="utf-8")
