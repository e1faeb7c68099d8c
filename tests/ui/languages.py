# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright The Peer-Up authors
"""Languages that the window is run in: those of po, and one that nobody speaks, in which every text of ours is known."""
import atexit
import functools
import os
import pathlib
import re
import shutil
import signal
import subprocess
import tempfile

import ui
from netlab import BUILD

TOP = pathlib.Path(__file__).parents[2]
OPEN, CLOSE = "⟦", "⟧"
LONGER = 0.35  # of a text: as much as German and Finnish take
LETTERS = str.maketrans("aeiouAEIOUcnsyz", "àéîõüÀÉÎÕÜçñšýž")
# What is no text: directives of printf and strftime, a mnemonic with its letter, escapes and entities.
FIXED = re.compile(r"%%|%(?:\d+\$)?[-+ #0-9.*]*(?:<\w+>|l{0,2}[a-zA-Z]|z[a-z])|_\w|\\.|&\w+;|<[^>]*>|\n")
STRING = re.compile(r'"((?:\\.|[^"\\])*)"')


LOCALE = "de_DE.UTF-8"
MENUS = {  # entries by their letters in English
    "Add": {"i": "_Invite a Device", "j": "_Join with a Code"},
    "Device Menu": {"r": "_Rename…", "m": "Re_move…"},
    "Main Menu": {"p": "_Preferences", "k": "_Keyboard Shortcuts", "a": "_About Peer-Up"},
}


@functools.cache
def make_locale():
    """For LOCPATH, one in which gettext listens to LANGUAGE: it does not in that of C, and systems for tests have no other."""
    directory = pathlib.Path(tempfile.mkdtemp(prefix="peerup-locale-"))
    atexit.register(shutil.rmtree, directory, ignore_errors=True)
    # It warns of what it leaves out, and ends with 1 then.
    subprocess.run(["localedef", "-i", "de_DE", "-f", "UTF-8", directory / LOCALE], capture_output=True, check=False)
    assert (directory / LOCALE).exists(), "localedef made no locale"
    return directory


def strange(text):
    """The text in the language that nobody speaks."""
    parts, last = [], 0
    for match in FIXED.finditer(text):
        parts += [text[last:match.start()].translate(LETTERS), match[0]]
        last = match.end()
    parts.append(text[last:].translate(LETTERS))
    padding = "~" * int(len(text) * LONGER)
    # Lines that it begins and ends stay so, as gettext wants.
    said = "".join(parts)
    core = said.strip("\n")
    begin, end = said[:len(said) - len(said.lstrip("\n"))], said[len(said.rstrip("\n")):] if core else ""
    return f"{begin}{OPEN}{core}{padding}{CLOSE}{end}"


def unquote(text):
    return re.sub(r"\\(.)", lambda match: {"n": "\n", "t": "\t"}.get(match[1], match[1]), text)


def entries(po):
    """(msgctxt or None, msgid, msgid_plural or None, [msgstr]) of the text of a catalogue, without its header."""
    for block in po.split("\n\n"):
        fields, name = {}, None
        for line in block.splitlines():
            if match := re.match(r'(msg\w+(?:\[\d\])?) "', line):
                name = match[1]
            if name and not line.startswith("#") and (match := STRING.search(line)):
                fields[name] = fields.get(name, "") + unquote(match[1])
        if fields.get("msgid"):
            yield fields.get("msgctxt"), fields["msgid"], fields.get("msgid_plural"), [fields[key] for key in sorted(fields) if key.startswith("msgstr")]


def template():
    done = subprocess.run([TOP / "build-aux/pot"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def make_strange(directory):
    """A catalogue of it as the language "xx" below directory, which is for PEERUP_LOCALE_DIR; and its texts by ours."""
    texts = {}

    def quote(text):
        return '"' + text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n").replace("\t", "\\t") + '"'

    lines = ['msgid ""', 'msgstr ""', '"Content-Type: text/plain; charset=UTF-8\\n"',
             '"Plural-Forms: nplurals=2; plural=(n != 1);\\n"', ""]
    for context, msgid, plural, _ in entries(template()):
        texts[msgid] = strange(msgid)
        if context:
            lines.append(f"msgctxt {quote(context)}")
        lines.append(f"msgid {quote(msgid)}")
        if plural:
            texts[plural] = strange(plural)
            lines += [f"msgid_plural {quote(plural)}", f"msgstr[0] {quote(texts[msgid])}", f"msgstr[1] {quote(texts[plural])}", ""]
        else:
            lines += [f"msgstr {quote(texts[msgid])}", ""]
    (directory / "xx/LC_MESSAGES").mkdir(parents=True)
    (directory / "xx.po").write_text("\n".join(lines))
    done = subprocess.run(["msgfmt", "-o", directory / "xx/LC_MESSAGES/peerup.mo", directory / "xx.po"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return texts


def read_catalogue(language):
    """The texts of a language of po by ours."""
    return {msgid: strings[0] for _, msgid, _, strings in entries((TOP / f"po/{language}.po").read_text())}


class App(ui.App):
    """An App in another language, in which things are looked for by what they are called in English."""

    def __init__(self, desktop, peer, language, texts, locale, **env):
        self.marked = texts
        # With and without a mnemonic they are two texts.
        self.texts = {}
        for msgid, text in texts.items():
            self.texts.setdefault(msgid.replace("_", ""), set()).add(text.replace("_", ""))
        self.cuts = peer.home / "cuts"
        super().__init__(desktop, peer, LANGUAGE=language, LOCPATH=str(make_locale()), LC_ALL=LOCALE, PEERUP_LOCALE_DIR=str(locale), LD_PRELOAD=str(BUILD / "tests/ui/libcut-log.so"),
                         PEERUP_CUT_LOG=str(self.cuts), **env)

    def say(self, text):
        """A name in English as what it may be called here."""
        if not isinstance(text, str) or text not in self.texts:
            return text
        return re.compile("^(?:" + "|".join(map(re.escape, self.texts[text])) + ")$")

    def all(self, name=None, role=None, within=None):
        return super().all(self.say(name), role, within)

    def wait_text(self, text, seconds=ui.PATIENCE):
        return super().wait_text(self.say(text), seconds)

    def sentence(self, text, *names):
        return super().sentence(self.marked.get(text, text), *names)

    def select(self, name, **options):
        return super().select(self.say(name), **options)

    def find_in_row(self, row, role, name=None):
        return super().find_in_row(self.say(row), role, self.say(name))

    def choose(self, menu, letter):
        super().choose(menu, re.search(r"_(\w)", self.marked.get(MENUS[menu][letter], MENUS[menu][letter]))[1].lower())

    def cut_texts(self):
        """What shows and is cut short now."""
        before = len(self.answers())
        os.kill(self.pid, signal.SIGUSR2)
        self.wait(lambda: len(self.answers()) > before, "the answer about what is cut")
        return self.answers()[before]

    def answers(self):
        """Lists of texts: an answer is lines with an empty one behind them."""
        answers, lines = [], []
        for line in self.cuts.read_text().split("\n")[:-1] if self.cuts.exists() else ():
            if line:
                lines.append(line)
            else:
                answers.append(lines)
                lines = []
        return answers
