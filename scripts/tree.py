"""What the scripts know of the tree: its notebooks, their cells, its rooms and the order of its wings."""

import ast
import json
import re
from collections.abc import Iterable
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "staria"
WINGS = (
    "core",
    "music",
    "tokens",
    "data",
    "analysis",
    "models",
    "recognition",
    "generation",
    "evaluation",
    "training",
    "loop",
    "cluster",
    "widgets",
    "app",
)  # A wing imports only wings before it


def notebooks() -> list[Path]:
    "List the notebooks, in order of their paths."
    return sorted(p for p in (ROOT / "nbs").rglob("*.ipynb") if ".ipynb_checkpoints" not in p.parts)


def code_cells(notebook: Path) -> list[str]:
    "Give the sources of a notebook's code cells."
    found = json.loads(notebook.read_text(encoding="utf8"))["cells"]
    return ["".join(cell["source"]) for cell in found if cell["cell_type"] == "code"]


def rooms() -> dict[str, Path]:
    "Give each exported module's notebook: data.store → nbs/data/01_store.ipynb."
    found = {}
    for notebook in notebooks():
        for source in code_cells(notebook):
            if m := re.search(r"^#\|\s*default_exp\s+(\S+)", source, re.M):
                found[m[1].removesuffix(".__init__")] = notebook
    return found


def room_order(found: dict[str, Path]) -> dict[str, tuple[int, int]]:
    "Give each module's place: its wing's, and its notebook's number."
    return {
        module: (WINGS.index(module.split(".")[0]), int(re.match(r"\d+", notebook.name)[0]))
        for module, notebook in found.items()
    }


def module_path(module: str) -> Path:
    "Name a module's file."
    path = PACKAGE / module.replace(".", "/")
    return path / "__init__.py" if path.is_dir() else path.with_suffix(".py")


def package_imports(tree: ast.AST, package: list[str]) -> Iterable[tuple[str, str]]:
    "Give each (module, name) of the package that a syntax tree imports; modules without `staria.`"
    for node in ast.walk(tree):
        if not isinstance(node, ast.ImportFrom):
            continue
        base = package[: len(package) - node.level + 1] if node.level else []
        target = ".".join(base + (node.module.split(".") if node.module else []))
        if target == "staria" or target.startswith("staria."):
            for alias in node.names:
                yield target.removeprefix("staria").lstrip("."), alias.name


def imports_of(module: str) -> list[tuple[str, str]]:
    "Give what an exported module imports of the package, at its head or inside a function."
    path = module_path(module)
    package = ["staria", *module.split(".")]
    if path.name != "__init__.py":
        package.pop()
    return list(package_imports(ast.parse(path.read_text(encoding="utf8")), package))


def defined_names(path: Path) -> set[str]:
    "List the names that a file defines at its top level."
    found = set()
    for node in ast.parse(path.read_text(encoding="utf8")).body:
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            found.add(node.name)
        targets = node.targets if isinstance(node, ast.Assign) else []
        if isinstance(node, ast.AnnAssign):
            targets = [node.target]
        for target in targets:
            found |= {part.id for part in ast.walk(target) if isinstance(part, ast.Name)}
    return found - {"__all__"}
