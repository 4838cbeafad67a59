"""What can be changed in a source file: every mutant of it, each with a name that survives an edit elsewhere.

    source -> tree -> Mutant: where it is, what it changes, and the change itself, made in the tree in place

Not changed: annotations, decorators, documentation, imports, assertions that narrow a type, and the messages of errors.
A change that another one implies is left out: `!=` for `==` in a condition that is also made true and made false.
"""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final, TypeAlias

# Their arguments are words for people, or have no meaning at run time.
_MESSAGES: Final = {"Malformed", "Misuse", "Unavailable", "Check", "TypeVar", "NewType", "ValueError", "TypeError"}
# Of these calls, by place, the arguments that are words: the reference page shows a check's clause and sentence.
_WORDS: Final = {"_check": (1, 2), "_malformed": (1,), "_of_proof": (1, 2)}
_ERRORS: Final = {"Malformed", "Rejected", "Declined", "Unavailable", "Misuse"}
_SILENT: Final = {"repr", "compare", "kw_only", "slots", "frozen"}  # what a dataclass is told of itself
_FUNCTIONS: Final = (ast.FunctionDef, ast.AsyncFunctionDef)
_COMPARISONS: Final[dict[type[ast.cmpop], tuple[type[ast.cmpop], ...]]] = {
    ast.Eq: (ast.NotEq,),
    ast.NotEq: (ast.Eq,),
    ast.Is: (ast.IsNot,),
    ast.IsNot: (ast.Is,),
    ast.In: (ast.NotIn,),
    ast.NotIn: (ast.In,),
    ast.Lt: (ast.LtE, ast.GtE),
    ast.LtE: (ast.Lt, ast.Gt),
    ast.Gt: (ast.GtE, ast.LtE),
    ast.GtE: (ast.Gt, ast.Lt),
}
_ARITHMETIC: Final[dict[type[ast.operator], type[ast.operator]]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.FloorDiv,
    ast.Div: ast.Mult,
    ast.FloorDiv: ast.Mult,
    ast.Mod: ast.Mult,
    ast.Pow: ast.Mult,
    ast.BitAnd: ast.BitOr,
    ast.BitOr: ast.BitAnd,
    ast.BitXor: ast.BitAnd,
    ast.LShift: ast.RShift,
    ast.RShift: ast.LShift,
}
_CALLS: Final = {"min": "max", "max": "min", "any": "all", "all": "any"}

Put: TypeAlias = Callable[[], None]
"""Makes one change in the tree."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mutant:
    """One change.

    Attributes:
        file: the file, below src/eigendata.
        function: the function's qualified name, or the class, or <module>.
        line: the first line of what is changed, without its indent.
        change: what becomes what.
        nth: which of those that are alike in all of the above.
        owner: the outermost function that it is in; None where it is run while the module is imported.
        names: where it has no owner, the names that depend on it.
        put: makes the change in the tree of the file.
    """

    file: str
    function: str
    line: str
    change: str
    nth: int
    lineno: int
    last: int
    owner: ast.FunctionDef | ast.AsyncFunctionDef | None
    names: frozenset[str]
    put: Put = field(compare=False)

    @property
    def id(self) -> tuple[str, str, str, str, int]:
        return (self.file, self.function, self.line, self.change, self.nth)


@dataclass(slots=True)
class Source:
    """A source file, its tree and its mutants."""

    file: str
    text: str
    tree: ast.Module
    mutants: list[Mutant]


def read(file: str, text: str) -> Source:
    """Find every mutant of a source file."""
    tree = ast.parse(text)
    walk = _Walk(file, text.splitlines())
    walk.block(tree, "body", tree.body)
    return Source(file=file, text=text, tree=tree, mutants=walk.mutants)


def _short(node: ast.AST) -> str:
    text = " ".join(ast.unparse(node).split())
    return text if len(text) <= 90 else f"{text[:70]} ... {text[-15:]}"


def _true(value: bool) -> ast.Constant:
    return ast.Constant(value=value)


def _is_message(call: ast.expr | None) -> bool:
    return isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id in _MESSAGES


def _is_condition(node: ast.expr | None) -> bool:
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
        return node.func.id in {"isinstance", "any", "all", "bool"}
    return isinstance(node, ast.Compare | ast.BoolOp) or (
        isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not)
    )


class _Walk:
    def __init__(self, file: str, lines: list[str]) -> None:
        self.file, self.lines = file, lines
        self.mutants: list[Mutant] = []
        self.path: list[str] = []
        self.owner: ast.FunctionDef | ast.AsyncFunctionDef | None = None
        self.names: frozenset[str] = frozenset()
        self.seen: Counter[tuple[str, str, str]] = Counter()

    # -- one mutant ---------------------------------------------------------------------------------------------------

    def add(self, node: ast.AST, change: str, put: Put, *, at: ast.AST | None = None) -> None:
        where = at or node
        number: int = where.lineno  # type: ignore[attr-defined]
        last: int = where.end_lineno or number  # type: ignore[attr-defined]
        line, function = self.lines[number - 1].strip(), ".".join(self.path) or "<module>"
        key = (function, line, change)
        self.seen[key] += 1
        self.mutants.append(
            Mutant(
                file=self.file,
                function=function,
                line=line,
                change=change,
                nth=self.seen[key],
                lineno=number,
                last=last,
                owner=self.owner,
                names=self.names,
                put=put,
            )
        )

    def swap(self, node: ast.AST, new: ast.AST, parent: ast.AST, name: str, index: int | None = None) -> None:
        def put() -> None:
            ast.copy_location(new, node)
            ast.fix_missing_locations(new)
            if index is None:
                setattr(parent, name, new)
            else:
                getattr(parent, name)[index] = new

        self.add(node, f"{_short(node)} -> {_short(new)}", put)

    # -- statements ---------------------------------------------------------------------------------------------------

    def block(self, parent: ast.AST, name: str, body: list[Any]) -> None:
        for index, statement in enumerate(body):
            self.statement(statement, parent, name, index)

    def drop(self, node: ast.stmt, parent: ast.AST, name: str, index: int) -> None:
        new = ast.copy_location(ast.Pass(), node)
        first = _short(node).split(":")[0] if isinstance(node, ast.With) else _short(node)
        self.add(node, f"without: {first}", partial(getattr(parent, name).__setitem__, index, new))

    def statement(self, node: ast.stmt, parent: ast.AST, name: str, index: int) -> None:
        match node:
            case ast.FunctionDef() | ast.AsyncFunctionDef():
                self.function(node)
            case ast.ClassDef():
                self.path.append(node.name)
                outer, self.names = self.names, self.names | {node.name}
                self.block(node, "body", node.body)
                self.names = outer
                self.path.pop()
            case ast.Expr(value=ast.Constant()) | ast.Import() | ast.ImportFrom() | ast.Assert() | ast.Global():
                pass  # documentation, and what has no effect or only one on types
            case ast.Expr():
                self.drop(node, parent, name, index)
                self.expression(node.value, node, "value")
            case ast.Return():
                self.returned(node)
            case ast.Raise():
                self.raised(node, parent, name, index)
            case ast.Assign():
                self.assigned(node, node.targets, parent, name, index)
            case ast.AnnAssign() if node.value is not None and ast.unparse(node.annotation) != "TypeAlias":
                self.assigned(node, [node.target], parent, name, index)
            case ast.AugAssign():
                self.drop(node, parent, name, index)
                self.operator(node, node)
                self.expression(node.value, node, "value")
            case ast.If(test=ast.Name(id="TYPE_CHECKING")):
                pass
            case ast.If(test=ast.UnaryOp(op=ast.Not(), operand=ast.Name(id="TYPE_CHECKING"))):
                self.block(node, "body", node.body)  # always so: it is no condition of the program
            case ast.If() | ast.While():
                self.condition(node.test, node, "test", both=isinstance(node, ast.If))
                self.block(node, "body", node.body)
                self.block(node, "orelse", node.orelse)
            case ast.For():
                self.swap(node.iter, ast.Tuple(elts=[], ctx=ast.Load()), node, "iter")
                self.expression(node.iter, node, "iter")
                self.block(node, "body", node.body)
                self.block(node, "orelse", node.orelse)
            case ast.Break() | ast.Continue():
                new: ast.stmt = ast.Continue() if isinstance(node, ast.Break) else ast.Break()
                self.swap(node, new, parent, name, index)
            case ast.With() | ast.AsyncWith():
                self.with_(node, parent, name, index)
            case ast.Try():
                self.try_(node)
            case ast.Match():
                self.match_(node)
            case ast.Delete():
                self.drop(node, parent, name, index)

    def function(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        self.path.append(node.name)
        outer_names, self.names = self.names, self.names | {node.name}
        for name in ("defaults", "kw_defaults"):
            for index, default in enumerate(getattr(node.args, name)):
                if default is not None:
                    self.expression(default, node.args, name, index)
        outer = self.owner
        self.owner = outer or node
        self.block(node, "body", node.body)
        self.owner, self.names = outer, outer_names
        self.path.pop()

    def returned(self, node: ast.Return) -> None:
        if node.value is None or (isinstance(node.value, ast.Constant) and node.value.value in (None, True, False)):
            if node.value is not None:
                self.expression(node.value, node, "value")
            return
        if _is_condition(node.value):
            self.condition(node.value, node, "value", both=True)
            return
        self.swap(node.value, ast.Constant(value=None), node, "value")
        self.expression(node.value, node, "value")

    def raised(self, node: ast.Raise, parent: ast.AST, name: str, index: int) -> None:
        if not (isinstance(parent, ast.If) and len(getattr(parent, name)) == 1):  # there the condition is made false
            self.drop(node, parent, name, index)
        exc = node.exc
        if isinstance(exc, ast.Call) and isinstance(exc.func, ast.Name) and exc.func.id in _ERRORS:
            other = "Malformed" if exc.func.id == "Misuse" else "Misuse"
            new = ast.parse(f"__import__('eigendata.errors').errors.{other}('~')", mode="eval").body

            def put() -> None:
                node.exc = ast.copy_location(new, node)
                ast.fix_missing_locations(node)

            self.add(exc, f"{exc.func.id} -> {other}", put)
        if exc is not None:
            self.expression(exc, node, "exc")

    def assigned(self, node: Any, targets: list[ast.expr], parent: ast.AST, name: str, index: int) -> None:
        value = node.value
        if isinstance(value, ast.Call) and isinstance(value.func, ast.Name) and value.func.id in {"TypeVar", "NewType"}:
            return
        if any(isinstance(one, ast.Name) and one.id in {"__all__", "__slots__"} for one in targets):
            return
        if all(isinstance(one, ast.Attribute | ast.Subscript) for one in targets):
            self.drop(node, parent, name, index)
        outer = self.names
        if self.owner is None:
            named = {one.id for target in targets for one in ast.walk(target) if isinstance(one, ast.Name)}
            self.names = self.names | named
        for target in targets:
            if not isinstance(target, ast.Name):
                self.children(target)
        self.expression(value, node, "value")
        self.names = outer

    def with_(self, node: ast.With | ast.AsyncWith, parent: ast.AST, name: str, index: int) -> None:
        if len(node.items) == 1 and node.items[0].optional_vars is None:
            new = ast.fix_missing_locations(
                ast.copy_location(ast.If(test=_true(True), body=node.body, orelse=[]), node)
            )
            change = f"without: with {_short(node.items[0])}"
            self.add(
                node, change, partial(getattr(parent, name).__setitem__, index, new), at=node.items[0].context_expr
            )
        for item in node.items:
            self.expression(item.context_expr, item, "context_expr")
        self.block(node, "body", node.body)

    def try_(self, node: ast.Try) -> None:
        for name in ("body", "orelse", "finalbody"):
            self.block(node, name, getattr(node, name))
        for handler in node.handlers:
            kinds = handler.type
            if kinds is not None:
                self.swap(kinds, ast.Tuple(elts=[], ctx=ast.Load()), handler, "type")
                if isinstance(kinds, ast.Tuple):
                    for index in range(len(kinds.elts)):
                        self.without(kinds, index)
            self.block(handler, "body", handler.body)

    def match_(self, node: ast.Match) -> None:
        self.expression(node.subject, node, "subject")
        for case in node.cases:
            if case.guard is not None:
                self.condition(case.guard, case, "guard", both=True)
            elif not isinstance(case.pattern, ast.MatchAs) or case.pattern.pattern is not None:
                change = f"never: case {_short(case.pattern)}"
                self.add(case.pattern, change, partial(setattr, case, "guard", ast.copy_location(_true(False), node)))
            for one in ast.walk(case.pattern):
                if isinstance(one, ast.MatchValue):
                    self.expression(one.value, one, "value")
            self.block(case, "body", case.body)

    # -- expressions --------------------------------------------------------------------------------------------------

    def condition(self, node: ast.expr, parent: ast.AST, name: str, index: int | None = None, *, both: bool) -> None:
        """Change something that is true or false, and is looked at for that alone."""
        if both and not isinstance(node, ast.Constant):
            self.swap(node, _true(True), parent, name, index)
        self.swap(node, _true(False), parent, name, index)
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
            node, parent, name, index = node.operand, node, "operand", None  # `not` gone is implied
        if isinstance(node, ast.Compare) and len(node.ops) == 1:
            op = type(node.ops[0])
            if op in (ast.Lt, ast.LtE, ast.Gt, ast.GtE):
                self.compare(node, 0, _COMPARISONS[op][0])
            self.children(node)
        elif isinstance(node, ast.BoolOp):
            self.operands(node)
        else:
            self.expression(node, parent, name, index)

    def operands(self, node: ast.BoolOp) -> None:
        for index in range(len(node.values)):
            self.without(node, index)
            self.inner(node.values[index], node, "values", index)

    def inner(self, node: ast.expr, parent: ast.AST, name: str, index: int) -> None:
        if isinstance(node, ast.Compare) and len(node.ops) == 1 and type(node.ops[0]) not in (ast.Lt, ast.LtE):
            op = type(node.ops[0])
            if op in (ast.Gt, ast.GtE):
                self.compare(node, 0, _COMPARISONS[op][0])
            self.children(node)
        elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
            if isinstance(node.operand, ast.BoolOp):
                self.operands(node.operand)
            else:
                self.children(node.operand)
        else:
            self.expression(node, parent, name, index)

    def without(self, node: Any, index: int) -> None:
        name = "values" if isinstance(node, ast.BoolOp) else "elts"

        def put() -> None:
            rest = getattr(node, name)
            del rest[index]
            if isinstance(node, ast.BoolOp) and len(rest) == 1:  # takes two: what changes nothing stands before it
                rest.insert(0, ast.copy_location(_true(isinstance(node.op, ast.And)), node))

        self.add(node, f"without {_short(getattr(node, name)[index])} in {_short(node)}", put)

    def compare(self, node: ast.Compare, index: int, op: type[ast.cmpop]) -> None:
        new = deepcopy(node)
        new.ops[index] = op()
        change = f"{_short(node)} -> {_short(new)}"
        self.add(node, change, partial(node.ops.__setitem__, index, op()))

    def operator(self, node: Any, shown: ast.AST) -> None:
        op = _ARITHMETIC.get(type(node.op))
        if op is not None:
            new = deepcopy(node)
            new.op = op()
            self.add(node, f"{_short(shown)} -> {_short(new)}", partial(setattr, node, "op", op()))

    def children(self, node: ast.AST) -> None:
        for name, value in ast.iter_fields(node):
            if isinstance(value, ast.expr):
                self.expression(value, node, name)
            elif isinstance(value, list):
                for index, one in enumerate(value):
                    if isinstance(one, ast.expr):
                        self.expression(one, node, name, index)

    def expression(self, node: ast.expr, parent: ast.AST, name: str, index: int | None = None) -> None:
        match node:
            case ast.Constant():
                self.constant(node, parent, name, index)
            case ast.Call():
                self.call(node, parent, name, index)
            case ast.Compare():
                for nth, op in enumerate(node.ops):
                    for other in _COMPARISONS[type(op)]:
                        self.compare(node, nth, other)
                self.children(node)
            case ast.BoolOp():
                self.operands(node)
            case ast.UnaryOp(op=ast.Not() | ast.USub() | ast.Invert()):
                if not isinstance(node.operand, ast.Constant):
                    self.swap(node, node.operand, parent, name, index)
                self.children(node)
            case ast.BinOp():
                self.operator(node, node)
                self.children(node)
            case ast.IfExp():
                self.condition(node.test, node, "test", both=True)
                self.expression(node.body, node, "body")
                self.expression(node.orelse, node, "orelse")
            case ast.Subscript(slice=ast.Slice()):
                self.expression(node.value, node, "value")
                for bound in ("lower", "upper"):
                    self.bound(node, node.slice, bound)
            case ast.ListComp() | ast.SetComp() | ast.GeneratorExp() | ast.DictComp():
                self.comprehension(node)
            case ast.Lambda():
                for nth, default in enumerate(node.args.defaults):
                    self.expression(default, node.args, "defaults", nth)
                self.expression(node.body, node, "body")
            case ast.JoinedStr():
                for one in node.values:
                    if isinstance(one, ast.FormattedValue):
                        self.expression(one.value, one, "value")
            case _:
                self.children(node)

    def bound(self, whole: ast.Subscript, cut: Any, name: str) -> None:
        value = getattr(cut, name)
        if value is not None:
            new = deepcopy(whole)
            setattr(new.slice, name, None)
            self.add(whole, f"{_short(whole)} -> {_short(new)}", partial(setattr, cut, name, None))
            self.expression(value, cut, name)

    def constant(self, node: ast.Constant, parent: ast.AST, name: str, index: int | None) -> None:
        new: Any
        match node.value:
            case bool():
                new = not node.value
            case int() | float():
                new = node.value + 1
            case str():
                new = f"{node.value}X"
            case bytes():
                new = node.value + b"X"
            case _:
                return
        self.swap(node, ast.Constant(value=new), parent, name, index)

    def call(self, node: ast.Call, parent: ast.AST, name: str, index: int | None) -> None:
        if _is_message(node):
            return
        called = node.func.id if isinstance(node.func, ast.Name) else ""
        if called in _CALLS:
            self.swap(node.func, ast.Name(id=_CALLS[called], ctx=ast.Load()), node, "func")
        if called == "isinstance":
            self.kinds(node)
            self.expression(node.args[0], node, "args", 0)
            return
        self.children(node.func)
        for nth, argument in enumerate(node.args):
            if (called == "cast" and nth == 0) or nth in _WORDS.get(called, ()):
                continue
            if called in {"Rejected", "Declined"} and isinstance(argument, ast.Constant | ast.JoinedStr):
                continue  # a message
            self.expression(argument, node, "args", nth)
        for keyword in node.keywords:
            if not (keyword.arg in _SILENT and called in {"field", "dataclass"}) and keyword.arg != "message":
                self.expression(keyword.value, keyword, "value")

    def kinds(self, node: ast.Call) -> None:
        kinds = node.args[1]
        if isinstance(kinds, ast.Tuple):
            for index in range(len(kinds.elts)):
                self.without(kinds, index)
        elif isinstance(kinds, ast.BinOp):
            for side in (kinds.left, kinds.right):
                self.swap(kinds, side, node, "args", 1)

    def comprehension(self, node: Any) -> None:
        for one in node.generators:
            self.expression(one.iter, one, "iter")
            for index, test in enumerate(one.ifs):
                self.condition(test, one, "ifs", index, both=True)
        for name in ("elt", "key", "value"):
            if hasattr(node, name):
                self.expression(getattr(node, name), node, name)
