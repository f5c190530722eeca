"""Run the gates and every notebook's tests; close with `N passed, N failed`.

    python scripts/run_tests.py [WORD ...]     only the notebooks and gates whose name holds one of the words

STARIA_TEST_FLAGS="slow browser" runs the flagged cells too. The cells flagged slurm run wherever the Slurm of scripts/slurm_local.sh is up.
"""

import ast
import concurrent.futures
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BIN = Path(sys.executable).parent
FLAGS = os.environ.get("STARIA_TEST_FLAGS", "").split()
ENVIRONMENT = {
    **os.environ,
    "PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}",
    "OMP_NUM_THREADS": "1",
    "PYTHONUNBUFFERED": "1",
    "MPLBACKEND": "agg",
    "IN_TEST": "1",
}


def has_slurm() -> bool:
    "Say whether the Slurm for tests answers; never another one, whose queue is for work."
    if not os.environ.get("STARIA_SLURM_PROFILE") or not shutil.which("sinfo"):
        return False
    return subprocess.run(["sinfo", "-h"], capture_output=True, timeout=60).returncode == 0


def notebooks() -> list[Path]:
    return sorted(p for p in (ROOT / "nbs").rglob("*.ipynb") if ".ipynb_checkpoints" not in p.parts)


def cells(notebook: Path) -> list[str]:
    return [
        "".join(c["source"])
        for c in json.loads(notebook.read_text(encoding="utf8"))["cells"]
        if c["cell_type"] == "code"
    ]


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


def room_order() -> dict[str, tuple[int, int]]:
    "Give each exported module's place: its wing's, and its notebook's number."
    found = {}
    for notebook in notebooks():
        for source in cells(notebook):
            if m := re.search(r"^#\|\s*default_exp\s+(\S+)", source, re.M):
                module = m[1].removesuffix(".__init__")
                found[module] = (WINGS.index(module.split(".")[0]), int(re.match(r"\d+", notebook.name)[0]))
    return found


def gate_export() -> list[str]:
    "Exporting and cleaning the notebooks in a copy changes nothing."
    problems = []
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder, ROOT.name)
        shutil.copytree(
            ROOT,
            copy,
            ignore=lambda folder, names: [
                n
                for n in names
                if n not in ("nbs", "staria") and Path(folder) == ROOT and Path(folder, n).is_dir()
            ],
        )
        for command in ("nbdev_export", "nbdev_clean"):
            done = subprocess.run([BIN / command], cwd=copy, env=ENVIRONMENT, capture_output=True, text=True)
            if done.returncode:
                return [f"{command} failed: {done.stderr.strip()[-500:]}"]
        for part, pattern in (("staria", "*.py"), ("nbs", "*.ipynb")):
            ours, theirs = (
                {
                    p.relative_to(base / part): p.read_bytes()
                    for p in (base / part).rglob(pattern)
                    if ".ipynb_checkpoints" not in p.parts
                }
                for base in (ROOT, copy)
            )
            problems += [
                f"{part}/{name}: the notebooks and the tree differ; run nbdev_export && nbdev_clean"
                for name in sorted(ours.keys() | theirs.keys())
                if ours.get(name) != theirs.get(name)
            ]
    return problems


def module_path(module: str) -> Path:
    path = ROOT / "staria" / module.replace(".", "/")
    return path / "__init__.py" if path.is_dir() else path.with_suffix(".py")


def imported_modules(module: str, known: Iterable[str]) -> set[str]:
    "List the modules of the package that a module imports, at its head or inside a function."
    path = module_path(module)
    package = ["staria", *module.split(".")]
    if path.name != "__init__.py":
        package.pop()
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf8"))):
        if not isinstance(node, ast.ImportFrom):
            continue
        base = package[: len(package) - node.level + 1] if node.level else []
        target = ".".join(base + (node.module.split(".") if node.module else []))
        if target != "staria" and not target.startswith("staria."):
            continue
        target = target.removeprefix("staria").lstrip(".")
        names = {f"{target}.{alias.name}".lstrip(".") for alias in node.names}
        found |= {name for name in names if name in known} or ({target} & set(known))
    return found


def gate_imports_point_up_the_list() -> list[str]:
    "A room imports only rooms of earlier wings, and rooms of its own wing with a lower number."
    order, problems = room_order(), []
    for module, own in order.items():
        if not module_path(module).exists():
            problems.append(f"{module_path(module).relative_to(ROOT)} is missing: run nbdev_export")
            continue
        for name in sorted(imported_modules(module, order)):
            if order[name] >= own:
                problems.append(f"{module} imports {name}, which comes after it")
    written = {p for p in (ROOT / "staria").rglob("*.py") if not p.name.startswith("_")}
    orphans = written - {module_path(module) for module in order}
    return problems + [f"{path.relative_to(ROOT)} has no notebook: delete it" for path in sorted(orphans)]


def gate_style() -> list[str]:
    "Exported cells stay short, notebooks stay light, and nothing names a private path or a temporary folder."
    problems = []
    written = [
        *(ROOT / "staria").rglob("*.py"),
        *(ROOT / "scripts").glob("*.*"),
        ROOT / "README.md",
        ROOT / "Makefile",
        ROOT / ".ci" / "run",
    ]
    for path in [*notebooks(), *written]:
        if m := re.search(r"/(?:home|root|work|Users)/\w+", path.read_text(encoding="utf8")):
            problems.append(f"{path.relative_to(ROOT)}: names a private path, {m[0]}")
    for notebook in notebooks():
        name, text = notebook.relative_to(ROOT), notebook.read_text(encoding="utf8")
        for source in cells(notebook):
            lines = source.strip().count("\n")
            if re.match(r"#\|\s*export", source) and lines > 60:
                problems.append(
                    f"{name}: an exported cell of {lines} lines (at most 60): {source.splitlines()[1][:60]}"
                )
        if len(text) > 400_000:
            problems.append(f"{name}: {len(text) // 1000} kB; clear heavy outputs")
        if json.loads(text)["metadata"].get("widgets"):
            problems.append(f"{name}: holds saved widget state; clear it")
        outputs = json.dumps([c.get("outputs") for c in json.loads(text)["cells"]])
        if m := re.search(r"/tmp/\w+", outputs):
            problems.append(f"{name}: a saved output names a temporary folder, {m[0]}")
    return problems


def gate_stands_alone() -> list[str]:
    "The package imports without nbdev, fastcore and Jupyter's server."
    code = (
        "import sys, importlib, pkgutil\n"
        "for name in ('nbdev', 'fastcore', 'execnb', 'jupyter_server', 'jupyterlab', 'notebook', 'jupytext', 'playwright'): sys.modules[name] = None\n"
        "import staria\n"
        "for found in pkgutil.walk_packages(staria.__path__, 'staria.'):\n"
        "    if not found.name.rsplit('.', 1)[-1].startswith('_'): importlib.import_module(found.name)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env=ENVIRONMENT, capture_output=True, text=True
    )
    return [done.stderr.strip()[-800:]] if done.returncode else []


def gate_readme() -> list[str]:
    "The README names every room, holds no unfilled placeholder, and its Python example runs as printed."
    text = (ROOT / "README.md").read_text(encoding="utf8")
    problems = [
        f"README.md does not name the room {module}"
        for module in room_order()
        if f"`{module.split('.')[-1]}`" not in text and "." in module
    ]
    problems += [
        f"README.md names {name}, which is not there"
        for name in re.findall(r"`((?:nbs|scripts|figures)/[\w./]+)`|\]\((figures/[\w./]+)\)", text)
        for name in [name[0] or name[1]]
        if not (ROOT / name).exists()
    ]
    problems += [
        f"README.md holds the placeholder {name}: fill it in" for name in re.findall(r"\{[A-Z_]+\}", text)
    ]
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "nbs").symlink_to(ROOT / "nbs")
        for code in re.findall(r"```python\n(.*?)```", text, re.S):
            done = subprocess.run(
                [sys.executable, "-c", code], cwd=folder, env=ENVIRONMENT, capture_output=True, text=True
            )
            if done.returncode:
                problems.append(f"README.md's example fails: {done.stderr.strip()[-800:]}")
    return problems


def run_notebook(notebook: Path) -> tuple[list[str], float]:
    "Run one notebook's cells as nbdev does, in a process of its own."
    start = time.perf_counter()
    try:
        done = subprocess.run(
            [
                BIN / "nbdev_test",
                "--path",
                notebook,
                "--n_workers",
                "0",
                *(["--flags", " ".join(FLAGS)] if FLAGS else []),
            ],
            cwd=ROOT,
            env=ENVIRONMENT,
            capture_output=True,
            text=True,
            timeout=1800,
        )
    except subprocess.TimeoutExpired:
        return ["ran over 30 minutes"], time.perf_counter() - start
    text = done.stdout + done.stderr
    return (
        [] if done.returncode == 0 and "Success." in text else [text.strip()[-3000:]]
    ), time.perf_counter() - start


def run_browser() -> tuple[list[str] | None, str]:
    "Use the widgets in a real browser; None where there is none."
    try:
        done = subprocess.run(
            [sys.executable, ROOT / "scripts" / "browser_check.py"],
            cwd=ROOT,
            env=ENVIRONMENT,
            capture_output=True,
            text=True,
            timeout=1800,
        )
    except subprocess.TimeoutExpired:
        return ["ran over 30 minutes"], ""
    return None if done.returncode == 3 else [
        (done.stdout + done.stderr).strip()[-3000:]
    ] if done.returncode else [], done.stdout.strip()


def main() -> int:
    words, failed, passed = sys.argv[1:], [], 0
    if has_slurm() and "slurm" not in FLAGS:
        FLAGS.append("slurm")
    wanted = lambda name: not words or any(word in name for word in words)

    def report(name, problems, seconds):
        nonlocal passed
        print(f"{'failed' if problems else 'passed'}  {name}  ({seconds:.0f} s)", flush=True)
        for problem in problems:
            print("    " + problem.replace("\n", "\n    "), flush=True)
        if problems:
            failed.append(
                f"{name}: {' | '.join(line.strip() for line in problems[-1].splitlines()[-8:])[-600:]}"
            )
        else:
            passed += 1

    for gate in (gate_export, gate_imports_point_up_the_list, gate_style, gate_stands_alone, gate_readme):
        if not wanted(gate.__name__):
            continue
        start = time.perf_counter()
        report(gate.__name__.replace("_", " "), gate(), time.perf_counter() - start)
    chosen = [n for n in notebooks() if wanted(n.relative_to(ROOT / "nbs").as_posix())]
    if "slurm" in FLAGS:
        chosen.sort(key=lambda n: "slurm_survival" not in n.name)  # the longest first
    with concurrent.futures.ThreadPoolExecutor(min(2, os.cpu_count() or 1)) as pool:
        waiting = {pool.submit(run_notebook, notebook): notebook for notebook in chosen}
        for done in concurrent.futures.as_completed(waiting):
            report(waiting[done].relative_to(ROOT).as_posix(), *done.result())
    if wanted("browser"):
        start = time.perf_counter()
        problems, said = run_browser()
        print(said, flush=True)
        if problems is not None:
            report("browser", problems, time.perf_counter() - start)
    if not set(FLAGS) - {"slurm"}:
        print('cells flagged slow or cuda were not run: STARIA_TEST_FLAGS="slow" make test runs those named')
    if "slurm" not in FLAGS:
        print(
            'the Slurm tests were not run, for lack of a Slurm to test on: eval "$(scripts/slurm_local.sh up)", make test, scripts/slurm_local.sh down'
        )
    for one in failed:
        print("failed: " + one)  # its last words once more: of a long log one often sees the end alone
    print(f"{passed} passed, {len(failed)} failed")
    return bool(failed)


if __name__ == "__main__":
    sys.exit(main())
