"""Print how dense the code is: the table of line lengths, syntax nodes a line, and lengths of functions.

python scripts/style_table.py            the exported code, a row a wing and one for all
"""

import ast
import sys
from pathlib import Path

import numpy as np
from tree import PACKAGE, ROOT, WINGS, defined_names, module_path, package_imports, rooms

LONG_LINE = 110  # Characters
AIMS = {
    "nodes_per_line": 9.5,
    "long_lines": 0.01,
    "longest_function": 80,
}  # Largest values for all code together


def exported_files(wing: str | None = None) -> list[Path]:
    "List the package's files, or those of a wing; nbdev's generated index is left out."
    return sorted(p for p in (PACKAGE / (wing or "")).rglob("*.py") if p.name != "_modidx.py")


def measure_files(files: list[Path]) -> dict[str, float]:
    "Measure some files together: lengths in characters and lines, shares from 0 to 1."
    lengths, nodes, functions = [], 0, []
    for path in files:
        text = path.read_text(encoding="utf8")
        lengths += [len(line) for line in text.splitlines() if line.strip()]
        for node in ast.walk(ast.parse(text)):
            nodes += 1
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
                functions.append(node.end_lineno - node.lineno + 1)
    return {
        "lines": len(lengths),
        "median": float(np.median(lengths)),
        "p95": float(np.percentile(lengths, 95)),
        "longest": max(lengths),
        "long_lines": float(np.mean(np.array(lengths) > LONG_LINE)),
        "nodes_per_line": nodes / len(lengths),
        "function_median": float(np.median(functions or [0])),
        "function_p90": float(np.percentile(functions or [0], 90)),
        "longest_function": max(functions, default=0),
    }


def names_used_elsewhere() -> dict[str, float]:
    "Count the public names, and those that another room, a lesson elsewhere, a script or the README uses."
    public, used = {}, set()
    for module in rooms():
        for name in defined_names(module_path(module)):
            if not name.startswith("_"):
                public[module, name] = False
    for path in exported_files():
        package = ["staria", *path.relative_to(PACKAGE).with_suffix("").parts]
        tree = ast.parse(path.read_text(encoding="utf8"))
        used |= set(package_imports(tree, package[:-1]))
    texts = [p for p in (ROOT / "nbs").rglob("*.ipynb")] + [
        *(ROOT / "scripts").glob("*.*"),
        ROOT / "README.md",
    ]
    everything = {path: path.read_text(encoding="utf8") for path in texts}
    own = {module: notebook for module, notebook in rooms().items()}
    for module, name in public:
        needle = f"from staria.{module} import"
        others = (text for path, text in everything.items() if path != own[module] and needle in text)
        public[module, name] = (module, name) in used or any(name in text for text in others)
    return {"public": len(public), "used elsewhere": sum(public.values())}


def main() -> int:
    from staria.core.tables import format_table

    rows = [{"wing": wing, **measure_files(exported_files(wing))} for wing in WINGS]
    rows.append({"wing": "all", **measure_files(exported_files())})
    print(format_table(rows))
    counts = names_used_elsewhere()
    print(f"{counts['public']} public names, {counts['used elsewhere']} of them used outside their own room")
    return 0


if __name__ == "__main__":
    sys.exit(main())
