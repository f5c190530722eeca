"""Build the documentation site from the notebooks, the docstrings and the pages of the repository.

    python scripts/build_docs.py [FOLDER]      the site goes into FOLDER (default: _docs); open its index.html

Nothing is fetched, and no notebook is run: pages show the outputs that are stored.
"""

import importlib
import inspect
import re
import shutil
import sys
import warnings
from pathlib import Path

import nbformat
from examples import what_is_stale, write_heard_page, write_written_page
from fastcore.docments import docments
from mkdocs.commands.build import build
from mkdocs.config import load_config
from nbconvert import MarkdownExporter
from tree import ROOT, WINGS, rooms

STAGE = ROOT / ".docs"
REPOSITORY = "https://github.com/staria/staria/blob/main/"
PAGES = {
    "README.md": "index.md",
    "CONTRIBUTING.md": "contributing.md",
    "CHANGELOG.md": "changelog.md",
    "docs/from_the_earlier_system.md": "from_the_earlier_system.md",
    "docs/notes/bar_clock.md": "notes/bar_clock.md",
    "configs/README.md": "configs.md",
    "staria/assets/classifier.md": "cards/classifier.md",
    "staria/assets/generator.md": "cards/generator.md",
    "staria/assets/baseline.md": "cards/baseline.md",
    "staria/assets/listener.md": "cards/listener.md",
}  # A file of the repository: its page
PLAYING = {
    "docs/examples/README.md": ("examples/written.html", write_written_page),
    "docs/examples/heard.md": ("examples/heard.html", write_heard_page),
}  # What a reader of the repository sees instead: the page that plays, and what writes it
ROOMS_PAGE = "rooms.md"  # nbs/index.ipynb; the site's own index is the README


def link_to_page(link: str, source: str, page: str) -> str:
    "Turn a link of a file of the repository into one that holds on its page."
    if re.match(r"[a-z]+:|#", link) or link.startswith(f"{Path(page).stem}_files/"):  # a notebook's pictures
        return link
    target, _, anchor = link.partition("#")
    path = (ROOT / source).parent.joinpath(target).resolve().relative_to(ROOT).as_posix()
    up = "../" * page.count("/")
    if path in PAGES:
        return up + PAGES[path] + ("#" + anchor if anchor else "")
    if path in PLAYING:
        return up + PLAYING[path][0]
    if path == "nbs/index.ipynb":
        return up + ROOMS_PAGE
    if path.startswith("nbs/") and path.endswith(".ipynb"):
        return up + path.removeprefix("nbs/").removesuffix(".ipynb") + ".md"
    return up + path if path.startswith("figures/") else REPOSITORY + path


def rewrite_links(text: str, source: str, page: str) -> str:
    "Rewrite the links of a page."
    return re.sub(r"(\]\()([^)\s]+)(\))", lambda m: m[1] + link_to_page(m[2], source, page) + m[3], text)


def stage(page: str, text: str) -> None:
    path = STAGE / page
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf8")


def shown_cells(notebook) -> list:
    "Leave out what does not teach: hidden tests, empty cells, the line that names the module."
    kept = []
    for cell in notebook.cells:
        if cell.cell_type == "code":
            if re.search(r"^#\|\s*(hide|default_exp)", cell.source, re.M):
                continue
            cell.source = re.sub(r"^#\|.*\n?", "", cell.source, flags=re.M).strip("\n")
            cell.outputs = [output for output in cell.outputs if output.get("name") != "stderr"]
        if cell.source.strip():
            kept.append(cell)
    return kept


def stage_notebook(path: Path) -> str:
    "Turn a notebook into a page with its pictures; give the page's name."
    page = path.relative_to(ROOT / "nbs").with_suffix(".md").as_posix()
    page = ROOMS_PAGE if page == "index.md" else page
    notebook = nbformat.read(path, 4)
    notebook.cells = shown_cells(notebook)
    name = Path(page).stem
    resources = {"output_files_dir": f"{name}_files", "unique_key": name}
    text, resources = MarkdownExporter().from_notebook_node(notebook, resources)
    stage(page, rewrite_links(text, path.relative_to(ROOT).as_posix(), page))
    for picture, data in resources["outputs"].items():
        target = (STAGE / page).parent / picture
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(data)
    return page


def describe_type(annotation) -> str:
    if annotation in (inspect.Parameter.empty, None):
        return ""
    text = annotation if isinstance(annotation, str) else inspect.formatannotation(annotation)
    return "`" + text.replace("|", "\\|") + "`"


def describe_function(name: str, function) -> str:
    "Write a function's or a class's section: its line, and a table from its docments."
    lines = [f"### `{name}`", "", inspect.getdoc(function) or "", ""]
    try:
        facts = docments(function, full=True)
    except (SyntaxError, TypeError, OSError):  # A class without arguments of its own, such as an error
        return "\n".join(lines)
    rows = []
    for parameter, about in facts.items():
        if parameter in ("self", "return") or (parameter in ("args", "kwargs") and not about.docment):
            continue
        default = "" if about.default is inspect.Parameter.empty else f"`{about.default!r}`"
        meaning = " ".join((about.docment or "").split())
        rows.append([f"`{parameter}`", describe_type(about.anno), default, meaning])
    returned = facts.get("return")
    if returned and (returned.docment or returned.anno not in (inspect.Parameter.empty, None)):
        rows.append(["gives", describe_type(returned.anno), "", " ".join((returned.docment or "").split())])
    if rows:
        lines += ["| name | type | default | meaning |", "|---|---|---|---|"]
        lines += ["| " + " | ".join(cell.replace("\n", " ") for cell in row) + " |" for row in rows]
    if inspect.isclass(function):
        lines += ["", *describe_methods(function)]
    return "\n".join(lines)


def describe_methods(kind: type) -> list[str]:
    "List a class's own public methods and properties, each with the first line of its docstring."
    lines = []
    for name, member in vars(kind).items():
        method = member.fget if isinstance(member, property) else getattr(member, "__func__", member)
        if name.startswith("_") or not inspect.isfunction(method):
            continue
        summary = (inspect.getdoc(method) or "").split("\n")[0]
        lines.append(f"- `{name}`: {summary}" if summary else f"- `{name}`")
    return lines


def reference_of(module_name: str) -> str:
    "Write the part of a module in its wing's reference page."
    module = importlib.import_module(f"staria.{module_name}")
    summary = (module.__doc__ or "").strip().splitlines()
    parts = [f"## staria.{module_name}", "", summary[0] if summary else "", ""]
    for name in getattr(module, "__all__", []):
        found = getattr(module, name)
        if getattr(found, "__module__", "") != module.__name__:
            continue
        if inspect.isfunction(found) or inspect.isclass(found):
            parts += [describe_function(name, found), ""]
    return "\n".join(parts)


def stage_reference(wing: str, modules: list[str]) -> str:
    page = f"reference/{wing}.md"
    about = importlib.import_module(f"staria.{wing}").__doc__ or ""
    head = f"# {wing}\n\n{about.strip()}\n\n"
    stage(page, head + "\n\n".join(reference_of(module) for module in modules))
    return page


def stage_all() -> list:
    "Stage every page; give the navigation."
    shutil.rmtree(STAGE, ignore_errors=True)
    shutil.copytree(ROOT / "figures", STAGE / "figures")
    for source, page in PAGES.items():
        stage(page, rewrite_links((ROOT / source).read_text(encoding="utf8"), source, page))
    for page, write in PLAYING.values():
        (STAGE / page).parent.mkdir(exist_ok=True)
        write(STAGE / page)
    pages = {}
    for path in sorted((ROOT / "nbs").glob("*/*.ipynb")):
        pages.setdefault(path.parent.name, []).append(stage_notebook(path))
    modules = {wing: [m for m in rooms() if m.split(".")[0] == wing and "." in m] for wing in WINGS}
    wings = [
        {"All rooms": stage_notebook(ROOT / "nbs" / "index.ipynb")},
        *({wing: pages[wing]} for wing in WINGS),
    ]
    return [
        {
            "Start": [
                "index.md",
                "from_the_earlier_system.md",
                "configs.md",
                "contributing.md",
                "changelog.md",
            ]
        },
        {"With sound": [{"Written": "examples/written.html"}, {"Heard": "examples/heard.html"}]},
        {"Tutorials": pages["tutorials"]},
        {"Rooms": wings},
        {"Reference": [stage_reference(wing, found) for wing, found in modules.items() if found]},
        {"Experiments": [*pages["experiments"], {"Notes": ["notes/bar_clock.md"]}]},
        {"Model cards": [f"cards/{name}.md" for name in ("generator", "baseline", "listener", "classifier")]},
    ]


def main() -> int:
    warnings.filterwarnings("ignore")
    site = Path(sys.argv[1] if len(sys.argv) > 1 else ROOT / "_docs").absolute()
    navigation = stage_all()
    config = load_config(str(ROOT / "mkdocs.yml"), site_dir=str(site), nav=navigation, strict=True)
    config.plugins.run_event("startup", command="build", dirty=False)
    build(config)
    shutil.rmtree(STAGE, ignore_errors=True)
    print(f"the documentation: {site / 'index.html'}")
    if stale := what_is_stale():
        print(stale)
    return int(bool(stale))


if __name__ == "__main__":
    sys.exit(main())
