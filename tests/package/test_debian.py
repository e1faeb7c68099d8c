# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright The Peer-Up authors
"""Debian's packages as they are built: what lintian says of them, and what they say of themselves."""

import pathlib
import re
import subprocess

import scratch

TOP = pathlib.Path(__file__).resolve().parent.parent.parent
DEBIAN = TOP / "build-aux/debian"
# Debian has them in one package under another name.
ALIASES = {"libgio-2.0-dev": "libglib2.0-dev"}
NAMES = {"gir1.2-peerup-1.0", "libpeerup-1-0", "libpeerup-dev", "peerup", "peerup-gtk", "python3-peerup"}


def field(deb, name):
    return subprocess.run(["dpkg-deb", "-f", deb, name], capture_output=True, text=True, check=True).stdout.strip()


def test_version():
    """Meson's version and that of the packages are the same."""
    meson = re.search(r"^  version: '(.*)',$", (TOP / "meson.build").read_text(), re.MULTILINE)[1]
    assert (DEBIAN / "changelog").read_text().startswith(f"peerup ({meson}) ")


def test_build_dependencies():
    """What meson.build asks for is asked for by the package that has it, in the same version."""
    floors = re.search(r"^floors = \{\n(.*?)^\}", (TOP / "meson.build").read_text(), re.MULTILINE | re.DOTALL)[1]
    floors = re.findall(r"'(.*?)': '>= (.*?)'", floors)
    assert len(floors) > 20
    control = (DEBIAN / "control").read_text()
    for name, version in floors:
        directory = subprocess.run(["pkg-config", "--variable=pcfiledir", name], capture_output=True, text=True,
                                   check=True).stdout.strip()
        owner = subprocess.run(["dpkg", "-S", f"{directory}/{name}.pc"], capture_output=True, text=True, check=True).stdout
        owner = owner.split(":")[0]
        owner = ALIASES.get(owner, owner)
        named = re.search(rf"^ {re.escape(owner)} \(>= (.*)\),$", control, re.MULTILINE)
        assert named, f"{name} >= {version}: say {owner} (>= {version}) in Build-Depends"
        newer = subprocess.run(["dpkg", "--compare-versions", named[1], "ge", version], check=False).returncode == 0
        assert newer, f"{owner} (>= {named[1]}) in Build-Depends: meson.build asks for {version}"


def test_symbols():
    """The list of what the library promises, by which packages of others know which version they need, is that of its map."""
    version = (TOP / "src/client/peerup-1.map").read_text()
    promised = re.findall(r"^    (peerup_\w+);$", version[:version.index("PEERUP_PRIVATE {")], re.MULTILINE)
    listed = re.findall(r"^ (peerup_\w+)@PEERUP_1 ", (DEBIAN / "libpeerup-1-0.symbols").read_text(), re.MULTILINE)
    assert len(promised) > 50
    assert sorted(listed) == sorted(promised)


def test_packages(debs):
    assert {deb.name.split("_")[0] for deb in scratch.packages(debs)} == NAMES


def test_lintian(debs):
    """No errors, and no warnings but those that an override gives the reason for."""
    done = subprocess.run(["lintian", "--allow-root", "--fail-on", "error,warning", *debs.glob("*.changes")],
                          capture_output=True, text=True, timeout=600, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_dependencies(debs):
    """What links what is inside the library needs the very same build of it; programs of others do not."""
    version = field(next(debs.glob("libpeerup-1-0_*.deb")), "Version")
    for name in ("peerup", "peerup-gtk", "libpeerup-dev"):
        depends = field(next(debs.glob(f"{name}_*.deb")), "Depends")
        assert f"libpeerup-1-0 (= {version})" in depends
        assert "${" not in depends
    assert f"libpeerup-1-0 (>= {version})" in field(next(debs.glob("gir1.2-*.deb")), "Depends")


def test_hardening(debs, tmp_path):
    """Programs and library are position-independent, bound at start, with a stack that is guarded and fortified calls."""
    for name in ("peerup", "peerup-gtk", "libpeerup-1-0"):
        subprocess.run(["dpkg-deb", "-x", next(debs.glob(f"{name}_*.deb")), tmp_path], check=True)
    binaries = [tmp_path / "usr/bin/peerup", tmp_path / "usr/bin/peerup-gtk", *tmp_path.glob("usr/lib/*/libpeerup-1.so.*.*")]
    assert len(binaries) == 3
    for binary in binaries:
        words = subprocess.run(["readelf", "--wide", "--file-header", "--dynamic", "--dyn-syms", binary], capture_output=True,
                               text=True, check=True).stdout
        assert re.search(r"Type:\s+DYN", words), binary
        assert re.search(r"FLAGS.*NOW", words), binary
        assert "__stack_chk_fail" in words, binary
        assert re.search(r"__\w+_chk@", words), binary
        assert not re.search(r"RPATH|RUNPATH", words), binary
