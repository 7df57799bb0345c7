"""Who imports whom, and what an import costs."""

import ast
import subprocess
import sys
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

import sklearn_embed

ROOT = Path(sklearn_embed.__file__).parent

# Floors of the house: a folder imports from its own floor and those before it.  Where
# two share a floor, neither imports from the other.
FLOORS = [
    ("_core", "_files"),
    ("_text",),
    ("_vectors",),
    ("io",),
    ("_models",),
    ("_estimators",),
    ("evaluation", "plotting", "datasets", "testing", "distributed", "warmup"),
    ("__init__",),
]
FLOOR_OF = {room: number for number, rooms in enumerate(FLOORS) for room in rooms}

# What a folder may use of others on its floor.
NEIGHBOURS = {("plotting", "evaluation")}

ONLY_INSIDE = {"gensim", "pandas", "matplotlib", "bokeh", "dask", "rich"}
ONLY_IN = {"dask": "distributed", "distributed": "distributed"}


def modules():
    return sorted(p.relative_to(ROOT).with_suffix("") for p in ROOT.rglob("*.py"))


def file_of(dotted):
    """Return the file of one of our modules, or None."""
    path = ROOT.joinpath(*dotted.split(".")[1:])
    for candidate in (path / "__init__.py", path.with_suffix(".py")):
        if dotted.startswith("sklearn_embed") and candidate.exists():
            return candidate
    return None


def imports(nodes, path):
    """Yield the dotted names that statements import."""
    for node in nodes:
        if isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: import absolutely"
            for alias in node.names:
                longer = f"{node.module}.{alias.name}"
                yield longer if file_of(longer) else node.module
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)


def all_imports(path):
    """Yield every name that a file imports, inside functions too."""
    return imports(ast.walk(ast.parse(path.read_text("utf-8"))), path)


def top_imports(path):
    """Yield the names that a file imports when it is imported."""
    body = ast.parse(path.read_text("utf-8")).body
    for node in body:
        yield from imports(node.body if isinstance(node, ast.Try) else [node], path)


def ours(path):
    """Yield the files of this package that a file imports."""
    for name in all_imports(path):
        if name.partition(".")[0] == "sklearn_embed":
            yield file_of(name)


def room_of(path):
    """Return the folder, or the module at the top, that a file belongs to."""
    return path.relative_to(ROOT).with_suffix("").parts[0]


@pytest.mark.parametrize("module", modules(), ids=str)
def test_imports_come_from_floors_before(module):
    path = (ROOT / module).with_suffix(".py")
    room = room_of(path)
    for other in map(room_of, ours(path)):
        if other == room or (room, other) in NEIGHBOURS:
            continue
        if other == "__init__":  # the version
            assert room in {"_estimators", "testing"}, f"{module} imports the package"
            continue
        assert FLOOR_OF[other] < FLOOR_OF[room], f"{module} imports from {other}"


def test_no_module_imports_itself_through_others():
    paths = [(ROOT / module).with_suffix(".py") for module in modules()]
    graph = {path: {*ours(path)} - {path, ROOT / "__init__.py"} for path in paths}
    TopologicalSorter(graph).prepare()  # raises CycleError, which names the modules


@pytest.mark.parametrize("module", modules(), ids=str)
def test_heavy_packages_are_imported_inside_functions(module):
    path = (ROOT / module).with_suffix(".py")
    for name in top_imports(path):
        top = name.partition(".")[0]
        assert top not in ONLY_INSIDE or module.as_posix() == "testing"
    for name in all_imports(path):
        top = name.partition(".")[0]
        assert ONLY_IN.get(top, room_of(path)) == room_of(path)


@pytest.mark.parametrize("module", modules(), ids=str)
def test_private_names_of_scikit_learn_stay_in_base(module):
    if module.as_posix() == "_estimators/base":
        return
    tree = ast.parse((ROOT / module).with_suffix(".py").read_text("utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module.startswith("sklearn."):
            names = [*node.module.split("."), *(alias.name for alias in node.names)]
            private = [name for name in names if name.startswith("_")]
            assert not private, f"{module} imports {private} of scikit-learn"


@pytest.mark.parametrize("module", modules(), ids=str)
def test_one_place_makes_kernels(module):
    if module.as_posix() == "_core/compile":
        return
    tree = ast.parse((ROOT / module).with_suffix(".py").read_text("utf-8"))
    names = {n.attr for n in ast.walk(tree) if isinstance(n, ast.Attribute)}
    names |= {n.id for n in ast.walk(tree) if isinstance(n, ast.Name)}
    assert not names & {"njit", "jit", "vectorize", "cfunc"}, f"{module}: see compile"


def test_import_loads_no_heavy_package():
    code = (
        "import sys, sklearn.linear_model\n"
        "before = set(sys.modules)\n"
        "import sklearn_embed\n"
        "print(*{name.partition('.')[0] for name in set(sys.modules) - before})"
    )
    loaded = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout.split()
    assert "sklearn_embed" in loaded
    assert not ONLY_INSIDE & set(loaded)


def test_every_public_name_is_there():
    for name in sklearn_embed.__all__:
        assert getattr(sklearn_embed, name).__module__.startswith("sklearn_embed")
