"""The changes that ``mutants.py`` makes to a module: what a hand may slip into, one at a time."""

from __future__ import annotations

import ast
import gc
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import CodeType, FunctionType
from typing import Any

_Slot = tuple[ast.AST, str, int | None]  # a node, its field, and where in it if that is a list
_SWAPPED = (
    *("Add Sub", "Sub Add", "Mult Div", "Div Mult", "FloorDiv Div", "Mod FloorDiv", "Pow Mult"),
    *("LShift RShift", "RShift LShift", "BitAnd BitOr", "BitOr BitAnd", "BitXor BitOr"),
    *("Lt LtE GtE", "LtE Lt Gt", "Gt GtE LtE", "GtE Gt Lt", "Eq NotEq", "NotEq Eq"),
    *("Is IsNot", "IsNot Is", "In NotIn", "NotIn In", "And Or", "Or And"),
)
_OPERATORS = {one: others for one, *others in map(str.split, _SWAPPED)}
_PAIRS = (
    *("min max", "minimum maximum", "fmin maximum", "fmax minimum", "argmin argmax", "any all"),
    *("log log1p", "exp expm1", "zeros ones", "isfinite isnan", "isinf isnan", "floor ceil"),
    *("zeros_like ones_like", "union1d intersect1d"),
)
_NAMES = dict(pair for names in map(str.split, _PAIRS) for pair in (names, names[::-1]))
_Cached = type(cache(len))
_KEPT = {"strict", "where", "hint"}  # arguments that guard, or are only said


@dataclass(frozen=True, eq=False)
class Mutation:
    """A change in a module: where it is, what it says, and how it is made."""

    path: Path
    function: str
    lines: range
    once: bool
    change: str
    tree: ast.Module
    slot: _Slot
    new: ast.AST

    @property
    def key(self) -> str:
        """What it is called in the list of those of which nobody can tell."""
        return f"{self.function}: {self.change}"

    def install(self) -> None:
        """Change the functions and constants of the module that was imported."""
        _put(self.slot, self.new)
        code = compile(ast.fix_missing_locations(self.tree), str(self.path), "exec")
        codes = {(one.co_qualname, one.co_firstlineno): one for one in _codes(code)}
        for one in gc.get_objects():
            if isinstance(one, FunctionType) and one.__code__.co_filename == str(self.path):
                one.__code__ = codes[one.__code__.co_qualname, one.__code__.co_firstlineno]
            elif isinstance(one, _Cached) and str(one.__module__).startswith("lossctl"):
                one.cache_clear()  # what was found before the change
        if not self.function:
            (module,) = (
                m for m in [*sys.modules.values()] if getattr(m, "__file__", 0) == str(self.path)
            )
            for statement in self.tree.body:
                if statement.lineno in self.lines:
                    exec(compile(ast.Module([statement], []), "", "exec"), vars(module))  # noqa: S102


def _codes(code: CodeType) -> Iterator[CodeType]:
    yield code
    for one in code.co_consts:
        if isinstance(one, CodeType):
            yield from _codes(one)


def _others(node: ast.AST) -> Iterator[ast.AST]:  # noqa: C901, PLR0912
    """Yield what may stand instead of a node."""

    def with_(**fields: object) -> ast.AST:
        return type(node)(**{**dict(ast.iter_fields(node)), **fields})

    match node:
        case ast.Compare(ops=[op]):
            yield from (with_(ops=[other]) for other in _swapped(op))
        case ast.BinOp(op=op) | ast.AugAssign(op=op) | ast.BoolOp(op=op):
            yield from (with_(op=other) for other in _swapped(op))
        case ast.UnaryOp(operand=operand):
            yield operand
        case ast.Constant(value=bool(value)):
            yield with_(value=not value)
        case ast.Constant(value=int(value)):  # a large one is a step or a limit, or it must be met
            yield from (
                with_(value=one) for one in ((value * 2,) if value > 99 else (value + 1, value - 1))
            )
        case ast.Constant(value=float(value)):
            ordinary = not value or 1e-9 < abs(value) < 1e9
            yield from (
                with_(value=one)
                for one in ((value + 1, value * 1.0001) if ordinary else (value * 1e3,))
                if one != value
            )
        case ast.Return(value=ast.expr() as value) if ast.unparse(value) != "None":
            yield with_(value=None)
        case ast.If() | ast.IfExp() | ast.While():
            yield from (with_(test=ast.Constant(value)) for value in (True, False))
        case ast.Slice(lower=lower, upper=upper):
            yield from [with_(lower=None)] if lower else []
            yield from [with_(upper=None)] if upper else []
        case ast.Attribute(attr=name) if name in _NAMES:
            yield with_(attr=_NAMES[name])
        case ast.Name(id=name) if name in _NAMES:
            yield with_(id=_NAMES[name])
        case ast.Call(keywords=keywords):
            for one in keywords:
                if one.arg and one.arg not in _KEPT:
                    yield with_(keywords=[other for other in keywords if other is not one])
    match node:
        case ast.AugAssign() | ast.Expr(value=ast.Call()):
            yield ast.Pass()
        case ast.Assign(targets=[ast.Subscript()]):
            yield ast.Pass()


def _swapped(operator: ast.AST) -> Iterator[ast.AST]:
    for name in _OPERATORS.get(type(operator).__name__, ()):
        yield getattr(ast, name)()


def _slots(node: ast.AST) -> Iterator[_Slot]:
    """Yield the places that are worth a change: no text, no types, no decorators, no errors."""
    skipped = {"annotation", "returns", "decorator_list", "bases", "exc", "args"}
    if isinstance(node, ast.Call):
        skipped = {"exc"}
    for name, value in ast.iter_fields(node):
        for place, child in enumerate(value if isinstance(value, list) else [value]):
            passed = isinstance(child, ast.JoinedStr | ast.Import | ast.ImportFrom | ast.Assert)
            passed |= isinstance(child, ast.keyword) and child.arg in _KEPT
            if isinstance(child, ast.AST) and name not in skipped and not passed:
                yield node, name, place if isinstance(value, list) else None
                yield from _slots(child)


def _put(slot: _Slot, new: ast.AST) -> None:
    """Put a node into its place."""
    parent, name, place = slot
    if place is None:
        setattr(parent, name, new)
    else:
        getattr(parent, name)[place] = new


def mutations(path: Path) -> Iterator[Mutation]:
    """Yield the changes that can be made to functions of a module, and to its constants."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    parents = {child: node for node in ast.walk(tree) for child in ast.iter_child_nodes(node)}
    for slot in _slots(tree):
        parent, name, place = slot
        node = getattr(parent, name) if place is None else getattr(parent, name)[place]
        above = [node]
        while above[-1] in parents:
            above.append(parents[above[-1]])
        functions = [one for one in above if isinstance(one, ast.FunctionDef)]
        names = [one.name for one in above if isinstance(one, ast.FunctionDef | ast.ClassDef)]
        statement = next(one for one in above if isinstance(one, ast.stmt))
        private = ast.unparse(statement).startswith("_")
        if not functions and (names or not private):
            continue  # it was imported elsewhere, or a class was made of it
        body = getattr(statement, "body", None)  # of which only the head is meant
        last: Any = body[0].lineno if isinstance(body, list) else statement.end_lineno
        cached = any("cache" in ast.unparse(one) for f in functions for one in f.decorator_list)
        shown = _shown(above)
        for new in _others(node):
            before = ast.unparse(shown).partition("\n")[0]
            _put(slot, ast.copy_location(new, node))
            after = ast.unparse(new if shown is node else shown).partition("\n")[0]
            _put(slot, node)
            yield Mutation(
                path,
                ".".join(reversed(names)),
                range(statement.lineno, last + 1),
                cached or not functions,
                f"{before} → {after}",
                tree,
                slot,
                new,
            )


def _shown(above: list[ast.AST]) -> ast.AST:
    """Return what of the nodes above a change is shown: as much as fits."""
    shown = above[0]
    for node in above[1:]:
        text = ast.unparse(node)
        if len(text) > 72 or "\n" in text:
            break
        shown = node
    return shown
