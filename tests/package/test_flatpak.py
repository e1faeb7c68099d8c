# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright The Peer-Up authors
"""The manifest of the Flatpak, as flatpak-builder reads it: there is no runtime here to build it with."""

import json
import os
import pathlib
import re
import shutil
import subprocess

import pytest

TOP = pathlib.Path(__file__).resolve().parent.parent.parent
MANIFEST = TOP / "flatpak/dev.peerup.PeerUp.json"
# All that the sandbox has open: each is a promise that flatpak/README.md gives a reason for.
PERMISSIONS = {
    "--device=dri", "--share=ipc", "--share=network", "--socket=fallback-x11", "--socket=wayland",
    "--system-talk-name=org.freedesktop.login1", "--talk-name=org.kde.StatusNotifierWatcher",
}
# What meson.build asks for, by the names of the modules; the rest is in the runtime.
MODULES = {"gupnp-igd": "gupnp-igd-1.6", "libfyaml": "libfyaml", "libqrencode": "libqrencode", "libsodium": "libsodium",
           "ngtcp2": "libngtcp2", "protobuf-c": "libprotobuf-c", "zbar": "zbar"}
RUNTIME = {"gio-2.0", "gio-unix-2.0", "glib-2.0", "gnutls", "gstreamer-1.0", "gstreamer-app-1.0", "gstreamer-video-1.0",
           "gtk4", "json-glib-1.0", "libadwaita-1", "libdex-1", "libngtcp2_crypto_gnutls", "libpng", "libsecret-1",
           "libsoup-3.0", "nice"}


def names_once(pairs):
    """A key that stands twice in one object is a mistake that JSON allows."""
    assert len({name for name, _ in pairs}) == len(pairs), pairs
    return dict(pairs)


@pytest.fixture(scope="module")
def manifest():
    return json.loads(MANIFEST.read_text(), object_pairs_hook=names_once)


def numbers(version):
    return [int(number) for number in re.findall(r"\d+", version)]


def floors():
    text = re.search(r"^floors = \{\n(.*?)^\}", (TOP / "meson.build").read_text(), re.MULTILINE | re.DOTALL)[1]
    return dict(re.findall(r"'(.*?)': '>= (.*?)'", text))


def archives(manifest):
    return {module["name"]: module["sources"][0] for module in manifest["modules"] if module["name"] != "peerup"}


def test_reads(manifest, tmp_path):
    """flatpak-builder understands it, and drops no key, as it does with those that it does not know."""
    if not shutil.which("flatpak-builder"):
        pytest.skip("no flatpak-builder: install it")
    # It leaves a folder where it is run.
    # What its own code says of itself under our settings for GLib is no business of the manifest.
    env = {key: value for key, value in os.environ.items() if not key.startswith("G_")}
    done = subprocess.run(["flatpak-builder", "--show-manifest", MANIFEST], cwd=tmp_path, capture_output=True, text=True,
                          env=env, check=False)
    assert done.returncode == 0, done.stderr
    assert "nknown" not in done.stderr
    shown = json.loads(done.stdout)
    assert set(manifest) <= set(shown)
    # Sources of one's own are made into others, so only what is fetched is compared.
    assert archives(shown) == archives(manifest)
    for ours, theirs in zip(manifest["modules"], shown["modules"], strict=True):
        assert {key: value for key, value in theirs.items() if key in ours and key != "sources"} == {
            key: value for key, value in ours.items() if key != "sources"}


def test_what_it_is(manifest):
    assert (manifest["id"], manifest["command"]) == ("dev.peerup.PeerUp", "peerup-gtk")
    assert (manifest["runtime"], manifest["sdk"]) == ("org.gnome.Platform", "org.gnome.Sdk")
    assert int(manifest["runtime-version"]) >= 49


def test_permissions(manifest):
    assert len(manifest["finish-args"]) == len(PERMISSIONS)
    assert set(manifest["finish-args"]) == PERMISSIONS
    assert not [module for module in manifest["modules"] if "build-args" in module.get("build-options", {})]


def test_sources(manifest):
    """What is fetched is fetched by HTTPS, from one place, and has its hash; nothing else is fetched."""
    for name, source in archives(manifest).items():
        assert set(source) == {"type", "url", "sha256"} and source["type"] == "archive", name
        assert source["url"].startswith("https://"), name
        assert re.fullmatch(r"[0-9a-f]{64}", source["sha256"]), name
    others = [source for module in manifest["modules"] for source in module["sources"][1:]]
    assert {source["type"] for source in others} == {"script"}
    own = manifest["modules"][-1]
    assert own["name"] == "peerup" and [source["type"] for source in own["sources"]] == ["dir"]
    assert (MANIFEST.parent / own["sources"][0]["path"] / "meson.build").samefile(TOP / "meson.build")


def test_versions(manifest):
    """Each library that meson.build asks for is a module that is new enough, or in the runtime."""
    asked = floors()
    assert set(asked) == set(MODULES.values()) | RUNTIME
    sources = archives(manifest)
    for module, name in MODULES.items():
        version = re.search(r"([0-9.]+)\.tar\.\w+$", sources[module]["url"])[1]
        assert numbers(version) >= numbers(asked[name]), module


def test_options(manifest):
    """Options that Meson is given here exist."""
    own = manifest["modules"][-1]
    options = re.findall(r"^option\('(\w+)'", (TOP / "meson.options").read_text(), re.MULTILINE)
    given = [option[2:].split("=")[0] for option in own["config-opts"] if option.startswith("-D")]
    assert {"tests", "introspection"} <= set(given) <= set(options)


def test_cleanup(manifest, debs):
    """What is taken out of the Flatpak would be in it, and what a desktop is given has the application's name."""
    installed = set()
    for deb in debs.glob("*.deb"):
        listed = subprocess.run(["dpkg-deb", "--fsys-tarfile", deb], capture_output=True, check=True).stdout
        listed = subprocess.run(["tar", "-t"], input=listed, capture_output=True, check=True).stdout.decode()
        installed |= {line.removeprefix("./usr").rstrip("/") for line in listed.splitlines()}
    taken = manifest["modules"][-1]["cleanup"]
    assert [path for path in taken if path not in installed] == []
    left = {path for path in installed if not any(path == out or path.startswith(f"{out}/") for out in taken)}
    given = [path for path in left if re.match(r"/share/(applications|dbus-1|icons|metainfo)/.*\.(desktop|service|svg|xml)$", path)]
    assert len(given) >= 5
    assert [path for path in given if not path.rpartition("/")[2].startswith("dev.peerup.PeerUp")] == []
