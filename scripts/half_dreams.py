"""Make the benchmark of changed pieces anew: staria/assets/half_dreams.json.gz.

    python scripts/half_dreams.py FOLDER... --leave-out FILE.json.gz...

A folder has an index.tsv (path, composer, title, notes, licence); pieces of labelled files are left out.
Pieces of free terms are taken whose sections the listener hears and the notes confirm: what shares a letter
has most of its notes in common, what does not has few. Each gives one change of every kind that it allows,
and some a second one. What is done of a piece is kept in cache/half-dreams of the workspace, so a stopped
call goes on.
"""

import argparse
import csv
import gzip
import json
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from tree import ROOT

from staria.core.basics import InputError
from staria.core.files import Workspace, atomic_write
from staria.data.corpus import open_source
from staria.generation.generation import Sampling
from staria.loop.counterfactual import KEEPING, change_piece, pack_notes, read_counterfactuals
from staria.loop.half_dreams import CHANGES, make_moved, rewrite_section
from staria.models.listener import load_listener
from staria.models.presets import load_generator
from staria.music.bar_clock import find_bar_clock
from staria.music.score import Score
from staria.music.sections import section_of_times
from staria.music.variations import VARIATIONS, fold

OUT = ROOT / "staria" / "assets" / "half_dreams.json.gz"
TERMS = (
    "Pieces: The Fryderyk Chopin Institute, Polish Music Heritage in Open Access (polishscores.org) and First"
    " Editions of Fryderyk Chopin's Music (chopinscores.org), CC BY 4.0; converted to notes, sections and"
    " changes are ours. The whole is CC BY 4.0."
)
FREE = ("CC BY 4.0",)
WANTED = 300  # Changes that alter the form
LENGTH_S = (35.0, 200.0)
NOTES = (150, 2000)
SECTIONS = (4, 14)
SHORTEST_S = 4.0  # Of a section
MOST = {"returned": 2, "replaced": 2, "moved": 2}  # Changes of a kind that a piece may have
SUREST, ALIKE, UNLIKE = 0.12, 0.6, 0.4  # Belief in the whole form; shares of notes in common
ROOM = 520  # Notes that the generator may read before it writes
RUN = 24  # Pitches in a row that say that it is the same music
STEP_MS = 60  # Onsets within so much are one


def share_notes(one: Score, other: Score) -> float:  # 0 to 1
    "Measure how many notes two passages have in common, by onset and pitch; they may begin some notes apart."
    times = [part.notes["onset_ms"] for part in (one, other)]
    pitches = [part.notes["pitch"].tolist() for part in (one, other)]
    if not len(one) or not len(other):
        return 0.0
    shifts = {0.0, *(times[0][:4] - times[1][0]).tolist(), *(times[0][0] - times[1][:4]).tolist()}
    best = 0
    for shift in shifts:
        places = [np.round(times[0] / STEP_MS), np.round((times[1] + shift) / STEP_MS)]
        counts = [
            Counter(zip(place.tolist(), pitch, strict=True))
            for place, pitch in zip(places, pitches, strict=True)
        ]
        best = max(best, (counts[0] & counts[1]).total())
    return 2 * best / (len(one) + len(other))


def compare_sections(score: Score) -> np.ndarray:  # (K, K) shares of notes
    parts = [score.slice_section(k) for k in range(len(score.sections))]
    return np.array([[share_notes(one, other) for other in parts] for one in parts])


def is_confirmed(score: Score) -> bool:
    "Say whether the notes confirm the letters."
    form = "".join(section.label for section in score.sections)
    if not SECTIONS[0] <= len(form) <= SECTIONS[1] or "N" in form or not 1 < len(set(form)) < len(form):
        return False
    if min(section.end_s - section.start_s for section in score.sections) < SHORTEST_S:
        return False
    letters = np.array(list(form))
    upper = np.triu(np.ones((len(form), len(form)), bool), 1)
    same = (letters[:, None] == letters) & upper
    shared = compare_sections(score)
    return shared[same].min() >= ALIKE and shared[upper & ~same].max() <= UNLIKE


def rounded(score: Score) -> Score:
    "Give a piece as the file will have it: whole milliseconds."
    notes = score.notes.copy()
    notes["onset_ms"] = np.round(notes["onset_ms"])
    notes["duration_ms"] = np.maximum(np.round(notes["duration_ms"]), 1)
    notes["instrument"] = 0
    notes = notes[np.argsort(notes["onset_ms"], kind="stable")]
    return Score(notes, tempos=score.tempos[:1], meters=score.meters[:1] * [[0, 1, 1]], title=score.title)


def runs_of(pitches: list[int]) -> set[tuple[int, ...]]:
    return {tuple(pitches[i : i + RUN]) for i in range(len(pitches) - RUN)}


def read_runs(paths: list[str]) -> set[tuple[int, ...]]:
    "Read the runs of pitches of labelled pieces."
    known: set[tuple[int, ...]] = set()
    for path in paths:
        source = open_source(f"labelled:{path}")
        for item in source.items:
            known |= runs_of(source.load(item).notes["pitch"].tolist())
    return known


def as_frozen(piece: dict) -> Score:
    none = {"piece": 0, "change": "none", "section": 0}
    return read_counterfactuals({"pieces": [piece], "changes": [none], "terms": ""}).dreams[0].before


def find_pieces(folders: list[str], known: set[tuple[int, ...]]) -> Iterator[tuple[str, dict, Score]]:
    "Find pieces that may be shared and whose form is sure: key, line of the index, score with sections."
    listener = load_listener()
    rows = []
    for folder in map(Path, folders):
        lines = csv.DictReader((folder / "index.tsv").open(encoding="utf8"), delimiter="\t")
        rows += [(folder / row["path"], row) for row in lines if row["licence"] in FREE]
    for path, row in rows:
        if not NOTES[0] <= int(row["notes"]) <= NOTES[1]:
            continue
        score = Score.from_midi(path)
        if find_bar_clock(score) is None or not LENGTH_S[0] <= score.duration_s <= LENGTH_S[1]:
            continue
        runs = runs_of(score.notes["pitch"].tolist())
        if len(runs & known) > 0.05 * len(runs):
            continue
        given = rounded(score)
        found = listener.segment(given)
        heard = given.with_sections(found.sections)
        if found.share >= SUREST and is_confirmed(heard):
            yield Path(row["path"]).with_suffix("").as_posix().removeprefix("midi/"), row, heard


def fit_passage(part: Score, score: Score) -> Score:
    "Put music of another piece into this piece's tempo and key."
    ratio = find_bar_clock(score).bar_s / find_bar_clock(part).bar_s
    notes = part.notes.copy()
    notes["onset_ms"] *= ratio
    notes["duration_ms"] *= ratio
    profiles = [np.bincount(some["pitch"] % 12, some["duration_ms"], 12) for some in (notes, score.notes)]
    shift = max(range(-5, 7), key=lambda up: float(np.roll(profiles[0], up) @ profiles[1]))
    notes["pitch"] = fold(notes["pitch"].astype(int) + shift)
    return part.replace(notes=notes, tempos=score.tempos, meters=score.meters, sections=(), timing=None)


def rounded_part(part: Score) -> Score:
    return rounded(part.replace(sections=(), timing=None))


def with_partner(score: Score) -> list[int]:
    "List the sections, but for the first, whose letter comes again."
    return [k for k in range(1, len(score.form)) if score.form.count(score.form[k]) > 1]


def is_new(score: Score, k: int, part: Score) -> bool:
    "Say whether a passage is like no section of a piece but the one that it replaces."
    others = [score.slice_section(i) for i in range(len(score.sections)) if i != k]
    return max(share_notes(part, other) for other in others) <= UNLIKE


def fresh_letter(score: Score, k: int) -> str | None:
    used = {section.label for i, section in enumerate(score.sections) if i != k}
    return next((letter for letter in "ABCD" if letter not in used), None)


def change_returned(score: Score, donors: list[Score], rng: np.random.Generator) -> Iterator[dict]:
    spans = [section.end_s - section.start_s for section in score.sections]
    pairs = [
        (k, j)
        for k in range(1, len(spans))
        for j in range(len(spans))
        if score.form[k] != score.form[j] and 0.95 * spans[k] <= spans[j] <= 1.3 * spans[k]
    ]
    for k, j in rng.permutation(pairs).tolist() if pairs else []:
        yield {"section": k, "of": j}


def change_moved(score: Score, donors: list[Score], rng: np.random.Generator) -> Iterator[dict]:
    count = len(score.sections)
    pairs = [(k, j) for k in range(count) for j in range(count) if k != j]
    for k, j in rng.permutation(pairs).tolist():
        if make_moved(score, k, j).score.form != score.form:
            yield {"section": k, "to": j}


def passages(score: Score, k: int, donors: list[Score], rng: np.random.Generator) -> Iterator[Score]:
    "List passages of other pieces in the same meter that are long enough for a section."
    length_s = score.sections[k].end_s - score.sections[k].start_s
    fitting = [donor for donor in donors if donor.meters[0].tolist() == score.meters[0].tolist()]
    for n in rng.permutation(len(fitting)).tolist()[:8]:
        donor = fitting[n]
        for i in rng.permutation(len(donor.sections)).tolist():
            part = fit_passage(
                donor.slice_section(i).replace(meters=donor.meters, tempos=donor.tempos), score
            )
            if part.duration_s > 0.97 * length_s:
                yield part.replace(source=donor.source)


def change_replaced(score: Score, donors: list[Score], rng: np.random.Generator) -> Iterator[dict]:
    for k in rng.permutation(with_partner(score)).tolist():
        label = fresh_letter(score, k)
        if label is None:
            continue
        for part in passages(score, k, donors, rng):
            cut = part.slice(0.0, score.sections[k].end_s - score.sections[k].start_s)
            if is_new(score, k, cut):
                notes = pack_notes(rounded_part(cut))
                yield {"section": k, "label": label, "from": part.source, "notes": notes}


def change_rewritten(score: Score, donors: list[Score], rng: np.random.Generator) -> Iterator[dict]:
    section_of = section_of_times(score.sections, score.onset_s)
    fitting = [k for k in with_partner(score) if (section_of <= k).sum() <= ROOM and fresh_letter(score, k)]
    for k in rng.permutation(fitting).tolist():
        for seed, part in zip(range(2), passages(score, k, donors, rng), strict=False):
            label, snippet = fresh_letter(score, k), part.slice(0.0, 8.0)
            dream = rewrite_section(load_writer(), score, k, label, snippet, Sampling(), seed)
            written = dream.score.slice_section(k)
            if is_new(score, k, written):
                notes = pack_notes(rounded_part(written))
                yield {"section": k, "label": label, "from": part.source, "notes": notes}


def keeping(score: Score, rng: np.random.Generator, change) -> Iterator[dict]:
    "Change a section that comes again, or comes again as something else would, and keep its letter."
    for k in rng.permutation(with_partner(score)).tolist():
        part = change(score.slice_section(k), rng)
        length_s = score.sections[k].end_s - score.sections[k].start_s
        part = part.slice(0.0, length_s)
        if not len(part) or part.duration_s < 0.9 * length_s:
            continue
        shared = share_notes(part, score.slice_section(k))
        if shared < 0.97:
            yield {"section": k, "label": score.form[k], "notes": pack_notes(rounded_part(part))}


def vary(part: Score, rng: np.random.Generator) -> Score:
    return VARIATIONS["melody"](VARIATIONS["accompaniment"](part, rng), rng)


def play(part: Score, rng: np.random.Generator) -> Score:
    notes = part.notes.copy()
    notes["onset_ms"] = np.maximum(notes["onset_ms"] + rng.normal(0, 20, len(notes)), 0)
    notes["velocity"] = np.clip(notes["velocity"] + rng.normal(0, 8, len(notes)), 12, 124)
    return part.replace(notes=notes[np.argsort(notes["onset_ms"], kind="stable")], timing=None)


def change_kept(change):
    return lambda score, donors, rng: keeping(score, rng, change)


_WRITER: list = []


def load_writer():
    if not _WRITER:
        _WRITER.append(load_generator())
    return _WRITER[0]


MAKERS = {
    "returned": change_returned,
    "replaced": change_replaced,
    "moved": change_moved,
    "rewritten": change_rewritten,
    "varied": change_kept(vary),
    "transposed": change_kept(VARIATIONS["transpose"]),
    "played": change_kept(play),
    "none": lambda score, donors, rng: iter([{"section": 0}]),
}
assert set(MAKERS) == {*CHANGES, *KEEPING}


def is_sound(score: Score, change: dict) -> bool:
    "Say whether a change can be read from a file."
    try:
        change_piece(score, change)
    except InputError:
        return False
    return True


def make_changes(number: int, score: Score, donors: list[Score], wanted: Sequence[str]) -> list[dict]:
    "Change a piece in each way that it allows, where that is cheap in a second section, too."
    changes = []
    for place, (change, make) in enumerate(MAKERS.items()):
        if change not in wanted:
            continue
        sections: set[int] = set()
        try:
            for made in make(score, donors, np.random.default_rng([number, place])):
                if made["section"] not in sections and is_sound(score, {"change": change} | made):
                    changes.append({"change": change} | made)
                    sections.add(made["section"])
                if len(sections) == MOST.get(change, 1):
                    break
        except InputError as trouble:
            print(f"{score.source}, {change}: {trouble}")
    return changes


def describe_piece(key: str, row: dict, score: Score) -> dict:
    spans = [[s.label, round(1000 * s.start_s), round(1000 * s.end_s)] for s in score.sections]
    clock = find_bar_clock(score)
    about = {name: row[name] for name in ("composer", "title", "licence")}
    tempo = {"meter": list(clock.meter), "tempo_qpm": round(clock.tempo_qpm, 6)}
    return {"key": key, **about, **tempo, "sections": spans, "notes": pack_notes(score)}


def write_json(path: Path, content: list) -> None:
    with atomic_write(path) as file:
        file.write(json.dumps(content).encode())


def choose_changes(changes: list[dict]) -> list[dict]:
    "Take the first change of each kind of a piece, and of the second ones as many as are wanted."
    seen: Counter = Counter()
    firsts, seconds = [], []
    for change in changes:
        kind = change["piece"], change["change"]
        (seconds if seen[kind] else firsts).append(change)
        seen[kind] += 1
    altering = sum(change["change"] in CHANGES for change in firsts)
    order = np.random.default_rng(0).permutation(len(seconds))
    added = [seconds[i] for i in sorted(order[: max(0, WANTED - altering)].tolist())]
    return sorted(firsts + added, key=lambda change: (change["piece"], list(MAKERS).index(change["change"])))


def choose_pieces(folders: list[str], left_out: list[str], path: Path) -> list[dict]:
    "Find the pieces, or read which ones were found."
    if not path.exists():
        known = read_runs(left_out)
        found = [describe_piece(*found) for found in find_pieces(folders, known)]
        write_json(path, found)
    return json.loads(path.read_text(encoding="utf8"))


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("folders", nargs="+")
    options.add_argument("--leave-out", nargs="*", default=[])
    options.add_argument("--rewritten", type=int, help="how many pieces the generator changes; else all")
    given = options.parse_args()
    folder = Workspace().cache / "half-dreams"
    folder.mkdir(parents=True, exist_ok=True)
    pieces = choose_pieces(given.folders, given.leave_out, folder / "pieces.json")
    scores = [as_frozen(piece) for piece in pieces]
    changes = []
    cheap = [change for change in MAKERS if change != "rewritten"]
    for name, wanted, count in (("", cheap, len(scores)), ("-rewritten", ["rewritten"], given.rewritten)):
        for number, score in enumerate(scores[:count]):
            path = folder / f"{number}{name}.json"
            if not path.exists():
                others = [other for other in scores if other is not score]
                write_json(path, make_changes(number, score, others, wanted))
            made = json.loads(path.read_text(encoding="utf8"))
            changes += [{"piece": number} | change for change in made]
    changes = choose_changes(changes)
    content = {"terms": TERMS, "pieces": pieces, "changes": changes}
    packed = gzip.compress(json.dumps(content, separators=(",", ":")).encode(), 9, mtime=0)
    with atomic_write(OUT) as file:
        file.write(packed)
    print(len(pieces), "pieces,", Counter(change["change"] for change in changes), len(packed), "bytes")


if __name__ == "__main__":
    main()
