"""What a result is signed with, so that another person can make the number again."""

from __future__ import annotations

import math

from lossctl.engines.partition import Summaries
from lossctl.losses.domain import LOG_PROBS, PROBS
from lossctl.losses.terms import LAST, NO, Scoring, Terms
from lossctl.names import printable, readable
from lossctl.numbers import spelled, to_number
from lossctl.plan import Plan
from lossctl.result import Signature
from lossctl.summaries.fingerprint import Fingerprint

_LONG = 80  # characters of a part


def signature(plan: Plan, scoring: Scoring, summaries: Summaries) -> Signature:
    """Return the signature of one result."""
    terms, fingerprint = scoring.terms, summaries.get(Fingerprint)
    summed, weights = plan.is_sum(scoring.loss), terms.class_weight
    return Signature(
        loss=str(scoring.loss),
        form=plan.form,
        norm=_norm(plan, terms),
        weights=_weights(plan),
        ignore="none" if plan.ignore is None else _part(_canonical(plan.ignore)),
        said={name: _part(text) for name, text in plan.said},
        denominator="none" if summed else _denominator(plan, terms),
        nan=plan.nan,
        join="id" if plan.roles.joined else "order",
        n=summaries.moments[0].count,
        convention=scoring.convention,
        eps=f"log{terms.floor:.6g}" if terms.floor > -math.inf else spelled(terms.clip),
        smoothing=spelled(terms.smoothing),
        class_weight=None if weights is None else _part(",".join(map(spelled, weights))),
        pos_weight=spelled(terms.pos_weight) if terms.pos_weight != 1 else None,
        labels=None if fingerprint is None else str(fingerprint),
    )


def _weights(plan: Plan) -> str:
    """Return where the weights come from: a column by its name."""
    if plan.weights != "column" or plan.roles.weight is None:
        return plan.weights
    return f"column:{_part(str(plan.roles.weight[1].label))}"


def _canonical(label: str) -> str:
    """Spell numbers that are equal alike."""
    number = to_number(label)
    return label if number is None or not math.isfinite(number) else spelled(number)


def _part(text: str) -> str:
    """Return a text as it may stand in a signature; of a long one what tells it from others."""
    text = printable(readable(text).replace("%", "%25").replace("|", "%7C"))
    if len(text) <= _LONG:
        return text
    import hashlib  # noqa: PLC0415  # 3 ms

    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _norm(plan: Plan, terms: Terms) -> str:
    """Name what becomes of rows of probabilities that do not sum to 1."""
    if not plan.domain.classes or plan.form not in (PROBS, LOG_PROBS):
        return "none"
    if terms.normalized == NO:
        return "check"
    return "divide-last" if terms.normalized == LAST else "divide"


def _denominator(plan: Plan, terms: Terms) -> str:
    """Name what the mean divides by: rows, cells, or the weights of either or of classes."""
    cells = (plan.cells > 1 and terms.cells is None) or (terms.cells or 0) > 1
    words = ["cells" if cells else "n"]
    by_row = plan.domain.whole and len(plan.roles.label) > 1  # one-hot and soft rows count 1
    if terms.class_weight is not None and terms.cells is None and not (terms.counted or by_row):
        words = ["class-weights"]
    if plan.roles.weight is not None and not terms.counted:
        words = ["weights"] if words == ["n"] else ["weighted", *words]
    return "-".join(words)
