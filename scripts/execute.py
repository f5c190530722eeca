"""Run a notebook's cells, and compare what they print with what is stored.

    python scripts/execute.py NOTEBOOK ...             status 1 if a cell fails, 3 if a stored output is stale
    python scripts/execute.py --update NOTEBOOK ...    store the fresh outputs instead
    python scripts/execute.py --update --varying ...   and those of cells that vary
    python scripts/execute.py --flags "slow" ...       also run cells with these flags
    python scripts/execute.py --lenient ...            say what is stale, but leave with status 0

A cell that holds `#| varies` prints what differs between runs or processors, such as timings and losses:
of it, only whether it prints at all is compared.
"""

import argparse
import configparser
import json
import os
import re
import sys
from pathlib import Path

from clear_widgets import WIDGET, clear

ROOT = Path(__file__).resolve().parent.parent
STALE = 3  # Exit status where a stored output is not what the cell prints
# Lines that are not compared; the last is what stands in the place of a saved widget
ADDRESS = re.compile(r"\bat 0x[0-9a-f]+|model_id|IPY_MODEL|<Figure size|/tmp/|run the cell for the live one")


def directives(source: str) -> set[str]:
    "List the directives at a cell's head, such as export, slow or varies."
    return set(re.findall(r"^\s*#\|\s*([\w.]+)", source, re.M))


def printed_text(outputs: list[dict]) -> str:
    "Join what a cell printed and showed as text; pictures, widgets, warnings and addresses are left out."
    parts = []
    for output in outputs:
        if output["output_type"] == "stream" and output["name"] == "stdout":
            parts.append("".join(output["text"]))
        elif output["output_type"] == "execute_result" and WIDGET not in output["data"]:
            parts.append("".join(output["data"].get("text/plain", "")) + "\n")
    text = re.sub(r"\x1b\[[0-9;]*m", "", "".join(parts))
    return "\n".join(line.rstrip() for line in text.splitlines() if not ADDRESS.search(line)).strip()


def plain(outputs) -> list[dict]:
    "Turn execnb's output objects into plain JSON values."
    return json.loads(json.dumps(outputs or []))


def varies(cell: dict) -> bool:
    "Say whether what a cell prints differs between runs or processors."
    return "varies" in directives("".join(cell["source"]))


def is_stale(cell: dict, fresh: list[dict]) -> bool:
    "Say whether a cell's stored output is not what the cell prints today."
    stored_text, fresh_text = printed_text(cell["outputs"]), printed_text(fresh)
    if varies(cell):
        return bool(stored_text) != bool(fresh_text)
    return stored_text != fresh_text


def run_cells(path: Path, skip: set[str]) -> tuple[dict, dict[int, list[dict]], str | None]:
    "Run a notebook; give it, the fresh outputs by cell number, and the traceback where a cell failed."
    from execnb.shell import CaptureShell

    notebook = json.loads(path.read_text(encoding="utf8"))
    shell, fresh = CaptureShell(path), {}
    os.chdir(path.parent)
    for number, cell in enumerate(notebook["cells"]):
        source = "".join(cell["source"])
        if cell["cell_type"] != "code" or directives(source) & skip:
            continue
        fresh[number] = plain(shell.run(source))
        if shell.exc:
            shell._cell_idx = number + 1
            return notebook, fresh, shell.prettytb(fname=path)
    return notebook, fresh, None


def describe_change(number: int, stored: str, fresh: str) -> str:
    "Show the first line that differs."
    pairs = zip(f"{stored}\n".splitlines() + [""] * 999, f"{fresh}\n".splitlines(), strict=False)
    old, new = next(((a, b) for a, b in pairs if a != b), (stored[-100:], fresh[-100:]))
    return f"cell {number} prints {new[:160]!r}, stored is {old[:160]!r}"


def run_notebook(path: Path, skip: set[str], update: bool, lenient: bool, varying: bool) -> int:
    "Run one notebook and compare or store its outputs; give the exit status."
    notebook, fresh, trouble = run_cells(path, skip)
    if trouble:
        print(trouble, file=sys.stderr)
        return 1
    cells = notebook["cells"]
    stale = [
        number
        for number, outputs in fresh.items()
        if is_stale(cells[number], outputs) or (varying and varies(cells[number]))
    ]
    if not update:
        for number in stale:
            stored = printed_text(cells[number]["outputs"])
            print(describe_change(number, stored, printed_text(fresh[number])), file=sys.stderr)
        return STALE if stale and not lenient else 0
    for number in stale:
        cells[number]["outputs"] = fresh[number]
    if stale:
        path.write_text(json.dumps(notebook, indent=1, ensure_ascii=False) + "\n", encoding="utf8")
        clear(path)
    print(f"{path.name}: {len(stale)} outputs stored anew")
    return 0


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("notebooks", nargs="+", type=Path)
    parser.add_argument("--update", action="store_true", help="store the fresh outputs")
    parser.add_argument("--varying", action="store_true", help="store those of cells that vary, too")
    parser.add_argument("--flags", default="", help="flags of cells to run that are skipped otherwise")
    parser.add_argument("--lenient", action="store_true", help="stale outputs are no failure")
    args = parser.parse_args()
    settings = configparser.ConfigParser(delimiters=["="])
    settings.read(ROOT / "settings.ini", encoding="utf8")
    skip = set(settings["DEFAULT"]["tst_flags"].split()) - set(args.flags.split())
    os.environ["IN_TEST"] = "1"
    sys.path.insert(0, str(ROOT))
    paths = [path.resolve() for path in args.notebooks]  # Running a notebook changes the folder
    return max(run_notebook(path, skip, args.update, args.lenient, args.varying) for path in paths)


if __name__ == "__main__":
    sys.exit(main())
