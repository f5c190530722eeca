"""Open the widgets in JupyterLab with a real browser, use them as a person would, and keep screenshots.

    python scripts/browser_check.py [--out FOLDER] [--width PIXELS]     needs chromium and playwright; exits with 1 where something fails
"""
import argparse, json, os, re, secrets, shutil, socket, subprocess, sys, tempfile, time
from pathlib import Path

import nbformat
from playwright.sync_api import Error, sync_playwright

ROOT = Path(__file__).resolve().parents[1]
CHROMIUM_ARGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update", "--disable-sync", "--no-first-run",
                 "--mute-audio", "--autoplay-policy=no-user-gesture-required"]
IGNORED = re.compile(r"favicon|jupyterlab_(news|apputils)|ResizeObserver loop|/lsp/|WebSocket is closed before|source map|CommandRegistry|Failed to load resource.*(40[34])", re.I)

CELLS = [
    """import numpy as np
from staria.core import Workspace
from staria.score import Score, Section
from staria.widgets import PianoRoll, HearForm, WriteForm, Runs
from staria.models.presets import build
rng = np.random.default_rng(0)
onset = np.arange(0, 32, 0.25)
scale = np.array([0, 2, 4, 5, 7, 9, 11, 12])
part = (onset // 8).astype(int)
pitch = 60 + np.array([0, 5, 0, 7])[part] + scale[rng.integers(0, 8, len(onset))]
left = np.arange(0, 32, 1.0)
onsets, pitches = np.concatenate([onset, left]), np.concatenate([pitch, 43 + np.array([0, 5, 0, 7])[(left // 8).astype(int)]])
order = np.argsort(onsets, kind="stable")
sections = [Section(0, 8, "A"), Section(8, 16, "B"), Section(16, 24, "A"), Section(24, 32, "C")]
score = Score.from_arrays(onsets[order], np.where(pitches[order] < 56, 0.9, 0.3), pitches[order], velocity=rng.integers(40, 110, len(order)), sections=sections)
near = np.array([0, 1, 0, 2])[(onsets[order] // 8).astype(int)]
probs = rng.dirichlet(np.ones(4), len(order)) * 0.5
probs[np.arange(len(order)), near] += 0.5
roll = PianoRoll(score, probs=probs, title="a check of the roll")""",
    "roll",
    """import ipywidgets
said = ipywidgets.Label("Python has heard nothing yet")
def say(change): said.value = f"selection {[round(t, 2) for t in roll.selection]} form {roll.score.form} ends {[round(s.end_s, 2) for s in roll.sections]}"
roll.observe(say, ["selection", "sections"])
said""",
    "HearForm(build('classifier', 'tiny', seed=0), workspace=Workspace('nowhere'))",
    "WriteForm(build('staria', 'tiny', seed=0), form='AB', lengths='2', n=2, workspace=Workspace('nowhere'))",
    "Runs('logs')",
]


def free_port() -> int:
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def start_lab(folder: Path, port: int, token: str) -> subprocess.Popen:
    env = {**os.environ, "JUPYTERLAB_SETTINGS_DIR": str(folder / ".lab" / "settings"), "JUPYTERLAB_WORKSPACES_DIR": str(folder / ".lab" / "spaces"),
           "JUPYTER_CONFIG_DIR": str(folder / ".lab" / "config"), "JUPYTER_TOKEN": token, "OMP_NUM_THREADS": "1",
           "PYTHONPATH": os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])}
    settings = folder / ".lab" / "settings" / "@jupyterlab" / "apputils-extension"
    settings.mkdir(parents=True)
    (settings / "notification.jupyterlab-settings").write_text(json.dumps({"fetchNews": "false", "checkForUpdates": False}))
    log = open(folder / "lab.log", "w")
    command = [sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root", "--ip=127.0.0.1", f"--port={port}", "--ServerApp.port_retries=0", "--LabApp.expose_app_in_browser=True"]
    return subprocess.Popen(command, cwd=folder, env=env, stdout=log, stderr=log)


def write_fixtures(folder: Path) -> None:
    cells = [nbformat.v4.new_code_cell(text) for text in CELLS]
    nbformat.write(nbformat.v4.new_notebook(cells=cells, metadata={"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}), folder / "check.ipynb")
    (folder / "logs" / "first").mkdir(parents=True)
    (folder / "logs" / "first" / "metrics.csv").write_text("epoch,step,train_loss,val_loss\n" + "".join(f"{k},{10 * k},{3 / (k + 1) + 1},{3.2 / (k + 1) + 1.1}\n" for k in range(12)))
    (folder / "broken.mid").write_bytes(b"not a MIDI file at all")


def command(page, name: str, **arguments) -> None: page.evaluate("([name, values]) => window.jupyterapp.commands.execute(name, values)", [name, arguments])


def open_notebook(page, url: str) -> None:
    deadline = time.monotonic() + 60
    while True:
        try: page.goto(url); break
        except Error:
            if time.monotonic() > deadline: raise
            time.sleep(0.5)
    page.wait_for_selector(".jp-NotebookPanel .jp-Notebook .jp-Cell", timeout=60_000)
    page.wait_for_selector(".jp-Notebook-ExecutionIndicator[data-status='idle']", timeout=60_000, state="attached")
    page.evaluate("async () => { const panel = window.jupyterapp.shell.currentWidget; await panel.context.ready; await panel.sessionContext.ready; await panel.sessionContext.session.kernel.info; }")
    command(page, "application:toggle-left-area")
    command(page, "notebook:run-all-cells")
    page.wait_for_selector(".staria-roll[data-draw-ms]", timeout=90_000)
    page.wait_for_selector(".widget-image", timeout=90_000, state="attached")


class RollPage:
    """One roll on the page, addressed as a person would: by places and keys."""
    def __init__(self, page):
        self.page = page
        self.root = page.locator(".staria-roll").first
        self.canvas = self.root.locator(".staria-overlay")
        self.root.evaluate("root => root.scrollIntoView({block: 'center'})")
        page.wait_for_timeout(300)

    def fact(self, name: str) -> float: return float(self.root.get_attribute(f"data-{name}"))
    def at(self, x: float, y: float):
        box = self.canvas.bounding_box()
        return box["x"] + x, box["y"] + y
    def x(self, time_s: float) -> float:
        start, end = self.fact("start"), self.fact("end")
        return 52 + (time_s - start) / (end - start) * (self.canvas.bounding_box()["width"] - 52)
    def pull(self, start: tuple, end: tuple):
        self.page.mouse.move(*self.at(*start)); self.page.mouse.down(); self.page.mouse.move(*self.at(*end), steps=8); self.page.mouse.up()
    def python_says(self, pattern: str):
        self.page.locator(".widget-label", has_text=re.compile(pattern)).first.wait_for(timeout=10_000)


def check_roll(page, out: Path, theme: str) -> None:
    roll = RollPage(page)
    page.screenshot(path=out / f"roll-{theme}.png")
    whole = roll.fact("end") - roll.fact("start")
    page.mouse.move(*roll.at(400, 150))
    page.keyboard.down("Control")
    for _ in range(3): page.mouse.wheel(0, -120)
    page.keyboard.up("Control"); page.wait_for_timeout(300)
    zoomed = roll.fact("end") - roll.fact("start")
    assert zoomed < 0.6 * whole, f"zoom: {whole} s to {zoomed} s"
    before = roll.fact("start")
    roll.pull((600, 150), (500, 150)); page.wait_for_timeout(200)
    assert roll.fact("start") > before, "a drag does not pan"
    roll.pull((200, 8), (500, 8))
    roll.python_says(r"selection \[\d")
    page.screenshot(path=out / f"roll-zoomed-{theme}.png")
    page.keyboard.press("Escape"); page.keyboard.press("0"); page.wait_for_timeout(200)
    roll.pull((roll.x(8), 35), (roll.x(10), 35))
    roll.python_says(r"form ABAC ends \[10\.0")
    page.mouse.click(*roll.at(roll.x(12), 35)); page.keyboard.press("d")
    roll.python_says(r"form ADAC")
    page.keyboard.press("Control+z"); page.keyboard.press("Control+z")
    roll.python_says(r"form ABAC ends \[8\.0")
    assert page.locator(".jp-Cell").count() == len(CELLS), "a letter key reached the notebook"
    page.mouse.click(*roll.at(roll.x(2), 150)); page.wait_for_timeout(100)
    began = roll.fact("cursor")
    roll.root.get_by_role("button", name="Play").click(); page.wait_for_timeout(1500)
    moved = roll.fact("cursor") - began
    page.mouse.move(*roll.at(roll.x(12) + 3, 60))
    page.screenshot(path=out / f"roll-playing-{theme}.png")
    assert 0.8 < moved < 3, f"the cursor moved {moved:.2f} s in about 1.5 s"
    roll.canvas.focus(); page.keyboard.press(" "); page.wait_for_timeout(300)
    stopped = roll.fact("cursor"); page.wait_for_timeout(400)
    assert roll.fact("cursor") == stopped, "space does not stop"


def upload(page, path: Path) -> None:
    with page.expect_file_chooser() as chooser: page.locator(".widget-upload").first.click()
    chooser.value.set_files(path)


def check_forms(page, out: Path, theme: str, folder: Path) -> None:
    page.get_by_role("button", name="Write", exact=True).scroll_into_view_if_needed()
    page.get_by_role("button", name="Write", exact=True).click()
    page.get_by_text(re.compile("2 candidates: AB, AB")).wait_for(timeout=90_000)
    page.wait_for_timeout(500)
    page.screenshot(path=out / f"write-{theme}.png")
    upload(page, folder / "broken.mid")
    page.locator("[role=alert]", has_text="broken.mid").wait_for(timeout=20_000)
    page.locator("[role=alert]", has_text="broken.mid").scroll_into_view_if_needed()
    page.screenshot(path=out / f"hear-broken-{theme}.png")
    upload(page, folder / "good.mid")
    page.get_by_text(re.compile("form heard")).wait_for(timeout=30_000)
    page.wait_for_timeout(500)
    page.screenshot(path=out / f"hear-{theme}.png")
    page.locator(".widget-button", has_text="Refresh").scroll_into_view_if_needed()
    page.wait_for_timeout(300)
    page.screenshot(path=out / f"runs-{theme}.png")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=ROOT / "runs" / "browser", help="folder for the screenshots")
    parser.add_argument("--width", type=int, default=1280)
    args = parser.parse_args()
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if not chromium: print("no Chromium found: apt-get install -y --no-install-recommends chromium", file=sys.stderr); return 2
    args.out.mkdir(parents=True, exist_ok=True)
    sys.path.insert(0, str(ROOT))
    from staria.score import Score
    with tempfile.TemporaryDirectory() as name, sync_playwright() as play:
        folder = Path(name)
        write_fixtures(folder)
        Score.from_arrays([0, 0.5, 1.0, 1.5], 0.4, [60, 64, 67, 72]).to_midi(folder / "good.mid")
        browser = play.chromium.launch(executable_path=chromium, args=CHROMIUM_ARGS)
        port, token, problems = free_port(), secrets.token_hex(16), []
        lab = start_lab(folder, port, token)
        try:
            page = browser.new_page(viewport={"width": args.width, "height": 900})
            page.on("console", lambda message: problems.append(message.text) if message.type == "error" and not IGNORED.search(message.text) else None)
            page.on("pageerror", lambda error: problems.append(str(error)))
            open_notebook(page, f"http://127.0.0.1:{port}/lab/tree/check.ipynb?reset&token={token}")
            for theme in ("light", "dark"):
                command(page, "apputils:change-theme", theme=f"JupyterLab {theme.title()}")
                page.wait_for_selector(f"body[data-jp-theme-light='{str(theme == 'light').lower()}']", timeout=20_000, state="attached")
                page.wait_for_timeout(500)
                check_roll(page, args.out, theme)
                check_forms(page, args.out, theme, folder)
                assert not problems, f"console errors: {problems}"
                print(f"{theme}: zoom, pan, select, edit, undo, play, write, hear, broken file, runs: passed", flush=True)
        except BaseException:
            page.screenshot(path=args.out / "failed.png")
            print("console:", problems, file=sys.stderr)
            raise
        finally:
            lab.terminate()
            lab.wait(20)
        browser.close()
    print(f"screenshots: {os.path.relpath(args.out)}")
    return 0


if __name__ == "__main__": sys.exit(main())
