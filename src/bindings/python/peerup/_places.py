# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright The Peer-Up authors
"""Where the daemon's socket and cookie are: as the program itself finds them."""

from __future__ import annotations

import hashlib
import os
import pathlib
import pwd
import re
from typing import NamedTuple

from .errors import InvalidRequest, NotFound

SYSTEM = pathlib.Path("/etc/peerup")
PROFILE = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")


class Place(NamedTuple):
    """Where one daemon would be."""

    socket: pathlib.Path
    cookie: pathlib.Path


def _config_home() -> pathlib.Path:
    home = os.environ.get("XDG_CONFIG_HOME", "")
    return pathlib.Path(home) if os.path.isabs(home) else pathlib.Path.home() / ".config"


def _is_system_user() -> bool:
    return os.geteuid() == 0 and "XDG_CONFIG_HOME" not in os.environ and str(pathlib.Path.home()) == pwd.getpwuid(0).pw_dir


def _profile_config(name: str) -> pathlib.Path:
    if not PROFILE.fullmatch(name):
        raise InvalidRequest(f"“{name}” cannot be the name of a profile: use a–z, 0–9 and “-”")
    own = _config_home() / "peerup/profiles" / name / "config.yaml"
    system = SYSTEM / "profiles" / name / "config.yaml"
    if own.exists() or not (system.exists() or _is_system_user()):
        return own
    return system


def find_config(config: str | os.PathLike[str] | None = None, profile: str | None = None) -> pathlib.Path:
    """The configuration that is meant: the one that is named, the profile's, or the first that is there."""
    if config is not None and profile is not None:
        raise InvalidRequest("name a configuration or a profile, not both")
    if profile is not None:
        places = [_profile_config(profile)]
    elif config is not None:
        places = [pathlib.Path(os.path.abspath(config))]
    else:
        places = [pathlib.Path(os.path.abspath("peerup.yaml")), _config_home() / "peerup/config.yaml", SYSTEM / "config.yaml"]
    for place in places:
        if place.exists():
            return place
    looked = ", ".join(map(str, places))
    raise NotFound(f"no configuration found (looked for {looked}): run “peerup init”, or name another")


def candidates(config: pathlib.Path) -> list[Place]:
    """Where the daemon of that configuration may be, the likelier place first."""
    name = hashlib.sha256(os.fsencode(os.path.realpath(config))).hexdigest()[:16]
    runtime = "/run" if str(config).startswith("/etc/") else os.environ.get("XDG_RUNTIME_DIR", "")
    stems = [pathlib.Path(runtime) / "peerup" / name] if os.path.isabs(runtime) else []
    stems.append(config.parent / f".peerup-{name}")
    return [Place(stem.with_name(f"{stem.name}-http.sock"), stem.with_name(f"{stem.name}-http.cookie")) for stem in stems]


def find(config: str | os.PathLike[str] | None = None, profile: str | None = None) -> list[Place]:
    """Where the daemon that is meant may be."""
    return candidates(find_config(config, profile))
