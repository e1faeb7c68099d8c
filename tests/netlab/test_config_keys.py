# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright The Peer-Up authors
"""Keys of the configuration: each is read by something, or is said to be without effect wherever it is described."""
import json
import pathlib
import re

from test_config_live import PATIENCE, list_keys

SRC = pathlib.Path(__file__).parents[2] / "src"
# What reads a key, where that is not peerup_config_get_NAME by its last part, or by the last two.
READERS = {
    "version": "read_version",  # a file of a newer form is refused by the reader itself
    "names.*": "peerup_config_lookup_name",
    "health.listen_address": "peerup_config_get_health_address",
    "telemetry.metrics.listen_address": "peerup_config_get_metrics_address",
    "security.enable_connection_gating": "peerup_config_get_connection_gating",
    "identity.peer_id": "peerup_config_get_identity_peer",
    # It says what the limits of the next are by default.
    "network.resource_limits_enabled": "peerup_config_get_limits",
    "network.limits.*": "peerup_config_get_limits",
    "resources.*": "from->{}|resources->{}",
    "services.*": "entry->{}",
}
IDLE = {"relay.reservation_interval", "discovery.rendezvous", "discovery.bootstrap_peers", "resources.buffer_size", "services.*.protocol"}


def get_reader(key):
    """A pattern."""
    first, _, last = key.rpartition(".")
    for pattern in (key, f"{first}.*", f"{first.partition('.')[0]}.*"):
        if pattern in READERS:
            return READERS[pattern].replace("{}", last)
    return f"peerup_config_get_{last}|peerup_config_get_{'_'.join(key.split('.')[-2:])}"


def describe(schema, key):
    for name in key.split("."):
        schema = schema.get("properties", {}).get(name) or schema["additionalProperties"]
    return schema["description"]


def test_every_key_is_read_or_marked(make_peer):
    schema = json.loads(make_peer("reader").run("config", "schema").stdout)
    keys = list_keys(schema)
    rooms = "\n".join(path.read_text() for path in SRC.rglob("*.c") if path.parent.name != "config")
    reader = (SRC / "config/peerup-config-reader.c").read_text()
    unread = set()
    for key in keys:
        where = reader if key == "version" else rooms
        if key == "services.*.protocol" or not re.search(rf"(?:{get_reader(key)})\b", where):
            unread.add(key)
    assert unread == IDLE
    # The same text is in the sample and in the manual page.
    assert {key for key in keys if "no effect" in describe(schema, key)} == IDLE


def test_what_has_no_effect_is_said(peer):
    text = peer.config.read_text()
    peer.config.write_text(re.sub(r"^discovery:\n", "discovery:\n  rendezvous: elsewhere\n", re.sub(
        r"^  rendezvous:.*\n", "", text, flags=re.M), flags=re.M))
    daemon = peer.daemon()
    daemon.wait_stderr("without effect here: discovery.rendezvous\n", PATIENCE)
    peer.config.write_text(peer.config.read_text() + "\nresources:\n  buffer_size: 32KiB\n")
    daemon.wait_stderr("without effect here: discovery.rendezvous, resources.buffer_size\n", PATIENCE)
    peer.config.write_text(text)
    peer.run("stop")
    assert daemon.wait(PATIENCE) == 0
    quiet = peer.daemon()
    peer.run("stop")
    assert quiet.wait(PATIENCE) == 0 and "without effect" not in quiet.stderr()
