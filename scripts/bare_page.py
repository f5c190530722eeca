"""Use the roll, the form and their neighbours in pages that are not Jupyter's, with a real browser.

    python scripts/bare_page.py [--out FOLDER]     keeps screenshots; needs chromium and playwright
    python scripts/bare_page.py --pace             measures frames

Each page has its own way to be dark or light: VS Code's variables and security policy, or nothing but the
colours of its text. A stand-in for the kernel holds the traits, so no server is needed.
"""

import argparse
import base64
import json
import re
import shutil
import sys
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))
CHROMIUM_ARGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--mute-audio",
    "--autoplay-policy=no-user-gesture-required",
]
ADDRESS = "http://127.0.0.1:9/"  # Never asked: answered by the browser itself
VSCODE = {
    "dark": {"editor-background": "#1e1e1e", "foreground": "#cccccc", "focusBorder": "#007fd4"},
    "light": {"editor-background": "#ffffff", "foreground": "#3b3b3b", "focusBorder": "#005fb8"},
}
POLICY = (
    "default-src 'none'; img-src data: blob:; media-src blob:; font-src data:; style-src 'unsafe-inline'; "
    "script-src 'nonce-here' blob:"
)  # As strict as VS Code's
PAGES = {
    "vscode-dark": ("", "vscode-dark", VSCODE["dark"]),
    "vscode-light": ("", "vscode-light", VSCODE["light"]),
    "dark": ("html { background: #202124 } body { color: #e8eaed }", "", {}),
    "light": ("", "", {}),
}  # Style, class of the body, VS Code's variables

SCRIPT = """
const before = new Set(Object.getOwnPropertyNames(window));
class Model {
  constructor(state) {
    this.state = state;
    this.heard = {};
    this.sent = [];
  }
  get(name) { return this.state[name]; }
  set(name, value) {
    if (JSON.stringify(this.state[name]) === JSON.stringify(value)) return;
    this.state[name] = value;
    for (const act of this.heard[`change:${name}`] ?? []) act();
  }
  save_changes() {}
  on(names, act) { for (const name of names.split(" ")) (this.heard[name] ??= []).push(act); }
  off() {}
  send(message) { this.sent.push(message); }
}
const bytes = (text) => new DataView(Uint8Array.from(atob(text), (c) => c.charCodeAt(0)).buffer);
const models = [];
const shows = [];
for (const { code, state, binary } of WIDGETS) {
  for (const [name, text] of Object.entries(binary)) state[name] = bytes(text);
  const url = URL.createObjectURL(new Blob([code], { type: "text/javascript" }));
  const widget = (await import(url)).default;
  const el = document.querySelector("main").appendChild(document.createElement("div"));
  const model = new Model(state);
  models.push(model);
  shows.push(widget.render({ model, el }));
}
const taken = Object.getOwnPropertyNames(window).filter((name) => !before.has(name));
window.test = { models, taken };
"""


def find_chromium() -> str | None:
    return next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)


def fixture_score(n: int = 0):  # A Score; with n, one of so many notes
    from staria.music.score import Score
    from staria.music.sections import Section

    rng = np.random.default_rng(0)
    length = n * 0.07 if n else 32
    step = length / (40 if n else 4)
    letters = "ABCD" * 10 if n else "ABAC"
    sections = [Section(k * step, (k + 1) * step, letter) for k, letter in enumerate(letters)]
    if n:
        onset, duration = np.sort(rng.uniform(0, length, n)), rng.exponential(0.4, n) + 0.05
        return Score.from_arrays(onset, duration, rng.integers(30, 96, n), sections=sections)
    onset = np.arange(0, 32, 0.25)
    grid = dict(tempos=np.array([[0.0, 120.0]]), meters=np.array([[0.0, 4, 4]]))
    return Score.from_arrays(onset, 0.24, 60 + (onset * 4).astype(int) * 5 % 24, sections=sections, **grid)


def page_of(widgets: list, style: str, body: str, variables: dict[str, str]) -> str:
    "Write a page that shows widgets, each with its traits as they are."
    shown, sheets = [], []
    for widget in widgets:
        traits = {
            name: value
            for name, value in widget.get_state().items()
            if not name.startswith("_") and name not in ("layout", "tabbable", "tooltip")
        }
        binary = {
            name: bytes(value) for name, value in traits.items() if isinstance(value, (bytes, memoryview))
        }
        state = {name: value for name, value in traits.items() if name not in binary}
        encoded = {name: base64.b64encode(value).decode() for name, value in binary.items()}
        shown.append({"code": str(widget._esm), "state": state, "binary": encoded})
        sheets.append(str(widget._css))
    own = "".join(f"--vscode-{name}: {value};" for name, value in variables.items())
    data = json.dumps(shown).replace("</", "<\\/")
    return (
        f'<!doctype html><html lang="en" style="{own}"><head><meta charset="utf8"><title>A page</title>'
        f'<meta name="viewport" content="width=device-width"><link rel="icon" href="data:,">'
        f"<style>{style} {' body { background: var(--vscode-editor-background) }' if own else ''}</style>"
        f"<style>{' '.join(dict.fromkeys(sheets))}</style></head>"
        f'<body class="{body}"><main></main><script type="module" nonce="here">'
        f"const WIDGETS = {data};{SCRIPT}</script></body></html>"
    )


def show(browser, content: str, width: int = 1440, touch: bool = False):
    "Open a page; what goes wrong on it is kept."
    context = browser.new_context(viewport={"width": width, "height": 1000}, has_touch=touch, is_mobile=touch)
    page = context.new_page()
    page.problems = []
    page.on(
        "console",
        lambda message: page.problems.append(message.text) if message.type in ("error", "warning") else None,
    )
    page.on("pageerror", lambda error: page.problems.append(str(error)))
    page.route(
        "**/*",
        lambda route: route.fulfill(
            body=content, content_type="text/html", headers={"Content-Security-Policy": POLICY}
        ),
    )
    page.goto(ADDRESS)
    page.wait_for_function("() => window.test")
    settle(page)
    return page


def settle(page) -> None:
    page.evaluate(
        """async () => {
          for (let k = 0; k < 3; k++) await new Promise(requestAnimationFrame);
          await new Promise((done) => setTimeout(done, 50));
        }"""
    )


CONTROLS = {
    "button",
    "checkbox",
    "combobox",
    "textbox",
    "slider",
    "spinbutton",
    "listbox",
    "option",
    "tab",
    "application",
    "link",
    "radio",
    "progressbar",
    "searchbox",
    "switch",
}


def tree(page) -> list[dict]:  # Nodes that are not ignored: role, name, properties
    "Read the accessibility tree as a screen reader gets it."
    nodes = page.context.new_cdp_session(page).send("Accessibility.getFullAXTree")["nodes"]
    found = []
    for node in nodes:
        if not node.get("ignored"):
            states = {each["name"]: each["value"].get("value") for each in node.get("properties", ())}
            role, name = (node.get(key, {}).get("value", "") for key in ("role", "name"))
            found.append({"role": role, "name": name, "states": states})
    return found


def nameless(page) -> list[dict]:
    "List controls of which a screen reader can say nothing."
    return [node for node in tree(page) if node["role"] in CONTROLS and not str(node["name"]).strip()]


def check_tree(page) -> None:
    "Every control has a name; the roll says what it is, and in words what it shows."
    assert not nameless(page), f"controls without a name: {nameless(page)}"
    nodes = tree(page)
    roll = next(node for node in nodes if node["role"] == "application" and "Piano roll" in node["name"])
    assert re.search(r"128 notes, 0:32, form ABAC", roll["name"]), roll
    page.locator(".staria-overlay").first.focus()
    page.keyboard.press("w")
    said = [node for node in tree(page) if node["role"] == "status"]
    assert any(node["states"].get("live") == "polite" for node in said)
    words = page.locator(".staria-status").first.text_content()
    assert re.match(r"Shown: 0:00\.0 to 0:32\.0 of 0:32; 128 notes from C4 to B5; sections: A from", words), (
        words
    )


def check_keys(page) -> None:
    "Tab reaches every control, each with a ring around it; one key opens the list of keys."
    page.evaluate("() => Object.assign(document.querySelector('main'), {tabIndex: -1}).focus()")
    reached = set()
    for _ in range(120):
        page.keyboard.press("Tab")
        found = page.evaluate(
            """() => {
              const item = document.activeElement;
              if (item === document.body) return null;
              const all = [...document.querySelectorAll("main *")];
              const {outlineStyle, outlineWidth} = getComputedStyle(item);
              const around = item.closest(".staria-drop");
              const ring = around ? getComputedStyle(around).outlineStyle : outlineStyle;
              const seen = ring !== "none" && outlineWidth !== "0px";
              return [all.indexOf(item), seen, item.outerHTML.slice(0, 90)];
            }"""
        )
        if found is None:
            break
        assert found[1], f"nothing shows that this has the focus: {found[2]}"
        reached.add(found[0])
    missed = page.evaluate(
        """(reached) => {
          const all = [...document.querySelectorAll("main *")];
          const wanted = "button, input, select, canvas[tabindex], [tabindex='0']";
          return all.filter((item, k) => item.matches(wanted) && item.tabIndex >= 0 && item.checkVisibility()
            && !reached.includes(k)).map((item) => item.outerHTML.slice(0, 90));
        }""",
        list(reached),
    )
    assert not missed, f"Tab does not reach {missed}"
    for place in (".staria-overlay", ".staria-block[tabindex='0']"):
        page.locator(place).first.focus()
        opened = page.locator(".staria-help:visible")
        page.keyboard.press("?")
        assert opened.count() == 1, f"? opens no list of keys from {place}"
        page.keyboard.press("?")
        assert opened.count() == 0


def check_page(browser, widgets: list, kind: str, out: Path) -> None:
    content = page_of(widgets(), *PAGES[kind])
    for width in (1440, 390):
        page = show(browser, content, width)
        assert not page.evaluate("() => test.taken"), "names of the page were taken"
        check_tree(page)
        check_keys(page)
        wide = page.evaluate("() => document.documentElement.scrollWidth")
        assert wide <= width, f"the page is {wide} px wide on {width} px"
        dark = page.evaluate("() => [...window[Symbol.for('staria')].rolls][0].painter.theme.dark")
        assert dark == ("dark" in kind), f"{kind}: the roll is {'dark' if dark else 'light'}"
        page.screenshot(path=out / f"page-{kind}-{width}.png", full_page=True)
        assert not page.problems, page.problems
        page.context.close()


def check_theme_changes(browser, widgets) -> None:
    "A page that changes its theme by variables alone is followed."
    page = show(browser, page_of(widgets(), *PAGES["vscode-light"]))
    for name, value in VSCODE["dark"].items():
        page.evaluate(f"() => document.documentElement.style.setProperty('--vscode-{name}', '{value}')")
    settle(page)
    assert page.evaluate("() => [...window[Symbol.for('staria')].rolls][0].painter.theme.dark")
    page.context.close()


def check_fingers(browser, widgets, out: Path) -> None:
    "Two fingers zoom, a finger that rests selects, one that swipes up scrolls the page and touches nothing."
    page = show(browser, page_of(widgets(), *PAGES["light"]), 390, touch=True)
    fingers = page.context.new_cdp_session(page)
    box = page.locator(".staria-overlay").first.bounding_box()

    def touch(kind: str, *places: tuple[float, float]) -> None:
        points = [{"x": box["x"] + x, "y": box["y"] + y, "id": k} for k, (x, y) in enumerate(places)]
        fingers.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

    def fact(name: str) -> float:
        settle(page)
        return float(page.locator(".staria-roll").first.get_attribute(f"data-{name}"))

    def selection() -> list[float]:
        return page.evaluate("() => test.models[0].get('selection')")

    before = fact("end") - fact("start")
    touch("touchStart", (180, 150), (240, 150))
    for k in range(1, 6):
        touch("touchMove", (180 - 12 * k, 150), (240 + 12 * k, 150))
    touch("touchEnd")
    assert fact("end") - fact("start") < 0.8 * before, "two fingers do not zoom"
    page.locator(".staria-overlay").first.focus()
    page.keyboard.press("0")
    touch("touchStart", (100, 150))
    page.wait_for_function("() => test.models[0].get('selection').length === 2")
    assert selection() == [0, 8], selection()
    for k in range(1, 11):
        touch("touchMove", (100 + 10 * k, 150))
    touch("touchEnd")
    assert selection()[0] == 0 and selection()[1] > 10, f"dragging on does not select more: {selection()}"
    page.screenshot(path=out / "page-touch-390.png")
    page.keyboard.press("Escape")
    cursor = fact("cursor")
    touch("touchStart", (300, 200))
    for k in range(1, 9):
        touch("touchMove", (300, 200 - 20 * k))
    touch("touchEnd")
    page.wait_for_function("() => window.scrollY > 60")
    assert fact("cursor") == cursor and selection() == [], "a finger that scrolls the page moved the cursor"
    assert not page.problems, page.problems
    page.context.close()


PACE = """async ([root, seconds]) => {
  const canvas = root.querySelector(".staria-overlay");
  const box = canvas.getBoundingClientRect();
  const place = {clientX: box.left + box.width / 2, clientY: box.top + box.height / 3};
  const common = {bubbles: true, cancelable: true, ...place};
  const wheel = (more) => canvas.dispatchEvent(new WheelEvent("wheel", {...common, ...more}));
  const run = (act) => new Promise((done) => {
    const began = performance.now();
    const gaps = [], draws = [];
    let last = began;
    const step = (now) => {
      gaps.push(now - last);
      last = now;
      draws.push(Number(root.dataset.drawMs));
      if (performance.now() - began > seconds * 1000) {
        draws.sort((a, b) => a - b);
        const at = (share) => draws[Math.floor(draws.length * share)];
        const long = gaps.filter((gap) => gap > 25).length;
        done({frames: gaps.length, long, median: at(0.5), late: at(0.95)});
        return;
      }
      act(gaps.length);
      requestAnimationFrame(step);
    };
    requestAnimationFrame(step);
  });
  const idle = await run(() => {});
  const zoom = await run((k) => wheel({ctrlKey: true, deltaY: k % 60 < 30 ? -30 : 30}));
  const pan = await run((k) => wheel({shiftKey: true, deltaX: k % 120 < 60 ? 14 : -14}));
  for (let k = 0; k < 12; k++) wheel({ctrlKey: true, deltaY: -120});
  const near = await run((k) => wheel({shiftKey: true, deltaX: k % 120 < 60 ? 14 : -14}));
  return {idle, zoom, pan, near};
}"""


def say_pace(page, root, name: str) -> None:
    "Print how many frames a page shows while nothing moves, while a roll zooms, and while it is moved."
    for way, found in page.evaluate(PACE, [root, 2.0]).items():
        print(
            f"    {name}, {way}: {found['frames']} frames in 2 s, {found['long']} over 25 ms; "
            f"drawn in {found['median']:.1f} ms, 95 % within {found['late']:.1f} ms",
            flush=True,
        )


def measure_pace(browser, roll_of) -> None:
    for n in (1_000, 20_000, 100_000):
        page = show(browser, page_of([roll_of(n)], *PAGES["light"]))
        say_pace(page, page.query_selector(".staria-roll"), f"{n:,} notes")
        page.context.close()


def check_pages(browser, out: Path, only_pace: bool = False) -> None:
    "Check the widgets in pages that are not Jupyter's."
    from staria.widgets.parts import FileDrop, Fold
    from staria.widgets.roll import PianoRoll
    from staria.widgets.write import WriteForm

    def roll_of(n: int) -> PianoRoll:
        score = fixture_score(n)
        return PianoRoll(
            score, probs=np.random.default_rng(1).dirichlet(np.ones(4), len(score)), title=f"{n} notes"
        )

    def widgets() -> list:
        score = fixture_score()
        form = WriteForm(None, {"A": score.slice(0, 8)}, form="AB")
        roll = PianoRoll(score, title="a piece")
        parts = [form.gallery, form.blocks, Fold("More", form.links).head]
        return [roll, *parts, FileDrop(print, print), form.shelf.play_in.recorder]

    if only_pace:
        measure_pace(browser, roll_of)
        return
    for kind in PAGES:
        check_page(browser, widgets, kind, out)
        print(f"  page {kind}: passed", flush=True)
    check_theme_changes(browser, widgets)
    check_fingers(browser, widgets, out)
    print("  pages: themes that change, and fingers, passed", flush=True)


def main() -> int:
    from playwright.sync_api import sync_playwright

    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--out", type=Path, default=ROOT / "runs" / "browser", help="folder for the screenshots"
    )
    parser.add_argument("--pace", action="store_true", help="only measure frames")
    args = parser.parse_args()
    args.out.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=find_chromium(), args=CHROMIUM_ARGS)
        check_pages(browser, args.out, args.pace)
        browser.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
