"""Write the documentation's ten pieces anew with the generator that ships, into docs/examples.

    python scripts/examples.py [--checkpoint FILE]      some minutes; then commit docs/examples

Each piece is kept as MIDI, section file and record. The documentation's builder makes of these the pages
that play.
"""

import argparse
import gzip
import inspect
import json
import re
import sys
from collections.abc import Collection
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path

import numpy as np
from jinja2 import Template
from tree import ROOT

from staria import __version__
from staria.app.music_commands import generate_command
from staria.core.basics import InputError
from staria.core.files import atomic_write
from staria.data.corpus import find_music, open_source, read_piece
from staria.data.plan import Plan, plan_from_dict
from staria.data.snippet_bank import load_snippet_bank
from staria.evaluation.report import details, fill_chapters, paragraph, roll, write_report
from staria.evaluation.showcase import (
    hear_piece,
    heard_roll,
    heard_rows,
    made_with,
    written_roll,
    written_row,
)
from staria.generation.candidates import load_provenance, plan_pieces, save_candidate, write_best
from staria.models.listener import load_listener
from staria.models.presets import load_generator
from staria.models.weights import weights_hash
from staria.music.bar_clock import find_bar_clock
from staria.music.score import Score
from staria.music.sections import Section, load_sections
from staria.tokens.tags import styles_of

FOLDER = ROOT / "docs" / "examples"
SEED = 0
OWN = "own.abc"  # A person's own material, for the last piece
OWN_CREDIT = f"a person's own file, {OWN}: “Ah! vous dirai-je, maman”, traditional, public domain"


@dataclass(frozen=True)
class Example:
    "Say what one piece is asked to be."

    form: str
    style: str  # Of `tokens.tags.STYLES`: its material's, too
    meter: tuple[int, int] | None = None  # Of its material; None: any
    own: bool = False  # A is OWN


EXAMPLES = (
    Example("ABA", "pop", (4, 4)),
    Example("ABAC", "classical", (4, 4)),
    Example("ABACA", "mazurka", (3, 4)),
    Example("AABB", "waltz", (3, 4)),
    Example("ABCA", "pop", (4, 4)),
    Example("ABA", "chopin"),
    Example("ABAC", "mazurka", (3, 4)),
    Example("ABACA", "pop", (4, 4)),
    Example("AABB", "classical", (3, 4)),
    Example("ABAC", "classical", (4, 4), own=True),
)
COLLECTIONS = {
    "pop909": "POP909",
    "lieder": "OpenScore Lieder",
    "chopin_first_editions": "The Fryderyk Chopin Institute, first editions",
    "polish_piano": "The Fryderyk Chopin Institute, Polish piano music",
}  # Of the snippet bank, with who gave them


def collection_of(source: str) -> str:
    "Name the collection of a passage of the snippet bank."
    return Path(source).name.partition("-")[0]


def name_of(source: str) -> str:
    "Write a passage's file name for people: composer and work, or the number in its collection."
    collection, _, rest = Path(source).stem.partition("-")
    if collection == "lieder":
        words = [word.replace("_", " ") for word in re.split(r"_{2,}", rest)]
        return f"{words[1]} {words[0]}, {', '.join(words[2:])}"
    if collection == "polish_piano":
        composer, _, work = rest.rpartition("_")[2].partition("--")
        return f"{composer.replace('-', ' ').title()}, {work.replace('-', ' ')}"
    return {"pop909": "song ", "chopin_first_editions": "Chopin, "}[collection] + rest


@cache
def terms() -> dict[str, str]:
    "Read the terms of the snippet bank's passages, by file name."
    packed = (files("staria") / "assets" / "snippet_bank.json.gz").read_bytes()
    return {Path(row["id"]).name: row["licence"] for row in json.loads(gzip.decompress(packed))}


bank = cache(load_snippet_bank)  # It is asked for each piece


def credit_of(source: str) -> str:
    return f"{name_of(source)} ({COLLECTIONS[collection_of(source)]}, {terms()[Path(source).name]})"


def find_material(example: Example, number: int, taken: Collection[str]) -> Score:
    "Draw a piece of the snippet bank that fits an example and is not taken."
    found = [
        score
        for score in bank()
        if score.source not in taken
        and example.style in styles_of(score.tags)
        and set(example.form) <= set(score.form)
        and (clock := find_bar_clock(score))
        and example.meter in (None, clock.meter)
    ]
    if not found:
        raise InputError(f"the snippet bank has nothing for {example}: change it in scripts/examples.py")
    return found[np.random.default_rng([SEED, number]).integers(len(found))]


def read_own() -> Score:
    "Read what a person gave."
    [item] = find_music([str(FOLDER / OWN)])
    return read_piece(item).replace(title="", source=OWN)


def draw_material() -> list[Score]:
    "Draw what each piece is given, no passage twice."
    drawn: list[Score] = []
    for number, example in enumerate(EXAMPLES):
        drawn.append(find_material(example, number, [score.source for score in drawn]))
    return drawn


def plan_example(model, number: int, material: Score) -> Plan:
    "Make the plan of one piece."
    example = EXAMPLES[number]
    snippets = {"A": read_own()} if example.own else {}
    told = {"model": model, "style": [example.style]}
    [plan] = plan_pieces(example.form, 1, number, snippets=snippets, scores=[material], **told)
    return plan


def write_examples(model) -> None:
    "Write all pieces side by side, and keep each with its record."
    drawn = draw_material()
    plans = [plan_example(model, number, material) for number, material in enumerate(drawn)]
    best_of = inspect.signature(generate_command).parameters["best_of"].default
    written = list(write_best(model, plans, best_of, seed=SEED))
    for file in records():
        for kind in (".json", ".mid", ".txt"):
            file.with_suffix(kind).unlink(missing_ok=True)
    for number, (piece, judged) in enumerate(written):
        example = EXAMPLES[number]
        stem = f"{number}-{example.form}-{example.style}"
        save_candidate(piece, FOLDER, stem, ["mid", "txt"])
        kept = {
            "best_of": best_of,
            "material": Path(drawn[number].source).name,
            "own": OWN if example.own else "",
            "judged": written_row(piece.score, stem) | {"copied": judged["copied"]},
        }
        with atomic_write(FOLDER / f"{stem}.json") as file:
            record = piece.provenance | {"example": kept}
            file.write((json.dumps(record, separators=(",", ":")) + "\n").encode())
        print(f"{stem}: the judge hears {kept['judged']['heard']}", flush=True)


def records() -> dict[Path, dict]:
    "Read the records of the pieces that are kept, in their order."
    return {path: load_provenance(path) for path in sorted(FOLDER.glob("*.json"))}


def given_of(
    record: dict,
) -> list[tuple[str, Score]]:  # Whose, and the passages with their letters as sections
    "Find again what a piece was given."
    kept = record["example"]
    letters = set(record["plan"]["form"])
    passages_of = {Path(score.source).name: score for score in bank()}
    if kept["material"] not in passages_of:
        raise InputError(f"{kept['material']} is not in the snippet bank: call `python scripts/examples.py`")
    given = []
    if kept["own"]:
        own = read_own()
        given.append((OWN_CREDIT, own.with_sections([Section(0, own.duration_s, "A")])))
        letters -= {"A"}
    drawn = passages_of[kept["material"]]
    spans = [section for section in drawn.sections if section.label in letters]
    passages = drawn.slice(spans[0].start_s, spans[-1].end_s)
    return [*given, (credit_of(kept["material"]), passages)]


def title_of(number: int, plan: Plan) -> str:
    "Say what was asked for."
    bars = " + ".join(map(str, plan.lengths_bars))
    if len(set(plan.lengths_bars)) == 1:
        bars = f"{plan.lengths_bars[0]} bars each"
    meter = "/".join(map(str, plan.meter))
    return f"{number}: {plan.form}, {', '.join(plan.style)}, {bars}, {meter} at {plan.tempo_qpm:.0f}"


def blocks_of(number: int, file: Path, record: dict) -> list[str]:
    "Draw a piece, and behind a click what it was given."
    score = Score.from_midi(file.with_suffix(".mid"))
    score = score.with_sections(load_sections(file.with_suffix(".txt")))
    title = title_of(number, plan_from_dict(record["plan"]))
    given = given_of(record)
    rolls = [roll(part, f"Given for {', '.join(part.form)}", f"From {whose}.") for whose, part in given]
    said = paragraph("Given: " + "; ".join(whose for whose, _ in given) + ".")
    return [
        written_roll(score, record["example"]["judged"], title),
        said,
        details("See and hear what it was given", rolls),
    ]


@cache
def shipping_weights() -> str:
    return weights_hash(load_generator())


def what_is_stale() -> str:  # Empty: nothing is
    "Say whether others wrote the pieces than the weights that ship."
    wrote = {record["weights"] for record in records().values()}
    if wrote == {shipping_weights()}:
        return ""
    return "docs/examples is not by the weights that ship: call `python scripts/examples.py` and commit it"


def write_page(path: Path, title: str, subtitle: str, template: str, **values) -> Path:
    text = (FOLDER / template).read_text(encoding="utf8")
    return write_report(path, title, subtitle, fill_chapters(text, **values), f"Staria {__version__}")


def write_written_page(path: Path) -> Path:
    "Write the page of the pieces that are kept."
    kept = records()
    blocks = [blocks_of(number, file, record) for number, (file, record) in enumerate(kept.items())]
    [weights] = {record["weights"] for record in kept.values()}
    [best_of] = {record["example"]["best_of"] for record in kept.values()}
    return write_page(
        path,
        "Written by Staria",
        "Ten pieces from ten plans, to see and to hear.",
        "written.md.j2",
        pieces=blocks,
        rows=[record["example"]["judged"] for record in kept.values()],
        made=made_with(seed=SEED, candidates_a_piece=best_of, weights=weights),
        weights=weights,
        shipping=shipping_weights(),
    )


def write_heard_page(path: Path) -> Path:
    "Write the page of real pieces that the listener heard."
    source = open_source("music21:keyboard")
    model = load_listener()
    found = sorted((item for item in source.items if "polonaise_op1" in item.key), key=lambda item: item.key)
    names = {item.key: f"Polonaise op. 1 no. {number}" for number, item in enumerate(found, start=1)}
    pieces = [hear_piece(model, source.load(item).replace(title=names[item.key])) for item in found]
    return write_page(
        path,
        "Heard by Staria",
        "Four real pieces, with the sections of the printed score beside.",
        "heard.md.j2",
        rolls=[heard_roll(piece) for piece in pieces],
        rows=heard_rows(pieces),
        made=made_with(recognizer="the listener that ships"),
    )


def list_pieces() -> str:
    "List the pieces for those who read the folder on GitHub, which plays no sound."
    rows = []
    for file, record in records().items():
        plan = plan_from_dict(record["plan"])
        rows.append(
            {
                "name": file.stem,
                "meter": "/".join(map(str, plan.meter)),
                "tempo": round(plan.tempo_qpm),
                "given": "; ".join(whose for whose, _ in given_of(record)),
            }
        )
    [weights] = {record["weights"] for record in records().values()}
    template = Template((FOLDER / "README.md.j2").read_text(encoding="utf8"), trim_blocks=True)
    return template.render(rows=rows, weights=weights) + "\n"


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--checkpoint", help="weights that will ship; without: those that ship now")
    model = load_generator(parser.parse_args().checkpoint)
    write_examples(model)
    (FOLDER / "README.md").write_text(list_pieces(), encoding="utf8")
    print(f"{FOLDER}: commit it; `make docs` makes the page that plays")
    return 0


if __name__ == "__main__":
    sys.exit(main())
