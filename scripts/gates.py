"""The gates: what must hold of the tree as a whole. Each gives a list of problems, a line each."""

import json
import re
import shutil
import subprocess
import sys
import tempfile
from collections import defaultdict
from pathlib import Path

import yaml
from docs_check import NO_BROWSER
from style_table import AIMS, exported_files, measure_files
from tree import (
    PACKAGE,
    ROOT,
    code_cells,
    defined_names,
    imports_of,
    module_path,
    notebooks,
    room_order,
    rooms,
)

BIN = Path(sys.executable).parent
HEAVIEST = 400_000  # Characters of a notebook, outputs included
NOT_NEEDED = (
    "nbdev",
    "fastcore",
    "execnb",
    "jupyter_server",
    "jupyterlab",
    "notebook",
    "jupytext",
    "playwright",
)  # Packages that the installed Staria must do without


def call(*words, cwd: Path = ROOT) -> subprocess.CompletedProcess:
    "Run a command and keep what it prints."
    return subprocess.run(words, cwd=cwd, capture_output=True, text=True)


def last_words(done: subprocess.CompletedProcess, most: int = 800) -> str:
    return (done.stdout + done.stderr).strip()[-most:]


def contents(folder: Path, pattern: str) -> dict[Path, bytes]:
    found = (p for p in folder.rglob(pattern) if ".ipynb_checkpoints" not in p.parts)
    return {path.relative_to(folder): path.read_bytes() for path in found}


def gate_export() -> list[str]:
    "Exporting and cleaning the notebooks in a copy changes nothing."
    problems = []
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder, ROOT.name)
        copy.mkdir()
        for name in ("nbs", "staria"):
            shutil.copytree(ROOT / name, copy / name)
        for name in ("settings.ini", "setup.py", "README.md", "constraints.txt"):
            shutil.copy(ROOT / name, copy / name)
        for command in ("nbdev_export", "nbdev_clean"):
            done = call(BIN / command, cwd=copy)
            if done.returncode:
                return [f"{command} failed: {last_words(done)}"]
        for part, pattern in (("staria", "*.py"), ("nbs", "*.ipynb")):
            ours, theirs = contents(ROOT / part, pattern), contents(copy / part, pattern)
            names = sorted(name for name in ours.keys() | theirs.keys() if ours.get(name) != theirs.get(name))
            problems += [
                f"{part}/{name} is not what the notebooks give: run nbdev_export && nbdev_clean"
                for name in names
            ]
    return problems


def gate_wings() -> list[str]:
    "A room imports only earlier wings and lower numbers of its own wing, and nothing private."
    found, problems = rooms(), []
    order = room_order(found)
    for module, own in order.items():
        if not module_path(module).exists():
            problems.append(f"{module} is not exported: run nbdev_export")
            continue
        for target, name in imports_of(module):
            room = f"{target}.{name}".lstrip(".") if f"{target}.{name}".lstrip(".") in order else target
            if room in order and order[room] >= own:
                problems.append(f"{module} imports {room}, which comes after it")
            if name.startswith("_") and not name.startswith("__"):
                problems.append(f"{module} imports the private name {name} of {target}")
    written = {p for p in PACKAGE.rglob("*.py") if not p.name.startswith("_")}
    orphans = written - {module_path(module) for module in order}
    return problems + [f"{path.relative_to(ROOT)} has no notebook: delete it" for path in sorted(orphans)]


def gate_names() -> list[str]:
    "A public name means one thing in the whole package."
    homes = defaultdict(list)
    for module in rooms():
        for name in defined_names(module_path(module)):
            if not name.startswith("_"):
                homes[name].append(module)
    several = {name: modules for name, modules in homes.items() if len(modules) > 1}
    return [f"{name} is defined in {' and '.join(modules)}" for name, modules in sorted(several.items())]


def gate_style() -> list[str]:
    "ruff has nothing to format and nothing to say, and the code is no denser than the aims."
    problems = []
    for words in (
        ("format", "--check", "nbs", "scripts", "setup.py"),
        ("check", "nbs", "scripts", "staria", "setup.py"),
    ):
        done = call(BIN / "ruff", *words, "--quiet")
        if done.returncode:
            problems.append(f"ruff {words[0]}: {last_words(done, 1500)}")
    measured = measure_files(exported_files())
    for name, most in AIMS.items():
        if measured[name] > most:
            problems.append(
                f"{name} is {measured[name]:.3g}, at most {most} is the aim: see scripts/style_table.py"
            )
    return problems


def gate_notebooks() -> list[str]:
    "Notebooks are light, and nothing names a private path or a temporary folder."
    problems = []
    pages = [ROOT / "README.md", ROOT / "Makefile", ROOT / ".ci" / "run", *(ROOT / "scripts").glob("*.*")]
    for path in [*notebooks(), *PACKAGE.rglob("*.py"), *pages]:
        if m := re.search(r"/(?:home|root|work|Users)/\w+", path.read_text(encoding="utf8")):
            problems.append(f"{path.relative_to(ROOT)}: names a private path, {m[0]}")
    for notebook in notebooks():
        name, text = notebook.relative_to(ROOT), notebook.read_text(encoding="utf8")
        content = json.loads(text)
        if len(text) > HEAVIEST:
            problems.append(f"{name}: {len(text) // 1000} kB; clear heavy outputs")
        if content["metadata"].get("widgets"):
            problems.append(f"{name}: holds saved widget state; clear it")
        outputs = json.dumps([cell.get("outputs") for cell in content["cells"]])
        if m := re.search(r"/tmp/\w+", outputs):
            problems.append(f"{name}: a saved output names a temporary folder, {m[0]}")
        if not any(source.strip() for source in code_cells(notebook)):
            problems.append(f"{name}: has no code")
    return problems


def gate_stands_alone() -> list[str]:
    "The package imports without nbdev, fastcore and Jupyter's server."
    code = f"""
import importlib, pkgutil, sys
for name in {NOT_NEEDED!r}: sys.modules[name] = None
import staria
for found in pkgutil.walk_packages(staria.__path__, "staria."):
    if not found.name.rsplit(".", 1)[-1].startswith("_"): importlib.import_module(found.name)
"""
    done = call(sys.executable, "-c", code)
    return [last_words(done)] if done.returncode else []


def gate_sdist() -> list[str]:
    "The source archive holds what it needs to install, and what it installs has its models and templates."
    with tempfile.TemporaryDirectory() as folder:
        source, place = Path(folder, "source"), Path(folder, "installed")
        shutil.copytree(ROOT / "staria", source / "staria", ignore=shutil.ignore_patterns("__pycache__"))
        for path in ROOT.iterdir():
            if path.is_file():
                shutil.copy(path, source)
        done = call(sys.executable, "setup.py", "-q", "sdist", "-d", folder, cwd=source)
        if done.returncode:
            return [f"no source archive: {last_words(done)}"]
        (archive,) = Path(folder).glob("*.tar.gz")
        options = ("--no-deps", "--no-build-isolation", "--target", place)
        done = call(sys.executable, "-m", "pip", "install", "-q", *options, archive)
        if done.returncode:
            return [f"{archive.name} does not install: {last_words(done)}"]
        data = [
            path
            for path in (ROOT / "staria").rglob("*")
            if path.parent.name in ("assets", "templates", "static")
        ]
        names = [path.relative_to(ROOT) for path in data if path.is_file()]
        return [f"{archive.name} does not install {name}" for name in names if not (place / name).exists()]


IMPORTED_AS = {"scikit-learn": "sklearn", "pyyaml": "yaml", "mkdocs-material": "material"}  # Else by its name


def gate_requirements() -> list[str]:
    "Each requirement is used: by the package what every installation gets, by any file the extras."
    inside = [path for path in PACKAGE.rglob("*.py") if path.name != "_modidx.py"]
    folders = (PACKAGE, ROOT / "nbs", ROOT / "scripts")
    anywhere = [path for folder in folders for kind in ("*.py", "*.ipynb") for path in folder.rglob(kind)]
    anywhere += [ROOT / "Makefile", ROOT / "mkdocs.yml"]
    bad = []
    for line in (ROOT / "settings.ini").read_text(encoding="utf8").splitlines():
        option, _, wanted = line.partition(" = ")
        if option == "requirements":
            bad += [f"{option}: the package does not import {name}" for name in unused(wanted, inside, True)]
        elif option.endswith("_requirements"):
            bad += [f"{option}: nothing names {name}" for name in unused(wanted, anywhere, False)]
    return [f"settings.ini, {problem}" for problem in bad]


def unused(wanted: str, files: list[Path], imported: bool) -> list[str]:
    "List the packages that no file imports, or names at all."
    texts = [path.read_text(encoding="utf8") for path in files]
    bad = []
    for word in wanted.split():
        name = re.match(r"[\w-]+", word)[0]
        module = re.escape(IMPORTED_AS.get(name, name))
        used = rf"\b{module}\b"
        if imported:
            used = rf"^\s*(?:import|from) {module}\b|find_spec\(\"{module}\b"
        if not any(re.search(used, text, re.M) for text in texts):
            bad.append(name)
    return bad


def gate_citation() -> list[str]:
    "The citation file has what the format asks for, and names this version."
    about = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf8"))
    version = re.search(r"^version = (\S+)", (ROOT / "settings.ini").read_text(encoding="utf8"), re.M)[1]
    asked = ("cff-version", "message", "title", "authors")  # https://citation-file-format.github.io
    bad = [f"CITATION.cff: no {name}" for name in asked if not about.get(name)]
    bad += [] if about.get("version") == version else [f"CITATION.cff: not of version {version}"]
    named = [author.keys() & {"name", "family-names"} for author in about.get("authors", ())]
    return bad + ([] if all(named) else ["CITATION.cff: an author without a name"])


def gate_types() -> list[str]:
    "The names and signatures of the package hold together, and the public face is checked in full."
    done = call(sys.executable, "-m", "mypy")
    return [last_words(done, 1500)] if done.returncode else []


def gate_docs() -> list[str]:
    "The documentation site builds, no link on it is dead, and it works from disk without a network."
    with tempfile.TemporaryDirectory() as folder:
        site = Path(folder) / "site"
        for script in ("build_docs.py", "docs_check.py"):
            done = call(sys.executable, ROOT / "scripts" / script, site)
            if done.returncode not in (0, NO_BROWSER):
                return [f"{script}: {last_words(done, 1500)}"]
    return []


def gate_readme() -> list[str]:
    "The README names every room, holds no placeholder, and its Python example runs and prints what it says."
    text = (ROOT / "README.md").read_text(encoding="utf8")
    names = [module.split(".")[-1] for module in rooms()]
    problems = [f"README.md does not name the room {name}" for name in names if f"`{name}`" not in text]
    paths = re.findall(r"`((?:nbs|scripts|figures)/[\w./]+)`", text) + re.findall(
        r"\]\((figures/[\w./]+)\)", text
    )
    problems += [
        f"README.md names {path}, which is not there" for path in paths if not (ROOT / path).exists()
    ]
    problems += [
        f"README.md holds the placeholder {name}: fill it in" for name in re.findall(r"\{[A-Z_]+\}", text)
    ]
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "nbs").symlink_to(ROOT / "nbs")
        for code in re.findall(r"```python\n(.*?)```", text, re.S):
            done = call(sys.executable, "-c", code, cwd=Path(folder))
            if done.returncode:
                problems.append(f"README.md's example fails: {last_words(done)}")
                continue
            said = re.findall(r"^print\(.*\) +# (.*)$", code, re.M)
            if said != (printed := done.stdout.splitlines()):
                problems.append(f"README.md's example prints {printed}, and says that it prints {said}")
    return problems


GATES = (
    gate_export,
    gate_wings,
    gate_names,
    gate_style,
    gate_notebooks,
    gate_types,
    gate_stands_alone,
    gate_sdist,
    gate_requirements,
    gate_citation,
    gate_readme,
    gate_docs,
)
