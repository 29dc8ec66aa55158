"""The messages in a package's source, as templates: `test_messages.py` compares them with the catalogue.

A message is the first argument of an exception, of `warnings.warn`, `translated` or `add_note`. Its f-string
gives the template, with `{}` for every field. Texts that reach a field are templates too: those of a
conditional expression, a local name, a table, a parameter (what callers pass) or a function's result. A text
without fields that is an argument of `translated`, such as a heading, is a whole text of the catalogue.
"""

import ast
import builtins
import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

SHOWING = {"translated", "warn", "add_note"}
NOT_FOLLOWED = {
    "translated",
    "texts",
    "in_language",
    "class_names",
    "feature_names",
    "target_name",  # they know languages
    "python_of",  # code, which no message holds
}
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
_BUILT_IN = {
    name for name, kind in vars(builtins).items() if isinstance(kind, type) and issubclass(kind, Exception)
} - {"AttributeError"}  # `hasattr` asks for it, and shows no message


class Place(NamedTuple):
    """Where an expression stands.

    Attributes:
        room: the package's room, such as "layers".
        module: its tree.
        function: the function around it, if there is one.
    """

    room: str
    module: ast.Module
    function: Any


class Messages:
    """The templates of a package.

    Attributes:
        required: the room of each template that the catalogue must hold.
        words: texts without a space that reach a message: names, mostly, and a few words.
        texts: the whole texts.
    """

    def __init__(self, root: Path, exceptions: tuple[str, ...] = ()) -> None:
        self.required: dict[str, str] = {}
        self.words: set[str] = set()
        self.texts: dict[str, str] = {}
        self._functions: dict[str, list[tuple[Place, Any]]] = defaultdict(list)
        self._calls: dict[str, list[tuple[Place, ast.Call]]] = defaultdict(list)
        self._assigned: dict[int, dict[str, list[Any]]] = {}  # by the id of a function or module
        self._returned: dict[int, list[Any]] = {}  # by the id of a function
        self._seen: set[int] = set()
        self._waiting: list[tuple[Any, Place]] = []
        self._exceptions = {*exceptions, *_BUILT_IN}
        for path in sorted(root.rglob("*.py")):
            tree = ast.parse(path.read_text("utf-8"))
            room = path.relative_to(root).parts[0].removesuffix(".py")
            self._index(tree, Place(room, tree, None))
        for name in sorted(self._exceptions | SHOWING):
            for place, call in self._calls[name]:
                for argument in call.args[:1]:
                    if name == "translated" and isinstance(argument, ast.Constant):
                        self.texts.setdefault(argument.value, place.room)
                    else:
                        self._collect(argument, place)
        while self._waiting:
            self._visit(*self._waiting.pop())

    def _index(self, node: ast.AST, place: Place) -> None:
        for child in ast.iter_child_nodes(node):
            inside = place
            if isinstance(child, _FUNCTIONS):
                self._functions[child.name].append((place, child))
                inside = place._replace(function=child)
            elif isinstance(child, ast.ClassDef):
                if any(_name(base) in self._exceptions for base in child.bases):
                    self._exceptions.add(child.name)
            elif isinstance(child, ast.Call):
                self._calls[_name(child.func)].append((place, child))
            self._index(child, inside)

    def _collect(self, node: Any, place: Place) -> None:
        """Remember an expression that is shown, or reaches what is shown."""
        if node is not None and id(node) not in self._seen:
            self._seen.add(id(node))
            self._waiting.append((node, place))

    def _visit(self, node: Any, place: Place) -> None:
        """Keep the templates of an expression, and remember what it is made of."""
        if _is_text(node):
            fields: list[ast.AST] = []
            self._keep(_template(node, fields), place.room)
            for one in fields:
                self._collect(one, place)
        elif isinstance(node, ast.Name):
            for value in self._values(node.id, place):
                self._collect(*value)
        elif isinstance(node, ast.Call):
            self._collect_call(node, place)
        elif isinstance(node, ast.FormattedValue):
            if node.conversion != ord("r"):
                self._collect(node.value, place)
        else:
            for child in _parts(node):
                self._collect(child, place)

    def _keep(self, template: str, room: str) -> None:
        template = template.strip()
        if not re.search(r"[^\W\d_]{2}", template):  # no word
            return
        if any(map(str.isspace, template)):
            self.required.setdefault(template, room)
        else:
            self.words.add(template)

    def _collect_call(self, node: ast.Call, place: Place) -> None:
        name = _name(node.func)
        if isinstance(node.func, ast.Attribute) and name in ("join", "format", "get", "strip", "pop"):
            self._collect(node.func.value, place)
            for argument in node.args:
                self._collect(argument, place)
            return
        if name in NOT_FOLLOWED:
            return
        if name in ("next", "str", "iter"):
            for argument in node.args:
                self._collect(argument, place)
        for where, function in self._called(node.func, place):
            if id(function) not in self._returned:
                kinds = ast.Return, ast.Yield
                found = [child.value for child in _own_nodes(function) if isinstance(child, kinds)]
                self._returned[id(function)] = found
            for value in self._returned[id(function)]:
                self._collect(value, where._replace(function=function))

    def _called(self, called: ast.AST, place: Place) -> list[tuple[Place, Any]]:
        """The functions that a call may mean: those of the module, else those of the package."""
        found = [
            one
            for one in self._functions.get(_name(called), ())
            if _is_method(one[1]) == isinstance(called, ast.Attribute)
        ]
        here = [one for one in found if one[0].module is place.module]
        own = isinstance(called, ast.Name) or ast.unparse(called).startswith(("self.", "cls."))
        own = own and not hasattr(builtins, _name(called))  # unless the module says otherwise
        return here or (found if own else [])

    def _values(self, name: str, place: Place) -> Iterator[tuple[Any, Place]]:
        """What a name may hold: what is assigned to it, and what callers pass for a parameter."""
        if place.function is not None:
            yield from self._passed(name, place)
        for scope in (place.function, place.module):
            if scope is not None:
                yield from ((value, place) for value in self._assigned_in(scope)[name])

    def _assigned_in(self, scope: Any) -> dict[str, list[Any]]:
        """What is assigned to each name in a function and those inside it, or in a module outside of any."""
        if id(scope) not in self._assigned:
            found = self._assigned[id(scope)] = defaultdict(list)
            for node in _own_nodes(scope) if isinstance(scope, ast.Module) else ast.walk(scope):
                for target, value in _assignments(node):
                    if isinstance(target, ast.Name):
                        found[target.id].append(value)
        return self._assigned[id(scope)]

    def _passed(self, name: str, place: Place) -> Iterator[tuple[Any, Place]]:
        arguments = place.function.args
        named = [*arguments.posonlyargs, *arguments.args]
        positions = [argument.arg for argument in named]
        defaults = [*zip(named[len(named) - len(arguments.defaults) :], arguments.defaults)]
        for argument, default in [*defaults, *zip(arguments.kwonlyargs, arguments.kw_defaults)]:
            if argument.arg == name:
                yield default, place
        if name not in [*positions, *(argument.arg for argument in arguments.kwonlyargs)]:
            return
        is_method = _is_method(place.function)
        positions = positions[is_method:]
        for where, call in self._calls.get(place.function.name, ()):
            if is_method != isinstance(call.func, ast.Attribute):
                continue
            if name in positions[: len(call.args)]:
                yield call.args[positions.index(name)], where
            yield from ((keyword.value, where) for keyword in call.keywords if keyword.arg == name)


def _name(node: ast.AST) -> str:
    return getattr(node, "attr", None) or getattr(node, "id", "")


def _is_method(function: Any) -> bool:
    return bool(function.args.args) and function.args.args[0].arg in ("self", "cls")


def _is_text(node: ast.AST) -> bool:
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        return _is_text(node.left) or _is_text(node.right)
    return isinstance(node, ast.JoinedStr) or (isinstance(node, ast.Constant) and isinstance(node.value, str))


def _template(node: Any, fields: list[ast.AST]) -> str:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value.replace("{", "{{").replace("}", "}}")
    if isinstance(node, ast.JoinedStr):
        return "".join(_template(part, fields) for part in node.values)
    if isinstance(node, ast.BinOp) and _is_text(node):
        return _template(node.left, fields) + _template(node.right, fields)
    fields.append(node)
    return "{}"


def _parts(node: ast.AST) -> list[Any]:
    """The expressions whose value may be the node's."""
    match node:
        case ast.IfExp():
            return [node.body, node.orelse]
        case ast.BoolOp():
            return node.values
        case ast.Dict():
            return node.values
        case ast.List() | ast.Tuple() | ast.Set():
            return node.elts
        case ast.ListComp() | ast.GeneratorExp():
            return [node.elt]
        case ast.Subscript() | ast.Starred() | ast.NamedExpr() | ast.FormattedValue():
            return [node.value]
        case ast.BinOp():
            return [node.left, node.right]
    return []


def _own_nodes(scope: ast.AST) -> Iterator[ast.AST]:
    """The nodes of a function or module, without those of the functions inside."""
    for child in ast.iter_child_nodes(scope):
        if not isinstance(child, (*_FUNCTIONS, ast.ClassDef)):
            yield child
            yield from _own_nodes(child)


def _assignments(node: ast.AST) -> Iterator[tuple[Any, Any]]:
    match node:
        case ast.Assign():
            for target in node.targets:
                if isinstance(target, ast.Tuple) and isinstance(node.value, ast.Tuple):
                    yield from zip(target.elts, node.value.elts)
                elif isinstance(target, ast.Tuple):
                    yield from ((one, node.value) for one in target.elts)
                else:
                    yield target, node.value
        case ast.Call(func=ast.Attribute(attr="append")) if node.args:
            yield node.func.value, node.args[0]
        case ast.AugAssign() | ast.AnnAssign() | ast.NamedExpr():
            yield node.target, node.value
        case ast.For() | ast.comprehension():
            targets = node.target.elts if isinstance(node.target, ast.Tuple) else [node.target]
            yield from ((one, node.iter) for one in targets)
