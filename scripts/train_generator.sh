#!/usr/bin/env bash
# Trains the generator that ships, from folders of MIDI whose terms allow it. Each step goes on where it was stopped: call it again.
#
#   scripts/train_generator.sh OUT INDEX LEAVE_OUT FOLDER…
#
# OUT        where everything goes: datasets/, cache/, runs/, checkpoints/
# INDEX      an index.tsv with the columns path and licence, paths as <anything>/<folder's name>/<file's name>
# LEAVE_OUT  labelled pieces (.json.gz), by commas, that are not to be learned from, or "" for none
# FOLDER…    folders of MIDI files
set -euo pipefail
[ $# -ge 4 ] || { sed -n '2,10p' "$0" >&2; exit 2; }
out=$(realpath -m "$1") index=$(realpath "$2") leave_out=$3; shift 3
here=$(cd "$(dirname "$0")/.." && pwd); staria=${STARIA:-$here/.venv/bin/staria}; python=${PYTHON:-$here/.venv/bin/python}
steps=${STEPS:-2000} further=${FURTHER:-1300} cooling=${COOLING:-200} precision=${PRECISION:-auto}
data=$out/datasets/piano; mkdir -p "$data/midi" "$data/style"

"$python" - "$data" "$index" "$leave_out" "$@" <<'PY'
import csv, os, sys
from pathlib import Path
from staria.training.train_listener import names_in
data, index, leave_out, *folders = sys.argv[1:]
out = {name for path in leave_out.split(",") if path for name in names_in(path)}
terms = {Path(row["path"]).parts[-2:]: row["licence"] for row in csv.DictReader(open(index), delimiter="\t")}
for old in (Path(data) / "midi").iterdir(): old.unlink()        # links alone: what is left out now is not read
rows, missing = [], []
for folder in map(Path, folders):
    for path in sorted(p for p in folder.rglob("*") if p.suffix.lower() in (".mid", ".midi")):
        if any(o == path.stem or o.endswith(f"-{path.stem}") or path.stem.startswith(o) for o in out): continue
        name = f"{folder.name}-{path.name}"
        if (folder.name, path.name) not in terms: missing.append(path); continue
        if (Path(data) / "midi" / name).exists(): sys.exit(f"two files are called {name}: rename one of them")
        os.symlink(path.resolve(), Path(data) / "midi" / name)
        rows.append((f"midi/{name}", terms[folder.name, path.name]))
with open(f"{data}/index.tsv", "w") as file: csv.writer(file, delimiter="\t", lineterminator="\n").writerows([("path", "licence"), *rows])
print(len(rows), "files" + (f"; {len(missing)} left out, whose terms the index does not name, such as {missing[0]}" if missing else ""))
if not rows: sys.exit("no file whose terms the index names: check the index's paths")
PY
"$staria" label "$data/midi" --out "$data/style" --no_picture --keep
"$staria" prepare "$data" --name piano --root "$out" --free_only --splits 92,4,4
"$staria" compose --name piano --out piano-forms --count "${COMPOSED:-2200}" --root "$out" --min_section_s 4 --max_section_s 12
common=(--root "$out" --data piano,piano-forms --optimizer muon --snippet_tokens 256 --pack --val_every 200 --val_batches 12 --save_every 50 --precision "$precision" --resume)
short=(--batch_size 3 --max_tokens 1536) long=(--batch_size 1 --max_tokens 4096)      # one minute of music a row, then three
"$staria" train staria --name piano --stage C --preset light --schedule constant --learning_rate 2e-3 --warmup_steps 100 --max_steps "$steps" "${short[@]}" "${common[@]}"
"$staria" train staria --name piano-long --stage C --init "$out/checkpoints/piano/best.safetensors" --schedule constant --learning_rate 1.5e-3 --warmup_steps 30 --max_steps "$further" "${long[@]}" "${common[@]}"
"$staria" train staria --name piano-cooled --stage C --init "$out/checkpoints/piano-long/best.safetensors" --schedule linear --final_rate 0.02 --learning_rate 1.5e-3 --warmup_steps 10 --max_steps "$cooling" "${long[@]}" "${common[@]}"
"$staria" ship "$out/checkpoints/piano-cooled/best.safetensors" "$out/generator.safetensors"
