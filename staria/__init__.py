"""A research workbench for structure-aware piano music: hear the form of a piece, write pieces in a form.

>>> import staria
>>> score = staria.Score.from_midi("piece.mid")
>>> staria.label(staria.load_listener(), score).score.sections          # as the listener that ships hears them
>>> plan = staria.Plan("ABA", lengths_s=[8, 8, 8], snippets={"A": score.slice(0, 8)})
>>> staria.generate(staria.load_generator(), plan, n=1)[0].to_midi("aba.mid")

The names below are the public face. Each is imported when it is first used, so that `import staria` itself loads neither
torch nor NumPy. Everything else stands in the wings: `staria.music`, `staria.tokens`, `staria.data`, and so on.
"""

__version__ = "0.2.0"

import importlib
import os
from typing import TYPE_CHECKING

# Threads that wait for each other shall not hold a core meanwhile (core.device measures it). OpenMP reads
# this once, when torch loads it.
os.environ.setdefault("OMP_WAIT_POLICY", "passive")
os.environ.setdefault("KMP_BLOCKTIME", "0")  # the same for Intel's and LLVM's OpenMP

if TYPE_CHECKING:  # what a type checker and an editor read; `_HOMES` says the same for the interpreter
    from staria.cluster.slurm import submit as submit
    from staria.data.plan import Plan as Plan
    from staria.generation.generation import generate as generate
    from staria.models.classifier import MidiClassifier as MidiClassifier
    from staria.models.listener import Listener as Listener
    from staria.models.listener import load_listener as load_listener
    from staria.models.presets import load_classifier as load_classifier
    from staria.models.presets import load_generator as load_generator
    from staria.models.staria import StariaModel as StariaModel
    from staria.music.score import Score as Score
    from staria.music.sections import Section as Section
    from staria.recognition.label import label as label
    from staria.tokens.tokenizer import MusicTokenizerWithStyle as MusicTokenizerWithStyle
    from staria.training.checkpointing import setup_checkpointing as setup_checkpointing

_HOMES = {  # Name: the module that it comes from
    "Score": "music.score",
    "Section": "music.sections",
    "MusicTokenizerWithStyle": "tokens.tokenizer",
    "MidiClassifier": "models.classifier",
    "Listener": "models.listener",
    "StariaModel": "models.staria",
    "Plan": "data.plan",
    "generate": "generation.generation",
    "label": "recognition.label",
    "load_listener": "models.listener",
    "load_classifier": "models.presets",
    "load_generator": "models.presets",
    "setup_checkpointing": "training.checkpointing",
    "submit": "cluster.slurm",
}

__all__ = ["__version__", *_HOMES]


def __getattr__(name: str):
    if name not in _HOMES:
        raise AttributeError(f"module 'staria' has no attribute '{name}'; it offers {', '.join(_HOMES)}")
    value = getattr(importlib.import_module(f"staria.{_HOMES[name]}"), name)
    globals()[name] = value  # found at once from now on
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *_HOMES})
