"""Break the control code on purpose, one place at a time, and see whether a test notices.

    python -m benchmarks.mutation limits.py loads/charger.py [--sample 80] [--limit 10]

Modules are named below ``custom_components/surplus/control``; ``limits.py:45,56`` takes two
lines of one, to look at a survivor again. Prints what was killed and
what survived; the survivors are places where the tests claim nothing, or where the
change makes no difference. ``docs/mutation.md`` lists them.

All tests of the control code are collected and run once, which tells which test passes
over which line. For each mutant the process forks, the functions of the module get their
code from the mutated source, and the tests of the line run, short ones first, up to the
first that fails. Property tests draw a few examples, always the same. What runs when a
module is imported (defaults of arguments and fields) is not mutated, module constants are.
"""

import argparse
import ast
from collections.abc import Callable, Iterator, Mapping
import copy
from dataclasses import dataclass, fields, is_dataclass
import os
from pathlib import Path
import random
import resource
import signal
import sys
from time import process_time
from types import CodeType, FunctionType, ModuleType
from typing import Any

from _pytest.runner import runtestprotocol
import coverage
from hypothesis import HealthCheck, Phase, settings
import pytest

ROOT = Path("custom_components/surplus/control").resolve()
PACKAGE = "custom_components.surplus.control"
EXAMPLES = 25
# A mutant that takes this much longer than its tests do is taken for an endless loop.
PATIENCE = 4

_BOUNDARY = {ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt}
_OPPOSITE = {
    ast.Lt: ast.GtE,
    ast.LtE: ast.Gt,
    ast.Gt: ast.LtE,
    ast.GtE: ast.Lt,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
}
_ARITHMETIC = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Div,
    ast.Div: ast.Mult,
    ast.FloorDiv: ast.Div,
    ast.Mod: ast.Mult,
    ast.Pow: ast.Mult,
}
_CALLS = {"min": "max", "max": "min", "any": "all", "all": "any"}


@dataclass(frozen=True, kw_only=True, slots=True)
class Edit:
    """One change of a tree: what stands at a place, and what shall."""

    holder: ast.AST
    field: str
    index: int | None
    new: ast.AST
    line: int
    constant: str | None = None

    @property
    def old(self) -> ast.AST:
        """What stands there now."""
        place = getattr(self.holder, self.field)
        found: ast.AST = place if self.index is None else place[self.index]
        return found

    def put(self, node: ast.AST) -> None:
        """Put a node at the place."""
        if self.index is None:
            setattr(self.holder, self.field, node)
        else:
            getattr(self.holder, self.field)[self.index] = node

    def __str__(self) -> str:
        """Tell before and after."""
        return " → ".join(
            " ".join(ast.unparse(node).split())[:70] for node in (self.old, self.new)
        )


def replacements(node: ast.AST) -> Iterator[ast.AST]:
    """Give what a node can be broken into."""
    match node:
        case ast.Compare(ops=ops):
            for table in (_BOUNDARY, _OPPOSITE):
                for place, op in enumerate(ops):
                    if type(op) in table:
                        new = copy.deepcopy(node)
                        new.ops[place] = table[type(op)]()
                        yield new
        case ast.BinOp(op=op) | ast.AugAssign(op=op) if type(op) in _ARITHMETIC:
            changed = copy.deepcopy(node)
            changed.op = _ARITHMETIC[type(op)]()
            yield changed
        case ast.UnaryOp(op=ast.Not() | ast.USub(), operand=operand):
            yield operand
        case ast.BoolOp(values=values):
            for place in range(len(values)):
                rest = values[:place] + values[place + 1 :]
                yield rest[0] if len(rest) == 1 else ast.BoolOp(node.op, rest)
        case ast.Constant(value=bool(value)):
            yield ast.Constant(not value)
        case ast.Constant(value=int() | float() as value):
            yield ast.Constant(value * 2 if value else value + 1)
        case ast.IfExp(test=test, body=body, orelse=orelse):
            yield ast.IfExp(test, orelse, body)
        case ast.Call(func=ast.Name(id=name)) if name in _CALLS:
            call = copy.deepcopy(node)
            call.func = ast.Name(_CALLS[name], ast.Load())
            yield call
        case ast.Return(value=ast.expr() as value) if ast.unparse(value) != "None":
            yield ast.Return(ast.Constant(None))
    match node:
        case (
            ast.Expr(value=ast.Call())
            | ast.AugAssign()
            | ast.Continue()
            | ast.Break()
            | ast.Assign(targets=[ast.Attribute() | ast.Subscript()])
        ):
            # Never run but still there: names stay local, ``super()`` keeps its cell.
            yield ast.If(ast.Constant(False), [node], [])
        case ast.If(test=ast.Name() | ast.Attribute() | ast.Call() as test):
            yield ast.If(ast.UnaryOp(ast.Not(), test), node.body, node.orelse)


def edits(tree: ast.Module) -> Iterator[Edit]:
    """Give every change of the functions and constants of a module."""

    def below(holder: ast.AST, constant: str | None, inside: bool) -> Iterator[Edit]:
        for field, value in ast.iter_fields(holder):
            if field in {"annotation", "returns", "decorator_list", "args", "bases"}:
                if not (field == "args" and isinstance(holder, ast.Call)):
                    continue
            nodes = value if isinstance(value, list) else [value]
            for index, node in enumerate(nodes):
                if not isinstance(node, ast.AST) or isinstance(node, ast.Raise):
                    continue
                within, name = inside, constant
                if isinstance(node, ast.FunctionDef | ast.Lambda):
                    within = True
                elif isinstance(node, ast.ClassDef) and not within:
                    name = None
                elif isinstance(holder, ast.Module) and isinstance(
                    node, ast.Assign | ast.AnnAssign
                ):
                    target = (
                        node.target
                        if isinstance(node, ast.AnnAssign)
                        else node.targets[0]
                    )
                    name = target.id if isinstance(target, ast.Name) else None
                if (within or name) and hasattr(node, "lineno"):
                    place = index if isinstance(value, list) else None
                    for new in replacements(node):
                        ast.copy_location(new, node)
                        yield Edit(
                            holder=holder,
                            field=field,
                            index=place,
                            new=ast.fix_missing_locations(new),
                            line=node.lineno,
                            constant=None if within else name,
                        )
                yield from below(node, name, within)

    yield from below(tree, None, False)


def codes(code: CodeType) -> Iterator[tuple[tuple[str, int], CodeType]]:
    """Give all code below a code, by name and line."""
    for part in code.co_consts:
        if isinstance(part, CodeType):
            yield (part.co_qualname, part.co_firstlineno), part
            yield from codes(part)


def functions(space: Mapping[str, Any], path: str) -> Iterator[FunctionType]:
    """Give the functions that were written in a file."""
    for value in tuple(space.values()):
        if isinstance(value, type):
            if getattr(sys.modules.get(value.__module__), "__file__", None) == path:
                yield from functions(vars(value), path)
            continue
        parts = (
            (value.fget, value.fset)
            if isinstance(value, property)
            else (getattr(value, "__func__", getattr(value, "__wrapped__", value)),)
        )
        for part in parts:
            if isinstance(part, FunctionType) and part.__code__.co_filename == path:
                yield part


class Runner:
    """The pytest plugin that runs the mutants in place of the tests."""

    def __init__(self, modules: list[str], sample: int | None, limit_s: float) -> None:
        """Take what to mutate, how many mutants a module at most, how long a mutant."""
        self._modules = modules
        self._sample = sample
        self._limit_s = limit_s
        self._took: dict[str, float] = {}
        self._items: dict[str, pytest.Item] = {}
        self._lines: dict[str, dict[int, list[str]]] = {}
        # As it was imported: somebody may go on writing.
        self._sources = {
            str(path): path.read_text() for path in sorted(ROOT.rglob("*.py"))
        }

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """Run the tests once, then every mutant."""
        for item in session.items:
            _calm(item)
        self._learn(session.items)
        for asked in self._modules:
            name, _, lines = asked.partition(":")
            self._module(ROOT / name, {int(line) for line in lines.split(",") if line})
        return True

    def _learn(self, items: list[pytest.Item]) -> None:
        """Note which test passes where, and how long it takes."""
        seen = coverage.Coverage(
            data_file=None, config_file=False, include=[f"{ROOT}/*"]
        )
        seen.start()
        for item in items:
            seen.switch_context(item.nodeid)
            begun = process_time()
            if not _passes([item]):
                print(f"fails unbroken, left out: {item.nodeid}", flush=True)
                continue
            self._took[item.nodeid] = process_time() - begun
            self._items[item.nodeid] = item
        seen.stop()
        data = seen.get_data()
        for path in data.measured_files():
            self._lines[path] = data.contexts_by_lineno(path)
        print(f"{len(items)} tests, {sum(self._took.values()):.0f} s", flush=True)

    def _module(self, path: Path, lines: set[int]) -> None:
        """Run the mutants of one module, or of some of its lines."""
        name = str(path.relative_to(ROOT))
        dotted = f"{PACKAGE}.{name.removesuffix('.py').replace('/', '.')}"
        module = sys.modules[dotted]
        source = self._sources[str(path)]
        tree = ast.parse(source)
        whole = dict(codes(compile(tree, str(path), "exec")))
        all_edits = [edit for edit in edits(tree) if not lines or edit.line in lines]
        if self._sample and len(all_edits) > self._sample:
            all_edits = random.Random(0).sample(all_edits, self._sample)
        killed, survived, untested = 0, 0, 0
        for edit in sorted(all_edits, key=lambda edit: edit.line):
            told, old = str(edit), edit.old
            edit.put(edit.new)
            try:
                code = compile(tree, str(path), "exec")
            finally:
                edit.put(old)
            swap: Callable[[], None]
            if edit.constant:
                swap = _constant_swap(module, code)
                tests = self._users(edit.constant, str(path))
            else:
                mutated = dict(codes(code))
                if mutated == whole:
                    continue
                swap = _code_swap(module, mutated)
                tests = set(self._lines.get(str(path), {}).get(edit.line, ()))
            chosen = self._choose(tests)
            if chosen and self._dies(swap, chosen):
                killed += 1
                continue
            survived += 1
            untested += not chosen
            why = "" if chosen else "  (no test)"
            print(f"  {name}:{edit.line}  {told}{why}", flush=True)
        print(
            f"{name}: {killed} killed, {survived} survived, {untested} untested",
            flush=True,
        )

    def _users(self, constant: str, home: str) -> set[str]:
        """Return the tests that name a constant, or pass a line which does.

        All of its module where only other constants name it.
        """
        found = {
            nodeid
            for nodeid, item in self._items.items()
            if isinstance(item, pytest.Function) and constant in vars(item.module)
        }
        for path, lines in self._lines.items():
            for node in ast.walk(ast.parse(self._sources[path])):
                if isinstance(node, ast.Name) and node.id == constant:
                    found.update(lines.get(node.lineno, ()))
        return found or set().union(*self._lines.get(home, {}).values())

    def _choose(self, tests: set[str]) -> list[pytest.Item]:
        """Return tests to run, short ones first, as many as the time allows."""
        chosen: list[pytest.Item] = []
        spent = 0.0
        known = tests & self._took.keys()
        for nodeid in sorted(known, key=lambda test: (self._took[test], test)):
            spent += self._took[nodeid]
            if chosen and spent > self._limit_s:
                break
            chosen.append(self._items[nodeid])
        return chosen

    def _dies(self, swap: Callable[[], None], tests: list[pytest.Item]) -> bool:
        """Run tests on a mutant, in a process of its own."""
        patience_s = 2 + PATIENCE * sum(self._took[item.nodeid] for item in tests)
        child = os.fork()
        if child == 0:
            signal.signal(signal.SIGXCPU, signal.SIG_DFL)
            resource.setrlimit(resource.RLIMIT_CPU, (int(patience_s) + 1,) * 2)
            nothing = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nothing, 1)
            os.dup2(nothing, 2)
            try:
                swap()
                survives = _passes(tests)
            except BaseException:  # noqa: BLE001
                os._exit(1)
            os._exit(0 if survives else 1)
        return os.waitpid(child, 0)[1] != 0


def _calm(item: pytest.Item) -> None:
    """Let a property test draw a few examples, the same ones each time, in any time."""
    test = getattr(item.obj, "__func__", item.obj) if hasattr(item, "obj") else None
    found = getattr(test, "_hypothesis_internal_use_settings", None)
    if test is None or not hasattr(test, "hypothesis"):
        return
    own = found or settings.default
    assert own is not None
    test._hypothesis_internal_use_settings = settings(  # noqa: SLF001
        own,
        max_examples=min(EXAMPLES, own.max_examples),
        derandomize=True,
        database=None,
        deadline=None,
        phases=(Phase.explicit, Phase.generate),
        suppress_health_check=list(HealthCheck),
    )


def _passes(tests: list[pytest.Item]) -> bool:
    """Whether all tests pass, up to the first that does not."""
    for item in tests:
        if any(report.failed for report in runtestprotocol(item, log=False)):
            return False
    return True


def _code_swap(
    module: ModuleType, mutated: Mapping[tuple[str, int], CodeType]
) -> Callable[[], None]:
    def swap() -> None:
        for function in functions(vars(module), str(module.__file__)):
            code = function.__code__
            function.__code__ = mutated.get(
                (code.co_qualname, code.co_firstlineno), code
            )
        for value in vars(module).values():
            if hasattr(value, "cache_clear"):
                value.cache_clear()

    return swap


def _constant_swap(module: ModuleType, code: CodeType) -> Callable[[], None]:
    def swap() -> None:
        space: dict[str, Any] = {
            "__name__": module.__name__,
            "__file__": module.__file__,
            "__package__": module.__package__,
        }
        exec(code, space)  # noqa: S102
        # What is made of the constant changes with it.
        changed = {
            name: (old, new)
            for name, old in vars(module).items()
            if not name.startswith("__")
            and not isinstance(old, type | FunctionType)
            and _alike(new := _fitted(space.get(name), old), old)
            and new != old
        }
        for key, other in tuple(sys.modules.items()):
            if key.startswith(("custom_components.surplus", "tests")):
                for name, (old, new) in changed.items():
                    if vars(other).get(name) is old:
                        setattr(other, name, new)

    return swap


def _alike(new: object, old: object) -> bool:
    """Return whether a value may stand for another: a whole number may become half."""
    return type(new) is type(old) or (
        isinstance(new, int | float) and isinstance(old, int | float)
    )


def _fitted(new: object, old: object) -> object:
    """Return a value of a class that was made anew as one of the class in use."""
    kind = type(old)
    if not is_dataclass(old) or type(new).__qualname__ != kind.__qualname__:
        return new
    return kind(**{one.name: getattr(new, one.name) for one in fields(old)})


def main() -> int:
    """Read the command line and run."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("modules", nargs="+")
    parser.add_argument("--sample", type=int, help="mutants a module at most")
    parser.add_argument("--limit", type=float, default=10, help="s of tests a mutant")
    parser.add_argument("--tests", default="tests/control")
    asked = parser.parse_args()
    os.environ |= {"CI": "1", "COVERAGE_CORE": "ctrace"}
    plugin = Runner(asked.modules, asked.sample, asked.limit)
    options = [
        "-q",
        "-s",
        "-p",
        "no:cacheprovider",
        "--timeout=0",
        "--disable-warnings",
    ]
    return int(pytest.main([*options, *asked.tests.split(",")], plugins=[plugin]))


if __name__ == "__main__":
    sys.exit(main())
