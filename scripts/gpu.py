"""Do all that waits for a GPU, in twelve minutes on one.

    python scripts/gpu.py OUT                     on a machine with a GPU
    python scripts/gpu.py OUT --rehearse          the same on a CPU, tiny: does it run from end to end?
    python scripts/gpu.py OUT --data STORE        train on a store of yours
    python scripts/gpu.py OUT --only step train   some parts; --minutes 9 gives all of them less time
    python scripts/gpu.py --join OUT MODEL        put the weights together that a training left in OUT

The parts stand in scripts/gpu_parts.py. Each runs in a process of its own, has a budget of time and gives
rows, which OUT/results.json holds as soon as they are there. A part that fails or takes too long does not
stop the others. What the parts leave of their time goes to the last one, the training. The exit status is 1
if a part failed.

`pip install -c constraints.txt .` brings all that it needs. Without midirenderer, soundfile, pyloudnorm,
pretty_midi, mir_eval, jsonargparse and scikit-learn only the rows of whole written pieces fail.
"""

import argparse
import hashlib
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections import deque
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BUDGET_S = {  # Part: seconds, in the order in which they run; together twelve minutes
    "rates": 30,
    "cells": 120,
    "attention": 90,
    "step": 150,
    "writing": 150,
    "train": 180,
}
ROW = "ROW "  # How a line of a part begins that holds a row


def save(results: dict, out: Path) -> None:
    "Write the results; whoever reads them meanwhile finds a whole file."
    beside = out / "results.json.new"
    beside.write_text(json.dumps(results, indent=1) + "\n", encoding="utf8")
    beside.replace(out / "results.json")


def end(process: subprocess.Popen) -> None:
    "End a part and all that it started."
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        pass


def run_part(name: str, budget_s: float, words: list[str], results: dict, out: Path) -> dict:
    "Run one part within its budget, and keep its rows as they come."
    began = time.perf_counter()
    part = {"state": "running", "budget_s": round(budget_s), "rows": []}
    results["parts"][name] = part
    save(results, out)
    # A part knows its budget, and plans with nine tenths of it
    command = [sys.executable, ROOT / "scripts" / "gpu_parts.py", name, out, f"{0.9 * budget_s:.0f}", *words]
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True
    )
    over = threading.Timer(budget_s, end, [process])
    over.start()
    last = deque(maxlen=25)
    try:
        for line in process.stdout:
            if line.startswith(ROW):
                part["rows"].append(json.loads(line.removeprefix(ROW)))
                save(results, out)
                print(f"{name}: {line.removeprefix(ROW)}", end="", flush=True)
            else:
                last.append(line.rstrip())
        status = process.wait()
    finally:
        in_time = over.is_alive()
        over.cancel()
        end(process)
    part["seconds"] = round(time.perf_counter() - began, 1)
    failed_rows = [row for row in part["rows"] if "error" in row]
    part["state"] = "failed" if status or failed_rows else "done"
    if not in_time:
        part["state"] = "out of time"
    if part["state"] != "done":
        part["last_lines"] = list(last)
    save(results, out)
    print(f"{name}: {part['state']} after {part['seconds']} s", flush=True)
    return part


def run_parts(chosen: list[str], minutes: float, words: list[str], out: Path) -> int:
    "Run the parts one after the other; give the exit status."
    out.mkdir(parents=True, exist_ok=True)
    began, scale = time.perf_counter(), 60 * minutes / sum(BUDGET_S.values())
    results = {"began": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()), "words": words, "parts": {}}
    for name in chosen:
        budget_s = scale * BUDGET_S[name]
        if name == list(BUDGET_S)[-1]:
            budget_s = max(budget_s, 60 * minutes - (time.perf_counter() - began))
        run_part(name, budget_s, words, results, out)
    failed = [name for name, part in results["parts"].items() if part["state"] != "done"]
    print(
        f"{out / 'results.json'}: {len(chosen) - len(failed)} parts done; not: {', '.join(failed) or 'none'}"
    )
    return int(bool(failed))


def join(out: Path, target: Path) -> int:
    "Put a model together from its parts, and compare its checksum with what the training said."
    rows = json.loads((out / "results.json").read_text(encoding="utf8"))["parts"]["train"]["rows"]
    said = next((row for row in rows if "sha256" in row), None)
    if said is None:
        print(f"{out / 'results.json'} names no weights: the training did not come so far", file=sys.stderr)
        return 1
    content = b"".join((out / name).read_bytes() for name in said["files"])
    if hashlib.sha256(content).hexdigest() != said["sha256"]:
        print(
            f"the parts in {out} do not have the checksum of the weights: fetch them again", file=sys.stderr
        )
        return 1
    target.write_bytes(content)
    print(f"{target}: {len(content) / 1e6:.1f} MB, as the training wrote it")
    return 0


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("out", type=Path, help="folder for results.json and weights")
    parser.add_argument("target", type=Path, nargs="?", help="with --join: the model file to write")
    parser.add_argument("--rehearse", action="store_true", help="tiny, on a CPU, with stand-ins for kernels")
    parser.add_argument("--data", type=Path, help="a store to train on; else five pieces that are here")
    parser.add_argument("--only", nargs="+", choices=BUDGET_S, default=list(BUDGET_S), help="some parts")
    parser.add_argument("--minutes", type=float, default=12.0, help="for all parts together")
    parser.add_argument("--join", action="store_true", help="put weights together")
    args = parser.parse_args()
    if args.join:
        if args.target is None:
            parser.error("--join needs the folder of the parts and the file to write")
        return join(args.out, args.target)
    words = ["--rehearse"] if args.rehearse else []
    words += ["--data", str(args.data.resolve())] if args.data else []
    return run_parts(
        [name for name in BUDGET_S if name in args.only], args.minutes, words, args.out.resolve()
    )


if __name__ == "__main__":
    sys.exit(main())
