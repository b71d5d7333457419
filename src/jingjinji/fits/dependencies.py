"""What a page depends on, found by reading it: imports, module graph, tables and fits; and a fingerprint of that."""

import ast
import hashlib
import importlib.util
import json
import os
import sys
from dataclasses import dataclass, field
from functools import cache, cached_property, lru_cache
from pathlib import Path

import grimp

from jingjinji.core.errors import DataError

ALL = "*"
DESCRIPTOR = "data/datapackage.json"
LOCK, REGION = "requirements.lock", "region.toml"
"""Versions of packages, and what a region's project says of itself."""
TABLES, FITTING, REGISTRY, TOPICS = "core.tables", "fits.fitting", "core.registry", "topics"
RESULTS = {
    "fits.simulations": "results/simulations.json",
    "fits.weighing": "results/power_scaling.json",
    "fits.world": "results/made_with.json",
}
"""Modules that read what is kept of long runs, or of the published one -> where it is kept."""
SUMMARIES = "show.summaries"
"""Where a package has what pages call."""
OF_MODELS = ("load", "module", "said", "toy", "reasons", "show_model", "model_of", "priors_of")
"""Functions of the registry and of what pages show that take a model's name."""
PAGE = "__page__"
FACTS = " facts"
"""Ends the name of a topic of which a page loads what tables alone say."""


@dataclass(frozen=True)
class Reading:
    """What one piece of code names: modules it imports, tables it loads or declares, models whose fits it loads.

    ``ALL`` among the tables or the models stands for every one: the code names them by a variable.
    """

    modules: frozenset[str]
    tables: frozenset[str]
    models: frozenset[str]
    descriptor: bool


@dataclass
class Sources:
    """The code and data of a book at one moment; make a new one for each build.

    Parameters
    ----------
    root : folder of the book, with ``data/datapackage.json`` and ``requirements.lock``.
    package : name of the importable package with rooms ``core``, ``fits`` and ``topics``.
    """

    root: Path
    package: str = "jingjinji"
    _readings: dict[str, Reading] = field(default_factory=dict)
    _hashes: dict[Path, str] = field(default_factory=dict)

    def dependencies(self, code: str) -> dict[str, str]:
        """Everything that can change what a page's code shows.

        Parameters
        ----------
        code : all code cells of the page, as plain Python.

        Returns
        -------
        name of each dependency (a path below the root, or ``python`` and the like) -> hash of its content.
        """
        modules, tables, descriptor = self._named(code)
        found = {self._label(path): self._hash(path) for path in map(self._file, modules)}
        for name in self._tables if ALL in tables else tables:
            found |= self._table(name)
        if descriptor or ALL in tables:
            found[DESCRIPTOR] = self._hash(self.root / DESCRIPTOR)
        # a region's project has no lock of its own: its packages are those of the book
        own = self.root / LOCK
        found[LOCK] = self._hash(own if own.is_file() else self._folder.parents[1] / LOCK)
        if (self.root / REGION).is_file():
            found[REGION] = self._hash(self.root / REGION)
        found["python"] = "{}.{}".format(*sys.version_info)
        for module, name in RESULTS.items():
            if f"{self.package}.{module}" in modules:
                found[name] = self._hash(self.root / name) if (self.root / name).exists() else "absent"
        if f"{self.package}.{FITTING}" in modules:
            found["draws"] = os.environ.get("JINGJINJI_DRAWS", "full")
        return found

    def _named(self, code: str) -> tuple[set[str], set[str], bool]:
        """Modules, tables and descriptor that a page's code leads to; looked up once for each state of the package."""
        asked = self.package, self._state, code
        if asked not in _NAMED:
            _NAMED[asked] = self._closure(read(code, self.package, PAGE, False, self._modules))
        return _NAMED[asked]

    def _closure(self, page: Reading) -> tuple[set[str], set[str], bool]:
        waiting, modules, tables, descriptor = [page], set(), set(), False
        while waiting:
            reading = waiting.pop()
            tables |= reading.tables
            descriptor |= reading.descriptor
            named = reading.modules | self._models(reading.models)
            reached = set().union(*map(self._reach, named)) - modules
            modules |= reached
            # what the registry loads is what models declare
            waiting += [self._reading(module) for module in sorted(reached - {f"{self.package}.{REGISTRY}"})]
        if tables:
            modules |= self._reach(f"{self.package}.{TABLES}") & self._modules
        return modules, tables, descriptor

    def models(self, dependencies: dict[str, str]) -> set[str]:
        """Models whose module is among the dependencies of a page."""
        return {name for name, module in self._places.items() if self._label(self._file(module)) in dependencies}

    def _models(self, names: frozenset[str]) -> set[str]:
        wanted = self._places if ALL in names else names
        return {self._places[name] for name in wanted if name in self._places} & self._modules

    @cached_property
    def _places(self) -> dict[str, str]:
        registry = importlib.import_module(f"{self.package}.{REGISTRY}")
        topics = f"{self.package}.{TOPICS}"
        facts = {f"{topic}{FACTS}": f"{topics}.{topic}.facts" for topic in registry.FACTS}
        return facts | {name: f"{topics}.{place}{registry.SAID}" for name, place in registry.PLACES.items()}

    def _reach(self, module: str) -> set[str]:
        parts = module.split(".")
        family = {".".join(parts[: count + 1]) for count in range(len(parts))} & self._modules
        reached = family.union(*(self._graph.find_upstream_modules(member) for member in family))
        parents = {name.rpartition(".")[0] for name in reached} & self._modules
        return reached if parents <= reached else reached.union(*map(self._reach, parents - reached))

    @cached_property
    def _graph(self) -> grimp.ImportGraph:
        return _import_graph(self.package, self._folder, self._state)

    @cached_property
    def _state(self) -> str:
        return _state_of(self._folder)

    @cached_property
    def _modules(self) -> frozenset[str]:
        return frozenset(self._graph.modules)

    @cached_property
    def _folder(self) -> Path:
        return Path(importlib.util.find_spec(self.package).origin).parent

    @cached_property
    def _tables(self) -> dict[str, dict]:
        path = self.root / DESCRIPTOR
        if not path.exists():
            return {}
        try:
            return {resource["name"]: resource for resource in json.loads(path.read_text("utf-8"))["resources"]}
        except (ValueError, TypeError, KeyError, RecursionError):
            raise DataError(f"{path} lists no tables that can be read: restore it from the repository") from None

    def _file(self, module: str) -> Path:
        stem = self._folder.joinpath(*module.split(".")[1:])
        return stem / "__init__.py" if stem.is_dir() else stem.with_suffix(".py")

    def _reading(self, module: str) -> Reading:
        if module not in self._readings:
            path = self._file(module)
            code, is_package = path.read_text("utf-8"), path.name == "__init__.py"
            self._readings[module] = read(code, self.package, module, is_package, self._modules)
        return self._readings[module]

    def _table(self, name: str) -> dict[str, str]:
        resource = self._tables.get(name, {})
        paths = resource.get("path", f"{name}.csv")
        found = {
            f"data/{path}": self._hash(self.root / "data" / path)
            for path in ([paths] if isinstance(paths, str) else paths)
        }
        described = json.dumps(resource, sort_keys=True, ensure_ascii=False).encode()
        return found | {f"{DESCRIPTOR} ({name})": hashlib.sha256(described).hexdigest()}

    def _label(self, path: Path) -> str:
        return f"{self.package}/{path.relative_to(self._folder).as_posix()}"

    def _hash(self, path: Path) -> str:
        if path not in self._hashes:
            self._hashes[path] = hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else "missing"
        return self._hashes[path]


_NAMED: dict[tuple[str, str, str], tuple[set[str], set[str], bool]] = {}


def _state_of(folder: Path) -> str:
    """A hash of every module below a folder."""
    total = hashlib.sha256()
    for path in sorted(folder.rglob("*.py")):
        total.update(f"{path}\n".encode() + path.read_bytes())
    return total.hexdigest()


@lru_cache(maxsize=1)
def _import_graph(package: str, folder: Path, state: str) -> grimp.ImportGraph:
    """The imports of a package; they are read once as long as its folder stays in its state."""
    return grimp.build_graph(package, cache_dir=None)


def fingerprint(dependencies: dict[str, str]) -> str:
    """One hash of all dependencies of a page."""
    return hashlib.sha256(json.dumps(dependencies, sort_keys=True).encode()).hexdigest()


def changes(before: dict[str, str], after: dict[str, str]) -> list[str]:
    """Names of the dependencies that differ, came or went."""
    return sorted(name for name in before.keys() | after.keys() if before.get(name) != after.get(name))


@cache
def read(code: str, package: str, module: str, is_package: bool, known: frozenset[str]) -> Reading:
    """Read what a piece of code names, without running it; the same code is read once a process.

    Parameters
    ----------
    package : the package whose ``core.tables`` and ``fits.fitting`` count.
    module : dotted name of the module that the code is, for relative imports.
    is_package : True for the code of an ``__init__.py``.
    known : every module of the package.

    Code that is not Python names nothing.
    """
    try:
        tree = ast.parse(code)
    except SyntaxError:
        return Reading(frozenset(), frozenset(), frozenset(), False)
    base = module if is_package else module.rpartition(".")[0]
    imports = [node for node in ast.walk(tree) if isinstance(node, ast.Import | ast.ImportFrom)]
    bindings = _bindings(imports, base)
    names = _Names(package, bindings, module == PAGE)
    rooms = [f"{package}.{room}" for room in (TABLES, FITTING, REGISTRY, SUMMARIES)]
    if any(room.startswith(target) or target.startswith(room) for target in bindings.values() for room in rooms):
        names.visit(tree)
    return Reading(
        modules=frozenset(_imported(imports, base, known)),
        tables=frozenset(names.tables | _declared(tree)),
        models=frozenset(names.models),
        descriptor=names.descriptor,
    )


class _Names(ast.NodeVisitor):
    def __init__(self, package: str, bindings: dict[str, str], page: bool):
        self.package, self.bindings, self.page = package, bindings, page
        self.tables, self.models, self.descriptor = set(), set(), False

    def visit_Call(self, call):
        literal = _literal_argument(call)
        if literal is None or not self._use(self._dotted(call.func), literal):
            self.visit(call.func)
        for part in (*call.args, *call.keywords):
            self.visit(part)

    def visit_Attribute(self, node):
        if not self._use(self._dotted(node), ALL):
            self.visit(node.value)

    def visit_Name(self, node):
        self._use(self._dotted(node), ALL)

    def _dotted(self, node) -> str:
        if isinstance(node, ast.Name):
            return self.bindings.get(node.id, "")
        if isinstance(node, ast.Attribute):
            stem = self._dotted(node.value)
            return f"{stem}.{node.attr}" if stem else ""
        return ""

    def _use(self, target: str, name: str) -> bool:
        """Note the use of a function of ``tables`` or ``fitting``; False when the target is neither."""
        room, _, function = target.rpartition(".")
        if room == f"{self.package}.{TABLES}":
            return self._use_tables(function, name)
        if room == f"{self.package}.{FITTING}":
            return self._use_fitting(function, name)
        if room in (f"{self.package}.{REGISTRY}", f"{self.package}.{SUMMARIES}"):
            return self._use_models(function, name)
        return False

    def _use_tables(self, function: str, name: str) -> bool:
        if function in ("load", "path", "check"):
            self.tables.add(ALL if "/" in name else name)
        self.descriptor |= function in ("package", "names")
        return True

    def _use_fitting(self, function: str, name: str) -> bool:
        if name != ALL or function in ("load_fit", "load_findings", "load_facts", "all_findings"):
            end = FACTS if function == "load_facts" and name != ALL else ""
            self.models.add(name.partition("/")[0] + end)
        return True

    def _use_models(self, function: str, name: str) -> bool:
        """A page that asks for models by a variable may show any; the library's own rooms ask for those of a page."""
        if function in OF_MODELS and (name != ALL or self.page):
            self.models.add(name)
        return True


def _literal_argument(call: ast.Call) -> str | None:
    """The name that a call gives as its first argument; of ``f"topic/{variant}"`` what stands before the variant."""
    for value in [*call.args[:1], *(keyword.value for keyword in call.keywords if keyword.arg == "name")]:
        begin = value.values[0] if isinstance(value, ast.JoinedStr) and value.values else value
        if isinstance(begin, ast.Constant) and isinstance(begin.value, str) and (begin is value or "/" in begin.value):
            return begin.value
    return None


def _declared(tree: ast.Module) -> set[str]:
    """Tables that a module declares for the registry to load: constants whose name ends in ``TABLES``."""
    constants = (node for node in tree.body if isinstance(node, ast.Assign))
    return {
        value.value
        for node in constants
        if any(isinstance(name, ast.Name) and name.id.endswith("TABLES") for name in node.targets)
        for value in getattr(node.value, "elts", ())
        if isinstance(value, ast.Constant)
    }


def _bindings(imports: list[ast.AST], base: str) -> dict[str, str]:
    """Local name -> dotted name of what it was imported from."""
    bound = {}
    for node in imports:
        if isinstance(node, ast.Import):
            for alias in node.names:
                bound[alias.asname or alias.name.partition(".")[0]] = (
                    alias.name if alias.asname else alias.name.partition(".")[0]
                )
        elif isinstance(node, ast.ImportFrom):
            for alias in node.names:
                bound[alias.asname or alias.name] = f"{_absolute(node, base)}.{alias.name}"
    return bound


def _imported(imports: list[ast.AST], base: str, known: frozenset[str]) -> set[str]:
    found = set()
    for node in imports:
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            stem = _absolute(node, base)
            found |= {stem, *(f"{stem}.{alias.name}" for alias in node.names)}
    return found & known


def _absolute(node: ast.ImportFrom, base: str) -> str:
    if not node.level:
        return node.module or ""
    parts = base.split(".")
    stem = ".".join(parts[: len(parts) - node.level + 1])
    return f"{stem}.{node.module}" if node.module else stem
