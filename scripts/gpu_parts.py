"""The parts of scripts/gpu.py, which calls this: gpu_parts.py PART OUT SECONDS [--rehearse] [--data STORE].

A part is a generator of rows. In a rehearsal everything is tiny and on the CPU; kernels that only a GPU has
get stand-ins with the same results, so that all code around them runs.
"""

import argparse
import contextlib
import functools
import hashlib
import io
import json
import re
import statistics
import sys
import tempfile
import time
import types
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from unittest import mock

import torch
from gpu import ROW
from torch.nn import functional as F
from torch.nn.attention.flex_attention import create_mask
from torch.utils.flop_counter import FlopCounterMode
from tree import ROOT, code_cells, rooms

sys.path.insert(0, str(ROOT))

from staria.core.files import Workspace  # noqa: E402
from staria.data.store import Store  # noqa: E402
from staria.generation.decoding import NextToken, bytes_per_token, quantize  # noqa: E402
from staria.models import decoder, layers  # noqa: E402
from staria.models.presets import build, count_parameters, load_generator, load_model, save_model  # noqa: E402
from staria.tokens.tokenizer import MusicTokenizerWithStyle  # noqa: E402

FILE_BYTES = 15 * 2**20  # Of a file of weights, at most


@dataclass(frozen=True)
class Size:
    "Set how much is measured."

    device: str = "cuda"
    matrix: int = 8192  # Side of the matrices
    lengths: tuple[int, ...] = (4096, 8192, 1024)  # Tokens that attend
    heads: int = 24
    preset: str = "paper"
    batch: int = 2
    tokens: int = 4096  # Of a row in training
    prompt: int = 64  # Tokens before those that are written
    steps: int = 64  # Tokens written
    pieces_tokens: int | None = None  # Longest written piece; None: what the model can hold
    rounds: int = 8
    train_preset: str = "light"
    train_batch: int = 16
    train_tokens: int = 2048


TINY = Size("cpu", 64, (128, 200), 2, "tiny", 2, 128, 8, 4, 40, 2, "tiny", 2, 128)


@dataclass(frozen=True)
class Job:
    "Say what a part was asked for."

    size: Size
    out: Path
    seconds: float  # For the part
    data: Path | None

    @property
    def rehearses(self) -> bool:
        return self.size.device == "cpu"


def timed(run: Callable, size: Size) -> float:
    "Give the median of a call's seconds; the first two calls warm up."
    seconds = []
    for _ in range(size.rounds + 2):
        wait(size)
        began = time.perf_counter()
        run()
        wait(size)
        seconds.append(time.perf_counter() - began)
    return statistics.median(seconds[2:])


def wait(size: Size) -> None:
    if size.device == "cuda":
        torch.cuda.synchronize()


def peak_gb(size: Size) -> float:
    "Give the most memory that was held since the last call."
    if size.device != "cuda":
        return 0.0
    most = torch.cuda.max_memory_allocated() / 1e9
    torch.cuda.empty_cache()
    torch.cuda.reset_peak_memory_stats()
    return round(most, 2)


def tried(row: dict, measure: Callable[[], dict]) -> dict:
    "Measure, and put what went wrong in the place of the numbers: the next row is measured all the same."
    try:
        return row | measure()
    except Exception as error:  # of a kernel, a compiler or a full memory: anything
        return row | {"error": f"{type(error).__name__}: {str(error)[:600]}"}


# What the hardware can do


def matrix_rate(kind: torch.dtype, size: Size) -> float:
    "Measure the rate of one large product, in FLOP/s."
    one, other = (torch.randn(size.matrix, size.matrix, device=size.device, dtype=kind) for _ in range(2))
    return 2 * size.matrix**3 / timed(lambda: one @ other, size)


def read_rate(size: Size) -> float:
    "Measure how fast memory is read, in bytes/s."
    array = torch.ones(2**30 if size.device == "cuda" else 2**20, dtype=torch.bfloat16, device=size.device)
    return array.nbytes / timed(array.sum, size)


def rates(job: Job) -> Iterator[dict]:
    "What can the hardware do?"
    name = "CPU" if job.rehearses else torch.cuda.get_device_name()
    yield {"device": name, "torch": torch.__version__, "cuda": torch.version.cuda}
    for kind in (torch.float32, torch.bfloat16):
        yield {"matrix": str(kind), "TFLOP_s": round(matrix_rate(kind, job.size) / 1e12, 3)}
    yield {"memory_GB_s": round(read_rate(job.size) / 1e9, 1)}


# The cells


def cells(job: Job) -> Iterator[dict]:
    "Does every cell hold that is flagged `cuda`? Each runs on what its room exports."
    found = rooms()
    for module, notebook in found.items():
        sources = [source for source in code_cells(notebook) if re.search(r"^#\|\s*cuda", source, re.M)]
        for number, source in enumerate(sources):
            row = {"room": module, "cell": number}
            yield tried(row, lambda source=source, module=module: run_cell(source, module, job))


def run_cell(source: str, module: str, job: Job) -> dict:
    "Run a cell as if all that its room exports stood above it."
    names = dict(vars(__import__(f"staria.{module}", fromlist=["_"])))
    if job.rehearses:
        source = source.replace('"cuda"', '"cpu"').replace(".cuda()", ".cpu()")
    printed, began = io.StringIO(), time.perf_counter()
    with contextlib.redirect_stdout(printed):
        exec(compile(source, module, "exec"), names)
    return {"seconds": round(time.perf_counter() - began, 1), "printed": printed.getvalue()[:2000]}


# Kernels that attend


def attention(job: Job) -> Iterator[dict]:
    "How fast do the kernels attend, causally and within packed pieces of 700 tokens?"
    for length in job.size.lengths:
        torch._dynamo.reset()  # Flex is compiled for each length and mask; there is a limit to how often
        yield from attention_rows(length, job.size)
        peak_gb(job.size)


def attention_rows(length: int, size: Size) -> Iterator[dict]:
    shape = (2, size.heads, length, 64)
    inputs = [torch.randn(shape, device=size.device, dtype=torch.bfloat16) for _ in range(3)]
    for part in inputs:
        part.requires_grad_()
    pieces = (torch.arange(length, device=size.device) // 700).expand(2, -1)
    for packed in (False, True):
        documents, exact = pieces if packed else torch.zeros_like(pieces), {}
        for kernel in layers.KERNELS:
            if kernel == "sage" and (packed or not has_sage()):
                continue
            row = {"tokens": length, "packed": packed, "kernel": kernel}
            measure = functools.partial(kernel_row, kernel, documents, packed, inputs, exact, size)
            yield tried(row, measure)


def has_sage() -> bool:
    try:
        __import__("sageattention")
    except ImportError:
        return False
    return True


def way_of(kernel: str, documents: torch.Tensor, packed: bool) -> Callable:
    "Give the call of a kernel."
    if kernel == "flex":
        mask = layers.flex_mask(documents)
    else:
        mask = decoder.document_mask(documents) if packed else None
    return lambda query, key, value: layers.attend(query, key, value, mask, causal=True, kernel=kernel)


def kernel_row(
    kernel: str, documents: torch.Tensor, packed: bool, inputs: list[torch.Tensor], exact: dict, size: Size
) -> dict:
    "Time a kernel forward, and backward where it can; compare what it gives with sdpa."
    way = way_of(kernel, documents, packed)
    with torch.no_grad():
        result = way(*inputs)
        forward_s = timed(lambda: way(*inputs), size)
    if kernel == "sdpa":
        exact["result"] = result
    apart = (result - exact["result"]).float().norm() / exact["result"].float().norm()
    row = {"forward_ms": round(1e3 * forward_s, 3), "apart_from_sdpa": round(apart.item(), 5)}
    if kernel != "sage":
        both_s = timed(lambda: torch.autograd.grad(way(*inputs).sum(), inputs), size)
        row["forward_backward_ms"] = round(1e3 * both_s, 3)
    return row


# A step of training


def noise(kind: str, size: Size, packed: bool, device: str) -> dict[str, torch.Tensor]:
    "Make a batch of random tokens, as a decoder's loss or a Staria's takes it."
    B, T = size.batch, size.tokens
    piano = torch.as_tensor(MusicTokenizerWithStyle().token_set("piano"), device=device)
    ids = piano[torch.randint(5, len(piano), (B, T), device=device)]
    batch = {"ids": ids, "targets": ids.roll(-1, 1)}
    if packed:
        batch["documents"] = (torch.arange(T, device=device) * 5 // T).expand(B, -1)
    if kind == "staria":
        letter = (torch.arange(T, device=device) * 8 // T % 4).expand(B, -1)
        snippets = ids[:, None, : min(256, T // 2)].expand(-1, 4, -1)
        slots = torch.arange(1, 5, device=device).expand(B, -1)
        batch |= {"slot": letter, "labels": letter + 1, "progress": torch.rand(B, T, 4, device=device)}
        batch |= {"snippets": snippets, "snippet_labels": slots}
    return batch


def loss_of(model: torch.nn.Module, batch: dict) -> torch.Tensor:
    if model.kind == "staria":
        return model.loss(batch)
    return model.loss(batch["ids"], batch["targets"], batch.get("documents"))


def count_flops(kind: str, size: Size) -> float:
    "Count a step's matrix products and attention, forward and backward, as if nothing were masked."
    with torch.device("meta"):
        model = build(kind, size.preset)
        ids = torch.zeros(size.batch, size.tokens, dtype=torch.long)
        progress = torch.zeros(size.batch, size.tokens, 4)
        slots = torch.zeros(size.batch, 4, dtype=torch.long)
    with FlopCounterMode(display=False) as counter:
        if kind == "staria":
            memory = model.condition(slots[..., None].expand(-1, -1, min(256, size.tokens // 2)), slots)
            scores = model.decoder.head.rows(model.hidden(ids, ids, ids, progress, memory))
        else:
            scores = model.head.rows(model.hidden(ids))
        scores.float().sum().backward()
    return counter.get_total_flops()


def step_row(kind: str, kernel: str, packed: bool, compiled: bool, size: Size) -> dict:
    "Time a whole step: forward, backward, clipping, AdamW, in bfloat16."
    model = build(kind, size.preset).to(size.device).train()
    decoder.use_attention(model, kernel)
    if compiled:
        for part in model.modules():
            if isinstance(part, (layers.Block, layers.CrossAttention)):
                part.compile()
    optimizer = torch.optim.AdamW(model.parameters(), lr=3e-4, betas=(0.9, 0.95), fused=True)
    batch = noise(kind, size, packed, size.device)

    def step() -> None:
        with torch.autocast(size.device, torch.bfloat16):
            loss = loss_of(model, batch)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        optimizer.zero_grad()

    seconds = timed(step, size)
    rate = count_flops(kind, size) / seconds
    return {
        "parameters": count_parameters(model),
        "step_ms": round(1e3 * seconds, 1),
        "tokens_s": round(size.batch * size.tokens / seconds),
        "share_of_matrix_rate": round(rate / matrix_rate(torch.bfloat16, size), 3),
        "peak_GB": peak_gb(size),
    }


def step(job: Job) -> Iterator[dict]:
    "How fast does the preset `paper` train at 4,096 tokens, and which share of the matrix rate is that?"
    ways = (
        ("decoder", "sdpa", False, False),
        ("decoder", "sdpa", False, True),
        ("decoder", "flex", True, False),
        ("decoder", "sdpa", True, False),
        ("staria", "sdpa", False, False),
        ("staria", "sdpa", False, True),
    )
    for kind, kernel, packed, compiled in ways:
        row = {"model": f"{job.size.preset} {kind}", "batch": job.size.batch, "tokens": job.size.tokens}
        row |= {"attention": kernel, "packed": packed, "compiled": compiled}
        way = (kind, kernel, packed, compiled)
        yield tried(row, lambda way=way: step_row(*way, job.size))
        peak_gb(job.size)


# Writing


@torch.no_grad()
def writing_row(weights: str, compiled: bool, size: Size) -> dict:
    "Time one token after the other at batch 1; compiled, the step is a CUDA graph."
    began = time.perf_counter()
    model = quantize(build("baseline", size.preset), weights).to(size.device).eval()
    ids = torch.randint(5, 2000, (1, size.prompt), device=size.device)
    cache = model.new_cache(1)
    model.hidden(ids, cache)
    room = size.prompt + (size.rounds + 2) * size.steps + 8
    following = NextToken(model, cache, 1, room, None, compiled)
    token = [ids[:, -1]]

    def stretch() -> None:
        for _ in range(size.steps):
            token[0] = model.head(following.read(token[0])).argmax(-1)

    for _ in range(4):
        token[0] = model.head(following.read(token[0])).argmax(-1)
    started_s = time.perf_counter() - began
    tokens_s = size.steps / timed(stretch, size)
    limit = read_rate(size) / bytes_per_token(model)
    return {
        "tokens_s": round(tokens_s, 1),
        "share_of_memory_limit": round(tokens_s / limit, 3),
        "started_s": round(started_s, 1),
        "peak_GB": peak_gb(size),
    }


def pieces_row(n: int, compiled: bool, size: Size) -> dict:
    "Write pieces of a minute with the generator that ships."
    from staria.generation.candidates import plan_pieces  # needs what renders sound: no other row does
    from staria.generation.generation import write

    model = load_generator().to(size.device)
    plans = plan_pieces("ABAC", n, seed=0, model=model)
    seconds = []
    for seed in (0, 1):
        began = time.perf_counter()
        drafts = write(model, plans, seed=seed, max_tokens=size.pieces_tokens, compiled=compiled)
        wait(size)
        seconds.append(time.perf_counter() - began)
    tokens = sum(len(draft.ids) for draft in drafts)
    music_s = sum(draft.score().duration_s for draft in drafts)
    return {
        "first_s": round(seconds[0], 1),
        "second_s": round(seconds[1], 1),
        "tokens_s": round(tokens / seconds[1]),
        "times_real_time": round(music_s / seconds[1], 1),
    }


def writing(job: Job) -> Iterator[dict]:
    "How fast do `paper` at batch 1 and the generator that ships, five and 64 pieces at once, write?"
    for weights, compiled in (("bf16", False), ("bf16", True), ("int8", True), ("fp32", False)):
        row = {"model": job.size.preset, "weights": weights, "compiled": compiled}
        yield tried(row, lambda w=weights, c=compiled: writing_row(w, c, job.size))
    for n, compiled in ((5, False), (64, False), (5, True)):
        n = min(n, 2) if job.rehearses else n
        row = {"model": "the generator that ships", "pieces": n, "compiled": compiled}
        yield tried(row, lambda n=n, c=compiled: pieces_row(n, c, job.size))


# Training


def train(job: Job) -> Iterator[dict]:
    "Train the generator for the time that there is, and bring its weights out."
    from staria.data.prepare import prepare  # lightning takes seconds to import, and no other part needs it
    from staria.training.tasks import TrainConfig

    began, size = time.perf_counter(), job.size
    with tempfile.TemporaryDirectory() as folder:
        if job.data:
            store = Store.open(job.data)
        else:
            music = str(ROOT / "nbs" / "fixtures" / "aria" / "corpus")
            store, _ = prepare(music, "few", Workspace(folder), splits=(60, 20, 20))
        config = TrainConfig(
            max_steps=12,
            learning_rate=2e-3,
            warmup_steps=2,
            schedule="linear",
            optimizer="muon",
            val_every=10**6,
            val_batches=8,
            save_every=10**6,
            log_every=4,
            device=size.device,
        )
        result = trained(store, config, Path(folder, "runs", "pace"), size)
        step_s = size.train_batch * size.train_tokens / result.tokens_per_s
        yield {"pace": True, "tokens_s": round(result.tokens_per_s), "val_loss": round(result.val_loss, 4)}
        left_s = job.seconds - 1.3 * (time.perf_counter() - began)
        steps = 12 if job.rehearses else max(20, int(0.85 * left_s / step_s))
        config = replace(
            config, max_steps=steps, warmup_steps=min(40, steps // 4), val_every=max(1, steps // 4)
        )
        result = trained(store, config, Path(folder, "runs", "generator"), size)
        yield {
            "steps": result.step,
            "seconds": result.seconds,
            "tokens_s": round(result.tokens_per_s),
            "val_loss": round(result.val_loss, 4),
            "best_val_loss": round(result.best_val_loss, 4),
            "metrics": result.metrics.read_text(encoding="utf8").splitlines(),
        }
        light = Path(folder, "generator.safetensors")
        save_model(light, load_model(result.best or result.model), result.step, dtype=torch.bfloat16)
        yield bring_out(light, job.out)


def trained(store: Store, config, run: Path, size: Size):
    "Train a fresh generator, as `fit` does."
    from staria.data.datamodule import MidiDataModule
    from staria.training.fit import fit
    from staria.training.tasks import StariaModule

    model = build("staria", size.train_preset)
    snippet_tokens = min(128, model.config.encoder.max_tokens)
    workers = 0 if size.device == "cpu" else 4
    limits = (size.train_batch, size.train_tokens, snippet_tokens)
    data = MidiDataModule(store, "generative", *limits, num_workers=workers, pack=True)
    return fit(StariaModule(model, config, "C"), data, run, verbose=False)


def bring_out(model: Path, out: Path) -> dict:
    "Cut a model's file in parts that are small enough to be carried anywhere."
    content, names = model.read_bytes(), []
    for number, start in enumerate(range(0, len(content), FILE_BYTES)):
        names.append(f"{model.name}.{number:02d}")
        (out / names[-1]).write_bytes(content[start : start + FILE_BYTES])
    return {"files": names, "bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}


# A rehearsal


def attend_densely(query, key, value, block_mask=None) -> torch.Tensor:
    "Stand in for Flex, which has no backward pass on a CPU."
    B, T = len(query), query.shape[2]
    mask = create_mask(block_mask.mask_mod, B, 1, T, T, device=query.device)
    return F.scaled_dot_product_attention(query, key, value, mask)


def stand_ins() -> contextlib.ExitStack:
    "Put in place what only a GPU has: Flex with gradients, Sage, and a compiler that takes its time."
    stack = contextlib.ExitStack()
    stack.enter_context(mock.patch.object(layers, "flex_attention", attend_densely))
    stack.enter_context(mock.patch.object(decoder, "check_kernel", lambda *given: None))
    stack.enter_context(mock.patch.object(torch, "compile", lambda function, **given: function))
    stack.enter_context(mock.patch.object(torch.nn.Module, "compile", lambda module: None))
    sage = types.ModuleType("sageattention")
    sage.__spec__ = types.SimpleNamespace(name="sageattention")
    sage.sageattn = F.scaled_dot_product_attention
    stack.enter_context(mock.patch.dict(sys.modules, sageattention=sage))
    return stack


PARTS = {part.__name__: part for part in (rates, cells, attention, step, writing, train)}


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("part", choices=PARTS)
    parser.add_argument("out", type=Path)
    parser.add_argument("seconds", type=float)
    parser.add_argument("--rehearse", action="store_true")
    parser.add_argument("--data", type=Path)
    args = parser.parse_args()
    if not args.rehearse and not torch.cuda.is_available():
        print("torch sees no GPU here: call scripts/gpu.py with --rehearse")
        return 2
    torch.manual_seed(0)
    job = Job(TINY if args.rehearse else Size(), args.out, args.seconds, args.data)
    with stand_ins() if args.rehearse else contextlib.nullcontext():
        for row in PARTS[args.part](job):
            print(ROW + json.dumps(row), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
