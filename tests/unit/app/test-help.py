#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright The Peer-Up authors
"""test-help.py [--tap] YELP-CHECK TOP FILE...: the help is well-formed, complete and says what the window says.

FILE... are the pages and pictures that are installed. What needs a network (hrefs) is left out."""
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ElementTree

NAMESPACE = "{http://projectmallard.org/1.0/}"
PAGES = {"index", "pair", "privacy", "relay", "scripts", "share", "slow", "start", "trouble", "use"}
# Texts of the window, as they are marked for gettext in Blueprint and in C.
MARKED = re.compile(r'\b(?:N|C)?_ ?\(((?:[^()"]*"(?:[^"\\]|\\.)*"\s*)+)|ngettext \(((?:\s*"(?:[^"\\]|\\.)*",?)+)')
QUOTED = re.compile(r'"((?:[^"\\]|\\.)*)"')
# In an accelerator, in Blueprint, in C.
HELP = re.compile(r"""app\.help\('([^'%]*)'\)|"app\.help";\s*action-target: "'([^']*)'"|"app\.help", "s", "([^"]*)\"""")
# A place for another text, or for a number.
PLACE = re.compile(r"%(?:\d\$)?[-a-zA-Z]+|…|\d+")


def plain(text):
    """As people read it: without the marks of its keys, ellipses at the end and the place of what is put in."""
    text = re.sub(r"_(?=\w)", "", text)
    return " ".join(PLACE.sub("%", text).replace("%%", "%").split()).strip("% .").replace(" %", "%")


def dup_window_texts(top):
    texts = set()
    for path in [*(top / "src").rglob("*.blp"), *(top / "src").rglob("*.c")]:
        for match in MARKED.finditer(path.read_text()):
            parts = QUOTED.findall(match[1] or match[2])
            texts |= {plain("".join(parts)), *map(plain, parts)}
    return texts


def labels(page):
    """What a page calls a text of the window: <gui>, and what the titles of sections have in quotation marks.

    Composed ones have style="example"."""
    tree = ElementTree.parse(page)
    for gui in tree.iter(f"{NAMESPACE}gui"):
        if gui.get("style") != "example":
            yield "".join(gui.itertext())
    for title in tree.iter(f"{NAMESPACE}title"):
        if page.stem == "trouble":
            yield from re.findall("“([^”]*)”", "".join(title.itertext()))


def check_tool(tool, what, help_dir):
    done = subprocess.run([tool, what, *sorted(path.name for path in help_dir.glob("*.page"))], cwd=help_dir, check=False,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if done.returncode or done.stdout.strip():
        yield f"yelp-check {what}: exit code {done.returncode}\n{done.stdout}"


def check_pages(help_dir, installed):
    there = {path.stem for path in help_dir.glob("*.page")}
    yield from (f"the page {name} is not there" for name in PAGES - there)
    files = {str(path.relative_to(help_dir)) for path in help_dir.rglob("*") if path.is_file() and path.suffix != ".po"}
    yield from (f"{name} is not installed: add it to help/meson.build" for name in sorted(files - installed))
    for page in help_dir.glob("*.page"):
        if page.stem != ElementTree.parse(page).getroot().get("id"):
            yield f"{page.name} has another id"


def check_links(top, help_dir):
    """Who opens a page by app.help."""
    there = {path.stem for path in help_dir.glob("*.page")} | {""}
    found = [(path, page) for path in (top / "src/app").rglob("*") if path.suffix in (".c", ".blp")
             for page in HELP.findall(path.read_text())]
    assert found, "nothing opens the help"
    found = [(path, next(filter(None, page), "")) for path, page in found]
    yield from (f"{path.relative_to(top)} opens a page {page!r}, which is not there" for path, page in found if page not in there)


def check_words(top, help_dir):
    texts = dup_window_texts(top)
    assert len(texts) > 200, f"only {len(texts)} texts of the window were found"
    for page in sorted(help_dir.glob("*.page")):
        for label in labels(page):
            if plain(label) not in texts:
                yield f"{page.name}: the window has no “{label}” ({plain(label)!r})"


def check_translation(tool, help_dir, po):
    """That it is a catalogue of gettext's, and what comes of it is well-formed. What it lacks is English."""
    with tempfile.TemporaryDirectory() as place:
        catalogue = f"{place}/{po.stem}.mo"
        pages = [str(path) for path in [*sorted(help_dir.glob("*.page")), help_dir / "legal.xml"]]
        for command in (["msgfmt", "--check", "-o", catalogue, po], ["itstool", "-m", catalogue, "-o", place, *pages]):
            done = subprocess.run(command, check=False, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
            if done.returncode or "Warning" in done.stdout:
                yield f"{command[0]}: exit code {done.returncode}\n{done.stdout}"
        for what in ("validate", "links"):
            yield from check_tool(tool, what, pathlib.Path(place))
        same = [page for page in PAGES if (pathlib.Path(place) / f"{page}.page").read_text() == (help_dir / f"{page}.page").read_text()]
        yield from (f"{page} is not translated" for page in same)


def main():
    tool, top, *installed = [word for word in sys.argv[1:] if word != "--tap"]
    top = pathlib.Path(top)
    help_dir = top / "help/C"
    installed = {str(pathlib.Path(name).resolve().relative_to(help_dir.resolve())) for name in installed}
    tests = {f"yelp-check-{what}": lambda what=what: check_tool(tool, what, help_dir)
             for what in ("validate", "links", "ids", "media", "orphans", "comments")}
    tests |= {"pages": lambda: check_pages(help_dir, installed), "links-from-the-window": lambda: check_links(top, help_dir),
              "words-of-the-window": lambda: check_words(top, help_dir)}
    if shutil.which("itstool") and shutil.which("msgfmt"):
        tests |= {f"translation-{po.stem}": lambda po=po: check_translation(tool, help_dir, po) for po in sorted(help_dir.parent.glob("*/*.po"))}
    print(f"1..{len(tests)}")
    for number, (name, test) in enumerate(tests.items(), 1):
        findings = list(test())
        for finding in findings:
            print("\n".join(f"# {line}" for line in finding.splitlines()))
        print(f"{'not ok' if findings else 'ok'} {number} {name}")


main()
