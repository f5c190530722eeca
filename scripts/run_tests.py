"""Run the gates and every notebook's tests; close with `N passed, N failed`.

    python scripts/run_tests.py [WORD ...]     only the notebooks and gates whose name holds one of the words

STARIA_TEST_FLAGS="slow browser" runs the flagged cells too. STARIA_TEST_KERNELS=plain computes as an older
processor would, on two threads: no test may depend on which kernels a library chooses, so a run of
everything runs some rooms once more in each such way. Cells flagged slurm run wherever the Slurm of
scripts/slurm_local.sh is up.
"""

import concurrent.futures
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

BIN = Path(sys.executable).parent
os.environ |= {
    "PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}",
    "OMP_NUM_THREADS": "1",
    "PYTHONUNBUFFERED": "1",
    "PYTHONDONTWRITEBYTECODE": "",  # Hundreds of processes start: none compiles Lightning and torch again
    "MPLBACKEND": "agg",
    "IN_TEST": "1",
}
KERNELS = {
    "": {},
    "avx2": {"ONEDNN_MAX_CPU_ISA": "AVX2", "ATEN_CPU_CAPABILITY": "avx2", "OMP_NUM_THREADS": "2"},
    "plain": {
        "ONEDNN_MAX_CPU_ISA": "SSE41",
        "ATEN_CPU_CAPABILITY": "default",
        "MKL_CBWR": "COMPATIBLE",
        "NPY_DISABLE_CPU_FEATURES": "X86_V3 X86_V4 AVX512_ICL AVX512_SPR",
        "OPENBLAS_CORETYPE": "Nehalem",
        "OMP_NUM_THREADS": "2",
    },
}  # STARIA_TEST_KERNELS: what libraries may use of the processor
WAY = os.environ.get("STARIA_TEST_KERNELS", "")
os.environ |= KERNELS[WAY]

from gates import GATES  # noqa: E402, the environment comes first
from tree import ROOT, notebooks  # noqa: E402

from staria.core.device import usable_cores  # noqa: E402

# Seconds: longer is a failure; flagged cells measure
LONGEST_S = 3600 if os.environ.get("STARIA_TEST_FLAGS") else 1500
DETERMINISTIC = ("core", "nbs")  # Folders whose stale outputs fail; elsewhere they are said
NO_BROWSER = 3  # Exit status of the browser tests where there is no Chromium
FIRST = ("00_demo", "cli", "04_fit")  # Long notebooks, started first
WAITING = ("slurm_survival", "06_train_on_slurm", "04_slurm")  # For Slurm: one after another, beside the rest
OTHER_KERNELS = {
    "avx2": ("models/03_decoder",),
    "plain": ("models/04_staria", "generation/01_generation"),
}  # Rooms whose networks compute, run once more in each way


def has_slurm() -> bool:
    "Say whether the Slurm for tests answers; never another one, whose queue is for work."
    if not os.environ.get("STARIA_SLURM_PROFILE") or not shutil.which("sinfo"):
        return False
    return subprocess.run(["sinfo", "-h"], capture_output=True, timeout=60).returncode == 0


def run_script(*words, way: str = WAY) -> subprocess.CompletedProcess | None:
    "Run a script of this folder with a way of kernels; None where it took too long."
    command = [sys.executable, *words]
    env = os.environ | KERNELS[way]
    try:
        return subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, timeout=LONGEST_S)
    except subprocess.TimeoutExpired:
        return None


def problems_of(done: subprocess.CompletedProcess | None) -> list[str]:
    if done is None:
        return [f"ran over {LONGEST_S // 60} minutes"]
    return [(done.stdout + done.stderr).strip()[-3000:]] if done.returncode else []


def run_notebook(notebook: Path, flags: list[str], way: str = WAY) -> tuple[list[str], float]:
    "Run one notebook in a process of its own; give its problems and the seconds."
    start = time.perf_counter()
    # What networks compute differs between processors in the last bits, and so may what is printed
    strict = notebook.parent.name in DETERMINISTIC
    words = [notebook, "--flags", " ".join(flags), *([] if strict else ["--lenient"])]
    done = run_script(ROOT / "scripts" / "execute.py", *words, way=way)
    if way == WAY and done is not None and done.returncode == 0:
        stale = [line for line in done.stderr.splitlines() if re.match(r"cell \d+ prints", line)]
        for line in stale:
            print(f"stale   {notebook.relative_to(ROOT)}: {line[:150]}", flush=True)
    return problems_of(done), time.perf_counter() - start


class Tally:
    "Print what passed and what failed, and count."

    def __init__(self):
        self.passed = 0
        self.failed: list[str] = []

    def add(self, name: str, problems: list[str] | None, seconds: float) -> None:
        "Count a test; problems that are None are of a test that could not be run."
        if problems is None:
            return
        print(f"{'failed' if problems else 'passed'}  {name}  ({seconds:.0f} s)", flush=True)
        for problem in problems:
            print("    " + problem.replace("\n", "\n    "), flush=True)
        if not problems:
            self.passed += 1
            return
        last = [line.strip() for line in problems[-1].splitlines()[-8:]]
        self.failed.append(f"{name}: {' | '.join(last)[-600:]}")

    def close(self) -> int:
        "Print the failures once more, where the end of the log is seen; give the exit status."
        for line in self.failed:
            print("failed: " + line)
        print(f"{self.passed} passed, {len(self.failed)} failed")
        return int(bool(self.failed))


def run_gate(gate: Callable[[], list[str]]) -> tuple[list[str], float]:
    start = time.perf_counter()
    return gate(), time.perf_counter() - start


def run_browser() -> tuple[list[str] | None, float]:
    "Use the widgets in a real browser; None for its problems where there is none."
    start = time.perf_counter()
    done = run_script(ROOT / "scripts" / "browser_check.py")
    if done is not None:
        print(done.stdout.strip(), flush=True)
    problems = None if done is not None and done.returncode == NO_BROWSER else problems_of(done)
    return problems, time.perf_counter() - start


def name_of(notebook: Path) -> str:
    "Name a notebook by its wing and file, without the suffix."
    return notebook.relative_to(ROOT / "nbs").with_suffix("").as_posix()


def run_all(wanted: Callable[[str], bool], flags: list[str], tally: Tally) -> None:
    "Run gates, browser and notebooks, two at a time; what waits for a Slurm has a place of its own."
    for gate in GATES[:1]:  # It exports: nothing runs beside it
        if wanted(gate.__name__):
            tally.add(gate.__name__.replace("_", " "), *run_gate(gate))
    chosen = [n for n in notebooks() if wanted(f"{name_of(n)}.ipynb")]
    chosen.sort(key=lambda n: not any(word in n.name for word in FIRST))
    again = [] if len(chosen) < len(notebooks()) or WAY else OTHER_KERNELS.items()
    with (
        concurrent.futures.ThreadPoolExecutor(min(2, usable_cores())) as pool,
        concurrent.futures.ThreadPoolExecutor(1) as beside,
    ):
        waiting = {}
        for gate in GATES[1:]:
            if wanted(gate.__name__):
                waiting[pool.submit(run_gate, gate)] = gate.__name__.replace("_", " ")
        if wanted("browser"):
            waiting[pool.submit(run_browser)] = "browser"
        for way, names in again:
            for notebook in (n for n in chosen if name_of(n) in names):
                name = f"nbs/{name_of(notebook)}.ipynb with {way} kernels"
                waiting[pool.submit(run_notebook, notebook, [], way)] = name
        for notebook in chosen:
            place = beside if "slurm" in flags and notebook.stem in WAITING else pool
            waiting[place.submit(run_notebook, notebook, flags)] = f"nbs/{name_of(notebook)}.ipynb"
        for done in concurrent.futures.as_completed(waiting):
            tally.add(waiting[done], *done.result())


def main() -> int:
    words, tally = sys.argv[1:], Tally()
    flags = os.environ.get("STARIA_TEST_FLAGS", "").split()
    if has_slurm() and "slurm" not in flags:
        flags.append("slurm")

    def wanted(name: str) -> bool:
        return not words or any(word in name for word in words)

    run_all(wanted, flags, tally)
    if not set(flags) - {"slurm"}:
        print('cells flagged slow or cuda were not run: STARIA_TEST_FLAGS="slow" make test runs those named')
    if "slurm" not in flags:
        print("the Slurm tests were not run, for lack of a Slurm to test on; to run them:")
        print('    eval "$(scripts/slurm_local.sh up)"; make test; scripts/slurm_local.sh down')
    return tally.close()


if __name__ == "__main__":
    sys.exit(main())
