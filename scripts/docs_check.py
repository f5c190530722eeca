"""Open the documentation site from disk, search in it, and see that nothing is missed or fetched.

python scripts/docs_check.py FOLDER        status 3 where there is no Chromium
"""

import re
import shutil
import sys
from pathlib import Path

PAGES = ("index.html", "tutorials/01_first_piece.html", "reference/core.html", "examples/written.html")
NO_BROWSER = 3


def problems_of(site: Path, chromium: str) -> list[str]:
    "List what pages complain of, what leaves this machine, and a search that finds nothing."
    from playwright.sync_api import TimeoutError, sync_playwright

    problems = []

    def hear(message) -> None:
        if message.type == "error":
            problems.append(f"{message.text} {message.location.get('url', '')}")

    def see(request) -> None:
        if not re.match(r"(file|data|blob|about):", request.url):
            problems.append(f"a request leaves this machine: {request.url}")

    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        page = browser.new_page()
        page.on("console", hear)
        page.on("pageerror", lambda error: problems.append(str(error)))
        page.on("request", see)
        for name in PAGES:
            page.goto((site / name).as_uri())
        page.goto((site / "index.html").as_uri())
        page.locator("input[name=query]").press_sequentially("boundary")
        try:
            page.locator(".md-search-result__item").first.wait_for()
        except TimeoutError:
            problems.append("the search finds nothing")
        page.set_viewport_size({"width": 390, "height": 844})  # a phone
        page.goto((site / "examples" / "heard.html").as_uri())
        problems += edge_problems(page)
        browser.close()
    return problems


def edge_problems(page) -> list[str]:
    "See that a roll which is wider than a phone fades at the edge where there is more of it."
    roll = page.locator("figure.roll .scroll").first
    problems = []
    for at, wanted in ((0, "more-right"), (10**6, "more-left")):
        roll.evaluate("(box, at) => { box.scrollLeft = at; }", at)
        page.wait_for_timeout(300)
        shown = roll.evaluate("(box) => [...box.classList].filter((name) => name.startsWith('more')).join()")
        if shown != wanted:
            problems.append(f"a roll on a phone, scrolled to {at}: {shown or 'no edge'} instead of {wanted}")
    return problems


def main() -> int:
    chromium = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if not chromium:
        return NO_BROWSER
    problems = problems_of(Path(sys.argv[1]).absolute(), chromium)
    print(*problems, sep="\n")
    return int(bool(problems))


if __name__ == "__main__":
    sys.exit(main())
