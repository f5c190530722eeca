"""Take live widgets and progress bars out of saved notebooks.

A widget's state is gone when a notebook is opened again. A roll keeps its still picture.

python scripts/clear_widgets.py NOTEBOOK…
"""

import json
import sys
from pathlib import Path

WIDGET = "application/vnd.jupyter.widget-view+json"


def clear(path: Path) -> bool:
    notebook = json.loads(path.read_text(encoding="utf8"))
    changed = notebook["metadata"].pop("widgets", None) is not None
    for cell in notebook["cells"]:
        for output in cell.get("outputs", []):
            if output.get("data", {}).pop(WIDGET, None) is None:
                continue
            changed = True
            if "image/png" in output["data"]:
                output["data"]["text/plain"] = ["a piano roll: run the cell for the live one"]
            else:
                output["data"] = {}
        if cell["cell_type"] != "code":
            continue
        kept = [
            output
            for output in cell["outputs"]
            if output.get("data") != {} and output.get("name") != "stderr"
        ]
        changed, cell["outputs"] = changed or kept != cell["outputs"], kept
    if changed:
        path.write_text(
            json.dumps(notebook, indent=1, ensure_ascii=False, sort_keys=True) + "\n", encoding="utf8"
        )
    return changed


if __name__ == "__main__":
    for name in sys.argv[1:]:
        print(name, "cleared" if clear(Path(name)) else "has none")
