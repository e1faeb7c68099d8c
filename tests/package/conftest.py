# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright The Peer-Up authors
"""Builds the packages once, and installs them in a root of their own for the tests that come in order.

PEERUP_DEBS names a directory with packages that are built already, for who works on these tests.
"""

import os
import pathlib
import subprocess

import pytest

import scratch

TOP = pathlib.Path(__file__).resolve().parent.parent.parent



@pytest.fixture(scope="session")
def debs():
    """The directory with the packages, without those of debug symbols, and the build's log."""
    if given := os.environ.get("PEERUP_DEBS"):
        return pathlib.Path(given)
    if reason := scratch.missing():
        pytest.skip(reason)
    # A build is of nobody's environment.
    env = {key: os.environ[key] for key in ("HOME", "PATH", "LANG", "PEERUP_DEVROOT", "PEERUP_DEVROOT_IN", "CCACHE_DIR",
                                           "CCACHE_DISABLE") if key in os.environ}
    # Nobody reads the symbols, or keeps the archive of the source.
    env |= {"DEB_BUILD_OPTIONS": "noautodbgsym", "DEB_CFLAGS_APPEND": "-g0"}
    done = subprocess.run([TOP / "build-aux/deb", "-F", "--source-option=-z1"], env=env, capture_output=True, text=True,
                          timeout=3000, check=False)
    assert done.returncode == 0, done.stderr
    return TOP / "build/deb"


@pytest.fixture(scope="session")
def root(debs, tmp_path_factory):
    if os.geteuid() != 0:
        pytest.skip("a root to install packages in needs root")
    made = scratch.Root(tmp_path_factory.mktemp("root"), debs)
    yield made
    made.end()
