"""JUnit XML, which continuous integration shows: a test for each result and gate."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape
from typing import TYPE_CHECKING, TextIO

from lossctl.names import printable
from lossctl.render.content import Content
from lossctl.render.text import number
from lossctl.result import Failure, Result

if TYPE_CHECKING:
    from lossctl.gates import Verdict
    from lossctl.render.content import Looks


def write_junit(content: Content, stream: TextIO, _: Looks) -> None:
    """Write one suite: gates that fail are failures, candidates without a result are errors.

    A result that no gate was asked about is a test that passes. No test has a time of its own.
    """
    verdicts = content.verdicts
    judged = {_key(verdict.result) for verdict in verdicts}
    scored = [result for result in content.results if _key(result) not in judged]
    failed = content.failed
    counts = {
        "tests": len(verdicts) + len(scored) + len(failed),
        "failures": sum(not verdict.passed for verdict in verdicts),
        "errors": len(failed),
    }
    stream.write('<?xml version="1.0" encoding="UTF-8"?>\n')
    stream.write(f"<testsuites{_attributes(**counts)}>\n")
    stream.write(f"<testsuite{_attributes(name='lossctl', **counts, skipped=0, time=0)}>\n")
    stream.writelines(_cases(scored, verdicts))
    for failure in failed:
        loss = content.ranking.loss if content.ranking else ""
        stream.writelines(_error(loss, failure))
    stream.write("</testsuite>\n</testsuites>\n")


def _cases(scored: Sequence[Result], verdicts: Sequence[Verdict]) -> Iterator[str]:
    for result in scored:
        yield from _case(result.predictions, result.loss, "scored", _told(result))
    for verdict in verdicts:
        result = verdict.result
        failure = "" if verdict.passed else _fault("failure", "gate", verdict.why)
        yield from _case(result.predictions, result.loss, verdict.gate, failure + _told(result))


def _error(loss: str, failure: Failure) -> Iterator[str]:
    return _case(failure.predictions, loss, "scored", _fault("error", "error", failure.error))


def _case(predictions: str, loss: str, name: str, inside: str) -> Iterator[str]:
    yield f"<testcase{_attributes(classname=f'{predictions} {loss}', name=name, time=0)}>\n"
    yield inside
    yield "</testcase>\n"


def _fault(element: str, kind: str, why: str) -> str:
    return f"<{element}{_attributes(message=why, type=kind)}>{_escaped(why)}</{element}>\n"


def _told(result: Result) -> str:
    """Return what the result is, a line for each number."""
    parts = {
        "value": number(result.value),
        "stderr": number(result.stderr),
        "ci_low": number(result.low),
        "ci_high": number(result.high),
        "n": str(result.n),
        "signature": result.signature,
    }
    lines = (f"{name} {_escaped(text)}\n" for name, text in parts.items() if text)
    return f"<system-out>{''.join(lines)}</system-out>\n"


def _attributes(**values: object) -> str:
    return "".join(f' {name}="{_escaped(str(value))}"' for name, value in values.items())


def _escaped(text: str) -> str:
    """Return text for XML; what XML 1.0 forbids is not printable, and neither are line ends."""
    return escape(printable(text))


def _key(result: Result) -> tuple[str, str]:
    return result.predictions, result.loss
