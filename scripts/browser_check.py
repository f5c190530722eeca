"""Use the widgets in JupyterLab, in Voila and in bare pages as a person would; keep screenshots.

    python scripts/browser_check.py [--out FOLDER] [--only page|lab|voila]     needs chromium, playwright
    python scripts/browser_check.py --film figures/studio.gif             the moving picture of the README

Exits with 0 where all passed, 1 where something failed, 3 where there is no browser to test with.
"""

import argparse
import os
import re
import secrets
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from bare_page import CHROMIUM_ARGS, check_pages, find_chromium, nameless, say_pace

ROOT = Path(__file__).resolve().parents[1]
IGNORED = re.compile(
    r"favicon|jupyterlab_(news|apputils)|ResizeObserver loop|/lsp/|WebSocket is closed before|source map"
    r"|CommandRegistry|Failed to load resource.*(40[34])|jupyterlab-jupytext|mathjax|fortawesome",
    re.I,
)  # Not ours: JupyterLab's and Voila's own
WIDTHS, HEIGHT = (1440, 390), 1000
WAIT_MS = 180_000  # However busy the machine is: waiting ends with what is waited for

CELLS = {
    "setup": """import numpy as np, ipywidgets
from staria.core.files import Workspace
from staria.music.score import Score
from staria.music.sections import Section
from staria.widgets.roll import PianoRoll
from staria.widgets.hear import HearForm
from staria.widgets.write import WriteForm
from staria.widgets.runs import Runs
from staria.widgets.tokens import Tokens
from staria.models.presets import build
rng = np.random.default_rng(0)
onset = np.arange(0, 32, 0.25)
scale = np.array([0, 2, 4, 5, 7, 9, 11, 12])
pitch = 60 + np.array([0, 5, 0, 7])[(onset // 8).astype(int)] + scale[rng.integers(0, 8, len(onset))]
left = np.arange(0, 32, 1.0)
bass = 43 + np.array([0, 5, 0, 7])[(left // 8).astype(int)]
onsets, pitches = np.concatenate([onset, left]), np.concatenate([pitch, bass])
order = np.argsort(onsets, kind="stable")
sections = [Section(0, 8, "A"), Section(8, 16, "B"), Section(16, 24, "A"), Section(24, 32, "C")]
duration, velocity = np.where(pitches[order] < 56, 0.9, 0.24), rng.integers(40, 110, len(order))
grid = dict(tempos=np.array([[0.0, 120.0]]), meters=np.array([[0.0, 4, 4]]))
score = Score.from_arrays(onsets[order], duration, pitches[order], velocity, sections=sections, **grid)
near = np.array([0, 1, 0, 2])[(onsets[order] // 8).astype(int)]
probs = rng.dirichlet(np.ones(4), len(order)) * 0.5
probs[np.arange(len(order)), near] += 0.5""",
    "roll": """roll = PianoRoll(score, probs=probs, title="a check of the roll", save_to="by-hand.txt")
said = ipywidgets.Label("Python has heard nothing yet")
def say(change):
    selection, ends = [round(t, 2) for t in roll.selection], [round(s.end_s, 2) for s in roll.sections]
    said.value = f"selection {selection} form {roll.score.form} ends {ends}"
roll.observe(say, ["selection", "sections"])
ipywidgets.VBox([said, roll])""",
    "hear": """def use(letter, passage): return f"{letter} is now {passage.title}"
HearForm(build('classifier', 'tiny', seed=0), workspace=Workspace('nowhere'), use=use)""",
    "write": """snippets = {"A": score.slice(0, 4), "B": score.slice(8, 12)}
studio = WriteForm(build('staria', 'tiny', seed=0), snippets, form='AB', lengths='30', unit='s', n=1,
                   workspace=Workspace('space'), baseline=build('baseline', 'tiny', seed=0))
studio""",
    "runs": "Runs('space/runs', every_s=0.5)",
    "tokens": """view = Tokens(score, title="its tokens")
chosen = ipywidgets.Label("no token yet")
def say(change): chosen.value = f"token {view.roll.token} is {view.chosen}"
view.roll.observe(say, "token")
ipywidgets.VBox([chosen, view])""",
    "large": """def large(n):
    step = n * 0.07 / 40
    sections = [Section(k * step, (k + 1) * step, "ABCD"[k % 4]) for k in range(40)]
    onset, duration = np.sort(rng.uniform(0, n * 0.07, n)), rng.exponential(0.4, n) + 0.05
    return Score.from_arrays(onset, duration, rng.integers(30, 96, n), sections=sections)
def roll_of(n):
    return PianoRoll(large(n), probs=rng.dirichlet(np.ones(4), n), title=f"{n} notes", height=300)
ipywidgets.VBox([roll_of(n) for n in (20_000, 100_000)])""",
}
PLACES = list(CELLS)

FILM = """import numpy as np
from staria import load_generator
from staria.core.files import Workspace
from staria.data.plan import sample_plan
from staria.data.snippet_bank import load_snippet_bank
from staria.widgets.write import WriteForm
plan = sample_plan("ABAC", load_snippet_bank(), np.random.default_rng(7), lengths_s=[5] * 4)
WriteForm(load_generator(), plan.snippets, form="ABAC", lengths="5", n=1, workspace=Workspace("space"))"""
FILM_SIZE = {"width": 1000, "height": 640}


def free_port() -> int:
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def write_notebook(path: Path, cells: list[str]) -> None:
    import nbformat

    # Without a kernel's name, as the tutorials are: nobody shall be asked for one
    nbformat.write(nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(text) for text in cells]), path)


def write_fixtures(folder: Path) -> None:
    from staria.music.score import Score
    from staria.music.sections import Section

    write_notebook(folder / "check.ipynb", list(CELLS.values()))
    run = folder / "space" / "runs" / "first"
    run.mkdir(parents=True)
    (run / "metrics.csv").write_text(
        "epoch,step,train_loss,val_loss\n"
        + "".join(f"{k},{10 * k},{3 / (k + 1) + 1},{3.2 / (k + 1) + 1.1}\n" for k in range(12))
    )
    (folder / "broken.mid").write_bytes(b"not a MIDI file at all")
    Score.from_arrays(
        [0.25 * k for k in range(160)],
        0.3,
        [60 + (k * 5) % 12 for k in range(160)],
        sections=[Section(0, 20, "A"), Section(20, 40, "B")],
    ).to_midi(folder / "good.mid")


def start(folder: Path, port: int, token: str, kind: str) -> subprocess.Popen:
    env = {
        **os.environ,
        "JUPYTERLAB_SETTINGS_DIR": str(folder / ".lab" / "settings"),
        "JUPYTERLAB_WORKSPACES_DIR": str(folder / ".lab" / "spaces"),
        "JUPYTER_CONFIG_DIR": str(folder / ".lab" / "config"),
        "JUPYTER_TOKEN": token,
        "OMP_NUM_THREADS": "1",
        "PYTHONPATH": os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")]),
    }
    log = open(folder / f"{kind}.log", "w")
    words = {
        "lab": [
            "jupyterlab",
            "--no-browser",
            "--allow-root",
            "--ip=127.0.0.1",
            f"--port={port}",
            "--ServerApp.port_retries=0",
            "--LabApp.expose_app_in_browser=True",
            f"--LabApp.app_settings_dir={ROOT / 'scripts' / 'lab'}",  # as `make lab` has it
        ],
        "voila": [
            "voila",
            "check.ipynb",
            "--no-browser",
            f"--port={port}",
            "--Voila.ip=127.0.0.1",
            "--show_tracebacks=True",
        ],
    }[kind]
    return subprocess.Popen([sys.executable, "-m", *words], cwd=folder, env=env, stdout=log, stderr=log)


def go(page, url: str) -> None:
    from playwright.sync_api import Error

    deadline = time.monotonic() + WAIT_MS / 1000
    while True:
        try:
            return page.goto(url)
        except Error:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.5)


def command(page, name: str, **arguments) -> None:
    page.evaluate(
        "([name, values]) => { window.jupyterapp.commands.execute(name, values); }", [name, arguments]
    )  # Not waited for: some end only with the kernel


def kernel_idle(page) -> None:
    page.wait_for_selector(".jp-Notebook-ExecutionIndicator[data-status='idle']", state="attached")


class Lab:
    name, themes = "JupyterLab", ("light", "dark")

    def open(self, page, port: int, token: str) -> None:
        go(page, f"http://127.0.0.1:{port}/lab/tree/check.ipynb?reset&token={token}")
        page.wait_for_selector(".jp-NotebookPanel .jp-Notebook .jp-Cell")
        kernel_idle(page)
        page.evaluate(
            """async () => {
                const panel = window.jupyterapp.shell.currentWidget;
                await panel.context.ready;
                await panel.sessionContext.ready;
                await panel.sessionContext.session.kernel.info;
            }"""
        )
        asked = page.locator(".jp-Dialog, .jp-toast-button, .Toastify__toast")
        assert not asked.count(), f"somebody new is asked: {asked.first.text_content()}"
        command(page, "application:toggle-left-area")
        self.run_all(page)

    def run_all(self, page) -> None:
        command(page, "notebook:clear-all-cell-outputs")  # And the counts of an earlier run
        command(page, "notebook:run-all-cells")
        page.wait_for_function(
            """() => {
                const cells = window.jupyterapp.shell.currentWidget.content.model.cells;
                return cells.get(cells.length - 1).executionCount !== null;
            }""",
        )
        kernel_idle(page)

    def go_to(self, page, place: str) -> None:
        page.evaluate(
            """(k) => {
                const notebook = window.jupyterapp.shell.currentWidget.content;
                notebook.activeCellIndex = k;
                notebook.scrollToItem(k, 'start');
            }""",
            PLACES.index(place),
        )

    def theme(self, page, theme: str) -> None:
        command(page, "apputils:change-theme", theme=f"JupyterLab {theme.title()}")
        page.wait_for_selector(
            f"body[data-jp-theme-light='{str(theme == 'light').lower()}']", state="attached"
        )


class Voila:
    name = "Voila"

    def open(self, page, port: int, token: str) -> None:
        go(page, f"http://127.0.0.1:{port}/?theme=dark&token={token}")
        page.wait_for_selector(".staria-tokens .staria-row", state="attached")

    def go_to(self, page, place: str) -> None:
        marks = {
            "roll": ".staria-roll",
            "hear": ".staria-drop",
            "write": ".staria-form",
            "runs": ".jupyter-widget-tab",
            "tokens": ".staria-tokens:visible",
        }
        page.locator(marks[place]).first.scroll_into_view_if_needed()


def rest(page) -> None:
    "Wait until the page has drawn what has happened and nothing on it moves."
    page.evaluate(
        """async () => {
            const frame = () => new Promise(requestAnimationFrame);
            const places = () => [...document.querySelectorAll(".staria-roll, .staria-form, .jp-Cell")]
                .map((item) => item.getBoundingClientRect().top).join();
            for (let same = 0, last = ""; same < 10; same = places() === last ? same + 1 : 0) {
                last = places();
                await frame();
            }
        }"""
    )


class RollPage:
    "One roll on the page, addressed as a person would: by places and keys."

    def __init__(self, page, title: str):
        self.page = page
        self.root = page.locator(".staria-roll", has_text=title).first
        self.canvas = self.root.locator(".staria-overlay")
        self.root.wait_for()
        self.root.evaluate("root => root.scrollIntoView({block: 'center'})")
        rest(page)

    def fact(self, name: str) -> float:
        "Read what the roll last drew, when all that it heard of is drawn."
        self.page.evaluate(
            "() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"
        )
        return float(self.root.get_attribute(f"data-{name}"))

    def until(self, script: str):
        self.page.wait_for_function(f"root => {script}", arg=self.root.element_handle())

    def sound(self, script: str):
        "Ask the roll's player: `player`, its `context` and the `cursor` that the roll has drawn."
        return self.root.evaluate(
            f"""async (root) => {{
                const frame = () => new Promise(requestAnimationFrame);
                const {{rolls}} = globalThis[Symbol.for("staria")];
                const {{player}} = [...rolls].find((view) => view.root === root);
                const {{context}} = player;
                const cursor = () => Number(root.dataset.cursor);
                {script}
            }}"""
        )

    def freeze(self) -> list[float]:
        "Stop the sound's clock; give its time and the cursor's, in seconds."
        return self.sound(
            """await context.suspend();
            for (let same = 0, last = -1; same < 5; same = context.currentTime === last ? same + 1 : 0) {
                last = context.currentTime;
                await frame();
            }
            return [context.currentTime, cursor()];"""
        )

    def let_sound(self, seconds: float) -> None:
        "Let the sound's own clock go on by so many seconds."
        self.sound(
            f"""await context.resume();
            const end = context.currentTime + {seconds};
            while (context.currentTime < end) await frame();"""
        )

    def at(self, x: float, y: float):
        box = self.canvas.bounding_box()
        return box["x"] + x, box["y"] + y

    def x(self, time_s: float) -> float:
        start, end = self.fact("start"), self.fact("end")
        return 54 + (time_s - start) / (end - start) * (self.canvas.bounding_box()["width"] - 54)

    def pull(self, start: tuple, end: tuple):
        self.page.mouse.move(*self.at(*start))
        self.page.mouse.down()
        self.page.mouse.move(*self.at(*end), steps=8)
        self.page.mouse.up()

    def python_says(self, pattern: str):
        self.page.locator(".widget-label", has_text=re.compile(pattern)).first.wait_for()


def check_roll(page, where, out: Path) -> None:
    where.go_to(page, "roll")
    roll, keyboard = RollPage(page, "a check of the roll"), page.keyboard
    whole = roll.fact("end") - roll.fact("start")
    page.mouse.move(*roll.at(400, 150))
    keyboard.down("Control")
    for _ in range(3):
        page.mouse.wheel(0, -120)
    keyboard.up("Control")
    zoomed = roll.fact("end") - roll.fact("start")
    assert zoomed < 0.6 * whole, f"zoom: {whole} s to {zoomed} s"
    before = roll.fact("start")
    roll.pull((600, 150), (500, 150))
    assert roll.fact("start") > before, "a drag does not pan"
    check_fingers_and_keys(page, roll)
    roll.pull((200, 8), (500, 8))
    roll.python_says(r"selection \[\d")
    keyboard.press("Escape")
    keyboard.press("0")
    roll.pull((roll.x(8), 46), (roll.x(10), 46))  # a boundary by hand
    roll.python_says(r"form ABAC ends \[10\.0")
    page.mouse.click(*roll.at(roll.x(12), 46))
    keyboard.press("d")
    roll.python_says(r"form ADAC")
    keyboard.press("Control+z")
    keyboard.press("Control+z")
    roll.python_says(r"form ABAC ends \[8\.0")
    keyboard.press("Control+Shift+z")
    roll.python_says(r"form ABAC ends \[10\.0")
    keyboard.press("Control+z")
    page.mouse.dblclick(*roll.at(roll.x(20), 46))
    roll.python_says(r"form ABAAC")  # split, then join again by keys
    keyboard.press("m")
    roll.python_says(r"form ABAC")
    keyboard.press("Delete")
    roll.python_says(r"form ABC")
    roll.pull((roll.x(17), 46), (roll.x(23), 46))
    keyboard.press("b")
    roll.python_says(r"form ABBC")  # drawn over the gap
    for _ in range(5):
        keyboard.press("Control+z")
    roll.python_says(r"form ABAC ends \[8\.0, 16\.0, 24\.0, 32\.0\]")
    keyboard.press("[")
    keyboard.press("[")
    keyboard.press("[")
    keyboard.press("[")
    keyboard.press(">")  # the keyboard alone: the first section ends a note later
    roll.python_says(r"ends \[8\.25")
    roll.root.get_by_role("button", name="Undo").click()
    roll.python_says(r"ends \[8\.0")
    roll.root.get_by_role("button", name="Save").click()
    roll.root.locator(".staria-status", has_text="4 sections saved").wait_for()
    roll.canvas.focus()
    keyboard.press("Control+ArrowRight")
    roll.root.locator(".staria-status", has_text="velocity").wait_for()  # Stepping from note to note
    check_playing(page, roll)
    check_chords(page, roll)
    check_sheet(page, roll, out, where.name)


def check_chords(page, roll: RollPage) -> None:
    "Chords, keys and cadences come when asked for; what is dragged snaps to beats, and Alt lets it go."
    roll.canvas.focus()
    page.keyboard.press("0")
    for held, pattern in (
        (None, r"selection \[4\.0, 6\.5\]"),
        ("Alt", r"selection \[4\.0[2-9]|selection \[4\.[1-4]"),
    ):
        if held:
            page.keyboard.down(held)
        roll.pull((roll.x(4) + 3, 8), (roll.x(6.5) - 3, 8))
        if held:
            page.keyboard.up(held)
        roll.python_says(pattern)
        roll.canvas.focus()
        page.keyboard.press("Escape")
    shown = roll.root.locator("button[title^='Show chords']")
    shown.click()
    roll.until("(root.dataset.chords ?? '').split(' ').length > 8")
    roll.until("root.dataset.ends.split(', ').length === 4")
    page.keyboard.press("Tab")
    shown.click()
    roll.until("root.querySelector(\"button[title^='Show chords']\").ariaPressed === 'false'")


def check_sheet(page, roll: RollPage, out: Path, name: str) -> None:
    "Notes of the sheet are notes of the roll: marked and played in both, coloured alike, with a cursor."
    roll.root.get_by_role("button", name="Show as sheet music").click()
    roll.until("Number(root.querySelector('.staria-sheet').dataset.engraved) === 160")
    colours = roll.root.evaluate(
        """root => ['.staria-letter', '.staria-paper [data-note="0"]'].map((place, k) => {
            const style = getComputedStyle(root.querySelector(place));
            return k ? style.color : style.backgroundColor;
        })"""
    )
    assert colours[0] == colours[1], f"A is {colours[0]} on the roll and {colours[1]} on the sheet"
    roll.root.locator(".staria-paper [data-note='40'] .notehead").first.click()
    roll.until("root.querySelector('[data-note=\"40\"]').classList.contains('staria-lit')")
    roll.until("root.querySelector('.staria-status').textContent.includes('bar 5')")
    roll.until("root.querySelector('[aria-label^=Play]') !== null && Number(root.dataset.cursor) > 8")
    page.mouse.click(*roll.at(roll.x(16.1), roll.root.evaluate(NOTE_Y, 80)))
    roll.until("root.querySelector('[data-note=\"80\"]').classList.contains('staria-lit')")
    roll.until("root.querySelector('[aria-label^=Play]') !== null && Number(root.dataset.cursor) > 16.1")
    page.screenshot(path=out / f"{name}-sheet.png")
    roll.root.get_by_role("button", name="Play").click()
    before = float(roll.root.locator(".staria-sheet").get_attribute("data-cursor-x"))
    roll.until(f"Number(root.querySelector('.staria-sheet').dataset.cursorX) > {before + 20}")
    roll.root.get_by_role("button", name="Stop").click()
    roll.root.get_by_role("button", name="Show as sheet music").click()
    roll.root.locator(".staria-sheet").wait_for(state="hidden")


NOTE_Y = """(root, note) => {
    const {painter, data} = [...globalThis[Symbol.for("staria")].rolls].find((view) => view.root === root);
    return painter.y(data.pitch[note]) + painter.row() / 2;
}"""


def check_fingers_and_keys(page, roll: RollPage) -> None:
    def span() -> float:
        return roll.fact("end") - roll.fact("start")

    def touch(kind: str, *places: tuple[int, int]) -> None:
        points = []
        for k, place in enumerate(places):
            x, y = roll.at(*place)
            points.append({"x": x, "y": y, "id": k})
        fingers.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

    before = span()
    fingers = page.context.new_cdp_session(page)
    touch("touchStart", (450, 150), (550, 150))
    for k in range(1, 6):
        touch("touchMove", (450 - 12 * k, 150), (550 + 12 * k, 150))
    touch("touchEnd")
    assert span() < 0.8 * before, f"a pinch: {before} s to {span()} s"
    roll.canvas.focus()
    narrow, start = span(), roll.fact("start")
    page.keyboard.press("-")
    assert span() > narrow, "minus does not zoom out"
    page.keyboard.press("+")
    page.keyboard.press("ArrowRight")
    assert roll.fact("start") > start, "an arrow does not pan"


def check_playing(page, roll: RollPage) -> None:
    page.mouse.click(*roll.at(roll.x(2), 150))
    rest(page)
    roll.root.get_by_role("button", name="Play").click()
    roll.until("root.dataset.startMs !== undefined")  # The page may have to fetch the piano first
    peaks = page.evaluate(
        "async () => (await globalThis[Symbol.for('staria')].piano).tones.map("
        "(tone) => tone.buffer.getChannelData(0).reduce((most, x) => Math.max(most, Math.abs(x)), 0))"
    )
    assert len(peaks) > 10 and min(peaks) > 0.01, f"the piano's samples are silent: {peaks}"
    print(f"    sound began {roll.fact('start-ms'):.0f} ms after the click", flush=True)
    check_cursor(roll, speed=1)
    roll.canvas.focus()
    page.keyboard.press(" ")
    stopped = roll.fact("cursor")
    roll.let_sound(0.3)
    assert roll.fact("cursor") == stopped, "space does not stop"
    roll.pull((roll.x(4), 8), (roll.x(5), 8))  # a second, looped at double speed
    roll.root.get_by_label("Repeat the selection").check()
    roll.root.get_by_label("Speed").select_option("2")
    roll.canvas.focus()
    page.keyboard.press(" ")
    roll.until("root.querySelector('[aria-label^=Stop]') !== null")
    start, end = roll.sound(
        "while (player.zero === Infinity) await frame(); return [player.from, player.to];"
    )
    assert 3.9 < start < 4.1 and 4.9 < end < 5.1, f"{start} to {end} s is played, not the selection"
    roll.let_sound(0.1)
    check_cursor(roll, speed=2, loop=(start, end))
    page.keyboard.press(" ")
    page.keyboard.press("Escape")
    roll.root.get_by_label("Repeat the selection").uncheck()
    roll.root.get_by_label("Speed").select_option("1")


def check_cursor(roll: RollPage, speed: float, loop: tuple[float, float] | None = None) -> None:
    "The cursor goes with the clock of the sound, whatever the clock on the wall does."
    clock, cursor = roll.freeze()
    for seconds in (0.3, 0.8, 1.1):
        roll.let_sound(seconds)
        clock_then, cursor_then = clock, cursor
        clock, cursor = roll.freeze()
        asked, moved = (clock - clock_then) * speed, cursor - cursor_then
        if loop:
            start, end = loop
            assert start <= cursor <= end, f"the cursor is at {cursor} s, outside the loop"
            turns = (asked - moved) / (end - start)
            asked -= round(turns) * (end - start)
        assert abs(asked - moved) < 1e-3, f"the cursor moved {moved:.3f} s, not {asked:.3f} s"
    assert roll.root.get_by_role("button", name="Stop").count(), "playing has ended"
    roll.sound("await context.resume();")


def check_hear(page, where, out: Path, folder: Path) -> None:
    where.go_to(page, "hear")
    place = page.locator(".staria-drop", has_text="its sections").first
    alert = page.locator("[role=alert]", has_text="broken.mid").first
    place.locator("input").set_input_files(folder / "broken.mid")
    alert.wait_for()
    page.screenshot(path=out / f"{where.name}-hear-broken.png")
    data = (folder / "good.mid").read_bytes()
    dropped = page.evaluate_handle(
        """(bytes) => {
            const all = new DataTransfer();
            all.items.add(new File([new Uint8Array(bytes)], 'good.mid', {type: 'audio/midi'}));
            return all;
        }""",
        list(data),
    )
    place.dispatch_event("drop", {"dataTransfer": dropped})
    page.get_by_text(re.compile("form heard:")).wait_for()
    roll = RollPage(page, "good.mid")
    roll.root.locator(".staria-matrix").click(position={"x": 40, "y": 60})
    roll.until("root.querySelector('.staria-status').textContent.includes('playing')")
    roll.until("root.querySelector('[aria-label^=Stop]') !== null")
    roll.root.get_by_role("button", name="Stop").click()
    choice = page.locator(".widget-dropdown", has_text="model").first.locator("select")
    names = [" ".join(name.split()) for name in choice.locator("option").all_text_contents()]
    choice.select_option(index=next(k for k, name in enumerate(names) if name.startswith("Staria listener")))
    place.dispatch_event("drop", {"dataTransfer": dropped})
    check_readings(page, RollPage(page, "good.mid"))
    page.screenshot(path=out / f"{where.name}-hear-again.png")


def check_readings(page, roll: RollPage) -> None:
    "Another reading is a click away, each boundary has its reasons, and an edited section is kept."
    reasons = page.get_by_text("How sure the listener is, and why")
    reasons.wait_for()
    readings = page.locator(".widget-toggle-buttons button")
    readings.nth(1).click()
    page.get_by_text("Another reading: where its sections begin").wait_for()
    readings.nth(0).click()
    reasons.wait_for()
    page.mouse.click(*roll.at(roll.x(2), 66))  # its first section
    use = page.locator(".widget-hbox", has_text="as material of letter")
    use.get_by_role("button", name="C", exact=True).click()
    page.get_by_text(re.compile("C is now good.mid, 0:00–0:")).wait_for()
    again = page.get_by_role("button", name="Hear the rest again")
    assert again.is_disabled(), "nothing was edited, and yet the rest can be heard again"
    lane = 66  # pixels from the top: below the ruler and the reference
    page.mouse.click(*roll.at(roll.x(2), lane))
    page.keyboard.press("d")
    page.locator("button:enabled", has_text="Hear the rest again").click()
    page.get_by_text("1 kept as edited").wait_for()
    roll.root.evaluate("root => root.scrollIntoView({block: 'center'})")
    rest(page)


def check_write(page, where, out: Path) -> None:
    where.go_to(page, "write")
    page.get_by_role("button", name="Write", exact=True).click()
    growing = RollPage(page, "Staria 1, seed 0")
    growing.until("Number(root.dataset.notes) > 3")  # notes come in while it writes
    page.locator("button[title='Stop at the next token']").click()
    page.get_by_text(re.compile(r"stopped; \d candidate")).wait_for()
    where.go_to(page, "write")
    block = page.locator(".staria-block").nth(1)
    block.focus()
    page.keyboard.press("c")
    skipped = page.locator("[role=alert]", has_text="order of first appearance").first
    skipped.wait_for()  # AC skips a letter: said at once
    page.keyboard.press("b")
    skipped.wait_for(state="hidden")
    lengths = page.get_by_label("lengths", exact=True)
    lengths.fill("2")
    lengths.press("Enter")
    page.locator(".staria-form-status", has_text="AB, 4 s").wait_for()
    block = page.locator(".staria-block").nth(1)
    block.focus()
    page.keyboard.press("+")
    page.wait_for_function(
        "() => [...document.querySelectorAll('input')].some((box) => box.value === '2 3')",
    )  # the blocks reach the text
    page.get_by_role("button", name="Write", exact=True).click()
    page.get_by_text(re.compile("2 candidates: AB, AB")).wait_for()
    first, second = RollPage(page, "Staria 1, seed 0"), RollPage(page, "baseline 1, seed 0")
    before = first.fact("notes")
    page.get_by_label("section", exact=True).first.select_option(index=1)
    page.get_by_role("button", name="Re-roll").first.click()
    page.get_by_text(re.compile("section 2 is new")).wait_for()
    page.get_by_role("button", name="Back").first.click()
    first.until(f"Number(root.dataset.notes) === {before:.0f}")
    first.root.get_by_role("button", name="Play").click()
    first.sound("while (cursor() < 0.3) await frame(); await context.suspend();")
    _, place = first.freeze()
    first.root.get_by_role("button", name="Compare").click()
    second.root.get_by_role("button", name="Stop").wait_for()
    first.root.get_by_role("button", name="Play").wait_for()  # A/B hands over
    began = second.sound("return player.from;")
    assert abs(began - place) < 1e-3, f"A/B goes on at {began} s, not {place} s"
    second.canvas.focus()
    page.keyboard.press(" ")
    check_table(page)
    page.get_by_role("button", name="Export").first.click()
    page.get_by_text(re.compile(r"AB-staria-seed0-1\.json\b.* are in")).wait_for()
    page.locator("a[download$='.mid']").first.wait_for(state="attached")
    check_why(page, first)
    check_take(page)
    check_play_in(page)
    check_bars(page)
    check_blind(page, where, out)


def check_why(page, roll: RollPage) -> None:
    "A note tells how likely it was, and which notes of its snippet it read; keys go from note to note."
    roll.root.get_by_role("button", name="Show how likely each note was").click()
    roll.until("Number(root.querySelector('.staria-why').dataset.notes) === Number(root.dataset.notes)")
    roll.root.locator(".staria-why-canvas").focus()
    for _ in range(2):
        page.keyboard.press("ArrowRight")
    said = roll.root.locator(".staria-why .staria-caption").text_content()
    assert re.search(r"nats, .* It read A's snippet for \d+ %", said), said
    roll.root.locator(".staria-why-canvas").click(position={"x": 300, "y": 30})  # a click chooses, too
    roll.until("Number(root.querySelector('.staria-why').dataset.note) > 1")
    roll.root.get_by_role("button", name="Show how likely each note was").click()


def check_take(page) -> None:
    "A session keeps what is done; a section is taken from the other candidate, and given back."
    page.get_by_text("Session: a folder that keeps").click()
    page.get_by_label("folder", exact=True).fill("space/tuesday")
    page.get_by_label("folder", exact=True).press("Tab")
    page.get_by_role("button", name="Keep here, or open").click()
    page.get_by_text(re.compile("kept in space/tuesday: 2 candidates")).wait_for()
    page.get_by_label("take it from").first.select_option(index=1)
    page.get_by_role("button", name="Take", exact=True).first.click()
    page.get_by_text(re.compile(r"section \d is section \d of")).wait_for()
    page.get_by_label("novelty").click()
    page.get_by_role("button", name="Undo", exact=True).locator("visible=true").last.click()
    page.get_by_text(re.compile(r"section \d of .*: as before")).wait_for()
    page.get_by_label("novelty").click()


TEST_KEYBOARD = """() => {
  globalThis.testKeyboard = {id: "1", name: "A test keyboard"};
  const access = {inputs: new Map([["1", globalThis.testKeyboard]])};
  Object.defineProperty(navigator, "requestMIDIAccess", {value: async () => access, configurable: true});
}"""


def check_play_in(page) -> None:
    "A snippet is played in by the computer's keys and by a MIDI keyboard, after a count-in."
    page.evaluate(TEST_KEYBOARD)
    page.get_by_text("Play it in: by a MIDI keyboard").click()
    page.get_by_label("speed", exact=True).fill("240")
    page.get_by_label("speed", exact=True).press("Tab")
    recorder = page.locator(".staria-play-in")
    recorder.get_by_role("button", name="Let this page hear").click()
    recorder.get_by_text("heard: A test keyboard").wait_for()
    recorder.focus()
    page.keyboard.press("x")  # an octave higher
    page.keyboard.press("Enter")
    page.locator(".staria-play-in[data-state=recording]").wait_for()
    for key in "ad":
        page.keyboard.down(key)
        page.wait_for_timeout(120)
        page.keyboard.up(key)
    for status in (0x90, 0x80):
        page.evaluate(f"() => testKeyboard.onmidimessage({{data: [{status}, 67, 90], timeStamp: 0}})")
        page.wait_for_timeout(120)
    page.locator(".staria-play-in[data-notes='3']").wait_for()
    page.keyboard.press("Escape")
    played = RollPage(page, "what you played")
    played.until("Number(root.dataset.notes) === 3")
    page.get_by_role("button", name="B from the roll").click()
    page.get_by_text(re.compile(r"3 notes, .* of what you played")).wait_for()
    page.get_by_role("button", name="go on from the roll").click()
    page.get_by_text("pieces begin with 3 notes").wait_for()
    page.get_by_role("button", name="Undo", exact=True).locator("visible=true").last.click()
    page.get_by_text("pieces begin with nothing given").wait_for()


def check_table(page) -> None:
    "Columns have plain names, and each says what it means; what does not apply has no column."
    table = page.locator("table[aria-label=Candidates]")
    names = [name.strip() for name in table.locator("tr").first.locator("th").all_text_contents()]
    assert {"form", "copied", "keeps form", "like music", "worth", "heard as"} <= set(names), names
    assert not {"contrast", "letters apart", "seed"} & set(names), (
        f"of two sections, no letter returns: {names}"
    )
    hint = table.locator("th", has_text="copied").first.get_attribute("title")
    assert hint and "earlier section" in hint, hint


def check_bars(page) -> None:
    "Lengths are typed and dragged in bars, with their seconds beside; Undo takes a step back."
    page.get_by_label("lengths in").select_option(label="bars")
    lengths = page.get_by_label("lengths", exact=True)
    lengths.fill("4")
    lengths.press("Enter")
    page.locator(".staria-form-status", has_text="AB, 8 bars, 16 s").wait_for()
    edge = page.locator(".staria-block").nth(0).locator(".staria-form-edge")
    box, row = edge.bounding_box(), page.locator(".staria-form-row").first.bounding_box()
    page.mouse.move(box["x"] + 4, box["y"] + 20)
    page.mouse.down()
    page.mouse.move(box["x"] + 4 + row["width"] / 4, box["y"] + 20, steps=6)  # two of eight bars
    page.mouse.up()
    page.locator(".staria-form-status", has_text="AB, 10 bars, 20 s").wait_for()
    page.locator("button[title='Take back what was done last']").click()
    page.locator(".staria-form-status", has_text="AB, 8 bars, 16 s").wait_for()
    page.get_by_label("meter").fill("3/4")
    page.get_by_label("meter").press("Enter")
    page.locator(".staria-form-status", has_text="AB, 8 bars, 12 s").wait_for()
    check_gallery(page)


def check_blind(page, where, out: Path) -> None:
    "Written blind, nobody sees who wrote what, nor the letters, until names are asked for."
    page.get_by_label("blind", exact=True).check()
    page.get_by_role("button", name="Write", exact=True).click()
    page.get_by_text("2 pieces: hear them, rate them").wait_for()
    rolls = [RollPage(page, f"piece {number}") for number in (1, 2)]
    assert all(" form " not in roll.canvas.get_attribute("aria-label") for roll in rolls)
    page.screenshot(path=out / f"{where.name}-blind.png")
    page.locator(".widget-toggle-buttons", has_text="How good?").first.locator("button", has_text="4").click()
    page.get_by_role("button", name="Show names").click()
    page.get_by_text(re.compile("2 names are shown; your ratings are in")).wait_for()
    page.locator("table[aria-label=Candidates] th", has_text="your rating").wait_for()
    RollPage(page, "baseline 1, seed 0")
    page.get_by_label("blind", exact=True).uncheck()


def check_gallery(page) -> None:
    "A form of the gallery fills the plan and says what was measured; one step back takes it away."
    page.get_by_text("Gallery: twelve forms by their names").click()
    cards = page.locator(".staria-gallery button")
    cards.first.wait_for()
    assert cards.count() == 12
    page.locator(".staria-gallery button[data-name=rondo]").click()
    page.locator(".staria-form-status", has_text="ABACA, 40 bars, 80 s").wait_for()  # the material's tempo
    page.get_by_text(re.compile("tempo 120 and meter 4/4 are your material's, where the gallery")).wait_for()
    page.locator(".staria-gallery-says", has_text="The refrain returns").wait_for()
    page.get_by_text(re.compile("^Rondo: The refrain")).wait_for()  # what is drawn moves what is below
    page.locator("button[title='Take back what was done last']").click()
    page.locator(".staria-form-status", has_text="AB, 8 bars, 12 s").wait_for()
    page.get_by_text("Gallery: twelve forms by their names").click()


def check_runs(page, where, out: Path, folder: Path) -> None:
    where.go_to(page, "runs")
    with open(folder / "space" / "runs" / "first" / "metrics.csv", "a") as file:
        file.write("12,777,1.01,1.02\n")
    page.locator("svg[aria-label*='at step 777']").wait_for()  # nobody pressed anything
    page.get_by_role("tab", name="Jobs").click()
    box = page.get_by_role("textbox", name="command")
    box.fill("no-such-program")
    box.press("Enter")
    page.get_by_role("button", name="Submit").click()
    page.locator("[role=alert]", has_text="no-such-program").wait_for()
    page.get_by_role("tab", name="Curves").click()


def check_tokens(page, where, out: Path) -> None:
    where.go_to(page, "tokens")
    roll = RollPage(page, "its tokens")  # not found in other rolls: "token" there stands before "Section"
    row = roll.root.locator(".staria-row[data-at='9']")
    row.click()
    roll.python_says(r"token 9 is \(")
    roll.until("root.querySelectorAll('.staria-marked').length >= 3")  # A row leads to its note
    roll.until("Number(root.dataset.cursor) > 0")
    roll.root.locator(".staria-tokens").focus()
    page.keyboard.press("ArrowDown")
    roll.python_says(r"token 10 is \(")
    roll.root.locator(".staria-tokens").evaluate("list => list.scrollTop = 1e6")
    roll.until("Number(root.querySelector('.staria-row').dataset.at) > 60")
    assert roll.root.locator(".staria-row").count() < 60, "rows out of sight are in the page"


def measure_pace(page, where) -> None:
    where.go_to(page, "large")
    for n in (20_000, 100_000):
        say_pace(page, RollPage(page, f"{n} notes").root.element_handle(), f"{n:,} notes")


def check_names(page) -> None:
    "Everything that a keyboard reaches has a name for a screen reader."
    nameless = page.evaluate("""() => {
      const reached = "button, input, select, canvas[tabindex], [tabindex='0'], [role=application]";
      const views = ".staria-roll, .staria-form, .staria-drop, .staria-gallery";
      const roots = [...document.querySelectorAll(views)];
      const items = roots.flatMap((root) => [...root.querySelectorAll(reached)]);
      const named = (item) => item.getAttribute("aria-label") || item.textContent.trim() || item.title;
      return items.filter((item) => !named(item)).map((item) => item.outerHTML.slice(0, 80));
    }""")
    assert not nameless, f"without a name: {nameless}"


def check_restart(page, where) -> None:
    where.go_to(page, "roll")
    page.evaluate("() => { window.restarted = window.jupyterapp.commands.execute('kernelmenu:restart'); }")
    page.locator(".jp-Dialog button", has_text="Restart").last.click()
    page.evaluate("() => window.restarted")
    where.run_all(page)
    where.go_to(page, "roll")
    roll = RollPage(page, "a check of the roll")
    page.mouse.click(*roll.at(roll.x(12), 46))
    page.keyboard.press("d")
    roll.python_says(r"form ADAC")
    page.keyboard.press("Control+z")
    roll.python_says(r"form ABAC")


def take_pictures(page, where, out: Path, theme: str, width: int) -> None:
    page.set_viewport_size({"width": width, "height": HEIGHT})
    for place in ("roll", "hear", "write", "runs", "tokens"):
        where.go_to(page, place)
        rest(page)
        page.screenshot(path=out / f"{where.name}-{place}-{theme}-{width}.png")
    rolls = page.locator(".staria-roll", has_text="Staria 1")
    if rolls.count():
        rolls.first.scroll_into_view_if_needed()
        rest(page)
        page.screenshot(path=out / f"{where.name}-candidates-{theme}-{width}.png")


def check_lab(page, where, out: Path, folder: Path) -> None:
    for name, check in (
        ("roll", lambda: check_roll(page, where, out)),
        ("hear", lambda: check_hear(page, where, out, folder)),
        ("write", lambda: check_write(page, where, out)),
        ("runs", lambda: check_runs(page, where, out, folder)),
        ("tokens", lambda: check_tokens(page, where, out)),
        ("pace", lambda: None if os.environ.get("IN_TEST") else measure_pace(page, where)),  # no check
        ("names", lambda: check_names(page)),
    ):
        began = time.monotonic()
        check()
        print(f"  {where.name}: {name} passed ({time.monotonic() - began:.0f} s)", flush=True)
    assert page.locator(".jp-Cell").count() <= len(CELLS), "a letter key reached the notebook"
    for theme in where.themes:
        where.theme(page, theme)
        for width in WIDTHS:
            take_pictures(page, where, out, theme, width)
    page.set_viewport_size({"width": WIDTHS[0], "height": HEIGHT})
    where.theme(page, "light")
    check_restart(page, where)
    print(f"  {where.name}: kernel restart passed", flush=True)


def check_voila(page, where, out: Path, folder: Path) -> None:
    for name, check in (
        ("roll", lambda: check_roll(page, where, out)),
        ("hear", lambda: check_hear(page, where, out, folder)),
        ("tokens", lambda: check_tokens(page, where, out)),
    ):
        began = time.monotonic()
        check()
        print(f"  {where.name}: {name} passed ({time.monotonic() - began:.0f} s)", flush=True)
    check_names(page)
    assert not nameless(page), f"controls without a name: {nameless(page)}"
    for width in WIDTHS:
        take_pictures(page, where, out, "dark", width)


def run(kind: str, chromium: str, play, folder: Path, out: Path) -> None:
    where, port, token, problems = (
        {"lab": Lab, "voila": Voila}[kind](),
        free_port(),
        secrets.token_hex(16),
        [],
    )
    browser, server = (
        play.chromium.launch(executable_path=chromium, args=CHROMIUM_ARGS),
        start(folder, port, token, kind),
    )
    try:
        page = browser.new_page(viewport={"width": WIDTHS[0], "height": HEIGHT})
        page.set_default_timeout(WAIT_MS)

        def note(text: str) -> None:
            if not IGNORED.search(text):
                problems.append(text)

        page.on(
            "console",
            lambda message: (
                note(f"{message.text} {message.location.get('url', '')}") if message.type == "error" else None
            ),
        )
        page.on("pageerror", lambda error: note(str(error)))
        page.on(
            "request",
            lambda request: (
                None
                if re.match(r"(https?|wss?)://127\.0\.0\.1[:/]|blob:|data:", request.url)
                else note(f"a request leaves this machine: {request.url}")
            ),
        )
        began = time.monotonic()
        try:
            where.open(page, port, token)
            print(f"  {where.name}: opened and run ({time.monotonic() - began:.0f} s)", flush=True)
            {"lab": check_lab, "voila": check_voila}[kind](page, where, out, folder)
        except BaseException:
            page.screenshot(path=out / f"failed-{kind}.png")
            print("console:", problems, file=sys.stderr)
            raise
        assert not problems, f"console errors: {problems}"
    finally:
        server.terminate()
        server.wait(WAIT_MS / 1000)
        browser.close()


def film(chromium: str, play, folder: Path, file: Path) -> None:
    "Record the studio while it writes a piece and plays it, as a GIF."
    import io

    from PIL import Image

    write_notebook(folder / "check.ipynb", [FILM])
    port, token, frames = free_port(), secrets.token_hex(16), []
    browser = play.chromium.launch(executable_path=chromium, args=CHROMIUM_ARGS)
    server = start(folder, port, token, "voila")
    try:
        page = browser.new_page(viewport=FILM_SIZE)
        page.set_default_timeout(WAIT_MS)
        go(page, f"http://127.0.0.1:{port}/?theme=light&token={token}")
        page.locator(".staria-form").first.wait_for()

        def record(seconds: float, until=lambda: False) -> None:
            end = time.monotonic() + seconds
            while time.monotonic() < end and not until():
                began = time.monotonic()
                frames.append(page.screenshot())
                page.wait_for_timeout(max(0, 250 - 1000 * (time.monotonic() - began)))

        record(1)
        page.get_by_role("button", name="Write", exact=True).click()
        roll = RollPage(page, "Staria 1, seed 0")
        record(90, page.get_by_text(re.compile("1 candidates?: ABAC")).is_visible)
        frames = frames[:: max(1, len(frames) // 40)]  # However slow the machine is
        roll.root.evaluate("root => root.scrollIntoView({block: 'center'})")
        roll.root.get_by_role("button", name="Play").click()
        roll.until("root.dataset.startMs !== undefined")
        record(7)
    finally:
        server.terminate()
        server.wait(WAIT_MS / 1000)
        browser.close()
    images = [Image.open(io.BytesIO(data)).convert("RGB") for data in frames]
    palette = images[-1].quantize(96)
    images = [image.quantize(palette=palette, dither=Image.Dither.NONE) for image in images]
    file.parent.mkdir(parents=True, exist_ok=True)
    images[0].save(file, save_all=True, append_images=images[1:], duration=200, loop=0, optimize=True)
    print(f"{len(images)} pictures, {file.stat().st_size / 1e6:.1f} MB: {file}")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--out", type=Path, default=ROOT / "runs" / "browser", help="folder for the screenshots"
    )
    parser.add_argument("--only", choices=["page", "lab", "voila"], help="one of the three")
    parser.add_argument("--film", type=Path, help="only record the studio while it writes, as a GIF")
    args = parser.parse_args()
    chromium = find_chromium()
    if not chromium:
        print("browser tests skipped: no Chromium here (Debian: apt-get install chromium)")
        return 3
    from playwright.sync_api import sync_playwright

    sys.path.insert(0, str(ROOT))
    args.out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as name, sync_playwright() as play:
        if args.film:
            film(chromium, play, Path(name), args.film)
            return 0
        write_fixtures(Path(name))
        for kind in [args.only] if args.only else ["page", "lab", "voila"]:
            if kind != "page":
                run(kind, chromium, play, Path(name), args.out)
                continue
            browser = play.chromium.launch(executable_path=chromium, args=CHROMIUM_ARGS)
            check_pages(browser, args.out)
            browser.close()
    print(f"screenshots to look at: {os.path.relpath(args.out)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
