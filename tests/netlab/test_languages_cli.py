# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright The Peer-Up authors
"""The command speaks the language of its person, and to programs the one that they know."""
import pathlib
import re
import subprocess

import pytest

from conftest import BIN

LOCALE = "de_DE.UTF-8"
CATALOGUES = pathlib.Path(BIN).parents[2] / "po"
ENGLISH = re.compile(r"\b(?:the|is|not|and|this|with|of|show|list)\b", re.I)


@pytest.fixture(scope="session")
def locale(tmp_path_factory):
    """For LOCPATH: systems for tests have no locale but that of C."""
    directory = tmp_path_factory.mktemp("locale")
    # It warns of what it leaves out, and ends with 1 then.
    subprocess.run(["localedef", "-i", "de_DE", "-f", "UTF-8", directory / LOCALE], capture_output=True, check=False)
    assert (directory / LOCALE).exists(), "localedef made no locale"
    assert (CATALOGUES / "de/LC_MESSAGES/peerup.mo").exists(), "build peerup-gmo first"
    return directory


@pytest.fixture
def german(peer, locale):
    def run(*args, code=0, **env):
        done = subprocess.run([BIN, *args], env=peer.env(LC_ALL=LOCALE, LOCPATH=str(locale), PEERUP_LOCALE_DIR=str(CATALOGUES)) | env,
                              cwd=peer.home, capture_output=True, text=True, timeout=60, check=False)
        assert code in (None, done.returncode), (args, done.returncode, done.stdout, done.stderr)
        assert "Sanitizer" not in done.stderr, done.stderr
        return done

    return run


def test_help_is_german(peer, german):
    shown = german("--help").stdout
    for text in ("Aufruf: peerup COMMAND", "Befehle:", "Themen:", "Optionen jedes Befehls:", "Eine Gegenstelle berechtigen, sich zu verbinden"):
        assert text in shown, shown
    # The names of all that is typed are the same in every language.
    names = re.compile(r"^  (\S+(?: \S+)?)(?:  |$)", re.M)
    assert [name for name in names.findall(shown.split("Themen:")[0])] == \
        [name for name in names.findall(peer.run("--help").stdout.split("Topics:")[0])]
    shown = german("help", "invite").stdout
    assert "Aufruf:\n  peerup invite" in shown and "Keinen QR-Code im Terminal zeichnen" in shown, shown


@pytest.mark.parametrize("columns", [60, 80, 120])
def test_german_help_fits(german, columns):
    lines = german("--help", COLUMNS=str(columns)).stdout.splitlines()
    assert max(map(len, lines)) <= columns, [line for line in lines if len(line) > columns]


def test_errors_are_german(german):
    assert "für " in (said := german("status", code=1).stderr) and "läuft kein Daemon" in said, said
    assert "es gibt keinen Befehl „frobnicate“" in german("frobnicate", code=2).stderr
    assert "„x“ ist keine Dauer über null" in (said := german("ping", "--interval", "x", "somebody", code=None).stderr), said
    assert "es fehlt etwas; Aufruf: peerup service add NAME" in (said := german("service", "add", code=2).stderr.replace("Es", "es")), said


def test_doctor_is_german(german):
    said = german("doctor", code=1).stdout
    for text in ("Konfiguration", "Identität", "Schnittstellen", "nicht geprüft: kein Daemon antwortet", "zu beheben."):
        assert text in said, said
    # The columns stand where they do in English.
    assert re.search(r"^ok    Konfiguration    \S", said, re.M) and re.search(r"^TUN   Daemon           \S", said, re.M), said


def test_lists_are_german(peer, german):
    said = german("service", "add", "ssh", "22").stderr
    assert "Der Dienst ssh ist hinzugefügt. Kein Daemon läuft für diese Konfiguration" in said, said
    said = german("service", "list").stdout
    assert "eingeschaltet" in said and "alle Berechtigten" in said and not ENGLISH.search(said), said
    # The file is the same as one that was written in English.
    assert "enabled" in peer.config.read_text() and "eingeschaltet" not in peer.config.read_text()


def test_manual_is_english(peer, german):
    """It is written while the program is built, whatever language the builder speaks."""
    template = peer.home / "peerup.1.in"
    template.write_text("@title@\n@commands@\n@options@\n")
    (peer.home / "german").mkdir()
    (peer.home / "english").mkdir()
    german("__manual", "german", template.name)
    peer.run("__manual", "english", template.name)
    pages = sorted(path.name for path in (peer.home / "english").iterdir())
    assert "peerup.1" in pages and pages == sorted(path.name for path in (peer.home / "german").iterdir())
    for page in pages:
        assert (peer.home / "german" / page).read_text() == (peer.home / "english" / page).read_text(), page


def ours(stderr):
    return [line for line in stderr.splitlines() if "WARNING: ASan" not in line]


@pytest.mark.parametrize("args,code", [
    (("status",), 1), (("doctor",), 1), (("help",), 0), (("help", "invite"), 0), (("service", "list"), 0),
    (("frobnicate",), 2), (("grant", "add", "a", "b", "--for", "x"), 1), (("relay", "list"), 0), (("config", "validate"), 0),
])
def test_programs_read_the_same(peer, german, args, code):
    said, expected = german(*args, "--json", code=code), peer.run(*args, "--json", code=code)
    assert (said.stdout, ours(said.stderr)) == (expected.stdout, ours(expected.stderr))


def test_running_daemon_in_german(peer, german):
    peer.daemon()
    said = german("status").stdout
    for text in ("läuft seit", "Lauscht auf", "Gegenstellen", "Dienste", "Weiterleitungen", "  keine\n"):
        assert text in said, said
    # Whether there is something to mend is the machine's matter.
    said = german("doctor", code=None).stdout
    assert "läuft seit" in said and "QUIC und TCP auf Port" in said and not ENGLISH.search(said), said
