#!/usr/bin/env bash
# Trains the generator that ships, from folders of MIDI whose terms allow it. Each step goes on where it was stopped: call it again.
#
#   scripts/train_generator.sh OUT INDEX LEAVE_OUT FOLDER…
#
# OUT        where everything goes: datasets/, cache/, runs/, checkpoints/
# INDEX      an index.tsv with the columns path and licence (and composer and title, for styles), paths as <anything>/<folder's name>/<file's name>
# LEAVE_OUT  labelled pieces (.json.gz), by commas, that are not to be learned from, or "" for none
# FOLDER…    folders of MIDI files; of one that is called pop909, bars are heard, since its files begin on a beat and not on a bar
set -euo pipefail
[ $# -ge 4 ] || { sed -n '2,10p' "$0" >&2; exit 2; }
out=$(realpath -m "$1") index=$(realpath "$2") leave_out=$3; shift 3
here=$(cd "$(dirname "$0")/.." && pwd); staria=${STARIA:-$here/.venv/bin/staria}; python=${PYTHON:-$here/.venv/bin/python}
first=${FIRST:-1400} further=${STEPS:-1500} cooling=${COOLING:-800} again=${AGAIN:-4000} last=${LAST:-950} precision=${PRECISION:-auto} kind=${KIND:-staria}
data=$out/datasets/piano; mkdir -p "$data/midi" "$data/style"

"$python" - "$data" "$index" "$leave_out" "$@" <<'PY'
import csv, os, sys
from pathlib import Path
import numpy as np
from staria.core.basics import InputError
from staria.loop.reweighting import put_on_heard_bars
from staria.models.downbeats import find_bars
from staria.models.listener import load_listener
from staria.music.score import Score
from staria.tokens.tags import STYLES
from staria.training.train_listener import names_in

FORMS = {"mazur": "mazurka", "walc": "waltz", "valse": "waltz", "waltz": "waltz", "nocturne": "nocturne", "nokturn": "nocturne",
         "prelud": "prelude", "fug": "fugue", "sonat": "sonata", "etiud": "etude", "etude": "etude", "étude": "etude", "impromptu": "impromptu"}

def styles(folder, composer, title):
    "Name a piece's genre, and composer and form where they are known words."
    if folder == "pop909": return ["pop"]
    composers = [word for word, (field, _) in STYLES.items() if field == "composer" and word in composer.lower()]
    forms = [form for word, form in FORMS.items() if word in title.lower()]
    return ["classical", *composers[:1], *forms[:1]]

def on_heard_bars(path, listener):
    "Read a piece whose meter begins with its first downbeat as it is heard; None: unsure."
    score = Score.from_midi(path)
    heard_s = np.asarray(find_bars(listener.pulse, score, listener.config.search))
    if len(heard_s) < 3: return None
    try: return put_on_heard_bars(score, heard_s)
    except InputError: return None

data, index, leave_out, *folders = sys.argv[1:]
out = {name for path in leave_out.split(",") if path for name in names_in(path)}
about = {Path(row["path"]).parts[-2:]: row for row in csv.DictReader(open(index), delimiter="\t", quoting=csv.QUOTE_NONE)}
listener, rows, missing, unsure, made = load_listener(), [], [], 0, set()
for folder in map(Path, folders):
    for path in sorted(p for p in folder.rglob("*") if p.suffix.lower() in (".mid", ".midi")):
        if any(o == path.stem or o.endswith(f"-{path.stem}") or path.stem.startswith(o) for o in out): continue
        name = f"{folder.name}-{path.name}"
        if not (row := about.get((folder.name, path.name))): missing.append(path); continue
        if name in made: sys.exit(f"two files are called {name}: rename one of them")
        target = Path(data) / "midi" / name
        if folder.name != "pop909":
            target.unlink(missing_ok=True)
            os.symlink(path.resolve(), target)
        elif not target.exists():
            if (score := on_heard_bars(path, listener)) is None: unsure += 1; continue
            score.to_midi(target)
        made.add(name)
        rows.append((f"midi/{name}", row["licence"], " ".join(styles(folder.name, row.get("composer") or "", row.get("title") or ""))))
for old in (Path(data) / "midi").iterdir():
    if old.name not in made: old.unlink()                       # what is left out now is not read
with open(f"{data}/index.tsv", "w") as file: csv.writer(file, delimiter="\t", lineterminator="\n").writerows([("path", "licence", "style"), *rows])
print(len(rows), "files" + (f"; {len(missing)} left out, whose terms the index does not name, such as {missing[0]}" if missing else "") + f"; {unsure} whose bars are not heard surely")
if not rows: sys.exit("no file whose terms the index names: check the index's paths")
PY
"$staria" label "$data/midi" --out "$data/style" --no_picture --keep
"$staria" prepare "$data" --name piano --root "$out" --free_only --clock bars --splits 97,3,0
common=(--root "$out" --data piano --optimizer muon --weight_decay 0.1 --snippet_tokens 128 --pack --val_every 200 --val_batches 12 --save_every 50 --precision "$precision" --resume)
stage=(); [ "$kind" = staria ] && stage=(--stage C)              # KIND=baseline trains the decoder-only baseline on the same
train() {                                                       # NAME FROM SCHEDULE WARMUP STEPS SEED, and the rows
    local name=$1 from=$2 schedule=$3 warmup=$4 steps=$5 seed=$6; shift 6
    [ -z "$from" ] || set -- "$@" --init "$out/checkpoints/$from/best.safetensors"
    [ -n "$from" ] || set -- "$@" --preset light
    "$staria" train "$kind" --name "$name" "${stage[@]}" --learning_rate 2e-3 --schedule "$schedule" --warmup_steps "$warmup" --max_steps "$steps" --seed "$seed" --batch_size 3 "$@" "${common[@]}"
}
cool=(--max_tokens 2048 --final_rate 0.02)
train "$kind"             ""                constant 40 "$first"   0 --max_tokens 1024
train "$kind-on"          "$kind"           constant 10 "$further" 0 --max_tokens 1024 --accumulate 2
train "$kind-cooled"      "$kind-on"        linear   1  "$cooling" 0 "${cool[@]}"
train "$kind-far"         "$kind-cooled"    constant 40 "$again"   1 --max_tokens 1024 --accumulate 2
train "$kind-far-cooled"  "$kind-far"       linear   1  "$last"    2 "${cool[@]}"
"$staria" ship "$out/checkpoints/$kind-far-cooled/best.safetensors" "$out/$kind.safetensors"
