# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright The Peer-Up authors
"""Finding what runs on a machine: real servers in a network of their own, where nothing may leave."""
import os
import shutil
import socket
import subprocess

import pytest

from conftest import Running, wait_for
from http_api import Api
from netlab import Namespace

PATH = os.environ["PATH"] + ":/usr/sbin"
SSHD = shutil.which("sshd", path=PATH)
NGINX = shutil.which("nginx", path=PATH)
LAN = "192.0.2.7"
JELLYFIN = '{"LocalAddress":"http://x","ServerName":"den","Version":"10.9.11","ProductName":"Jellyfin Server"}'
# What the kernel sends by itself when an interface comes up is neither of them.
COUNT = """table inet lab {
    counter left { }
    chain out { type filter hook output priority 0; oifname != "lo" meta l4proto { tcp, udp } counter name left; }
}"""
NGINX_CONF = """
daemon off; master_process off; pid {directory}/nginx.pid; error_log stderr;
events {{ }}
http {{
    access_log off;
    client_body_temp_path {directory}/body; proxy_temp_path {directory}/proxy; fastcgi_temp_path {directory}/fastcgi;
    uwsgi_temp_path {directory}/uwsgi; scgi_temp_path {directory}/scgi;
    server {{ listen 127.0.0.1:8096; location = /System/Info/Public {{ return 200 '{jellyfin}'; }} }}
    server {{ listen 18080; location / {{ return 200 'hello'; }} }}
    server {{ listen 127.0.0.1:8443 ssl; ssl_certificate {directory}/cert; ssl_certificate_key {directory}/key;
              location = /about {{ return 200 'this is the vault'; }} }}
    server {{ listen {lan}:8123; }}
}}
"""
VAULT = """[Service]
Name=Vault
Kind=http
Ports=8443
Use=https://{host}:{port}/

[Probe]
Type=tls-http
Path=/about
Body=vault
"""

pytestmark = pytest.mark.skipif(SSHD is None or NGINX is None or os.geteuid() != 0,
                                reason="needs sshd, nginx, and root for a network of its own")


@pytest.fixture
def space():
    space = Namespace()
    # A way out, so that nothing stays only because there is none.
    space.ip("link add out type veth peer name far", "link set far up", f"addr add {LAN}/24 dev out", "link set out up",
             "route add default dev out")
    space.nft(COUNT)
    with space, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one:
        one.sendto(b"x", ("198.51.100.1", 9))
    assert space.counter("left")[0] == 1
    yield space
    assert space.counter("left")[0] == 1
    space.close()


@pytest.fixture
def peer(make_peer, space):
    peer = make_peer("home", space).init()
    text = peer.config.read_text()
    # It asks a router by itself, which is another thing.
    peer.config.write_text(text.replace("\nnetwork:\n", "\nnetwork:\n  port_mapping: false\n"))
    return peer


@pytest.fixture
def start(space, directory):
    """start("sshd") or start("nginx") in the space; what it gives is the running one."""
    running = []

    def start_one(name):
        env = dict(os.environ)
        if name == "sshd":
            subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", directory / "host"], check=True)
            os.makedirs("/run/sshd", mode=0o755, exist_ok=True)
            config = directory / "sshd_config"
            config.write_text(f"ListenAddress 127.0.0.1:22\nHostKey {directory}/host\nUsePAM no\nPidFile none\nLogLevel VERBOSE\n")
            command = [SSHD, "-D", "-e", "-f", str(config)]
        else:
            subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=vault", "-days", "2",
                            "-keyout", directory / "key", "-out", directory / "cert"], check=True, capture_output=True)
            config = directory / "nginx.conf"
            config.write_text(NGINX_CONF.format(directory=directory, jellyfin=JELLYFIN, lan=LAN))
            command = [NGINX, "-e", "stderr", "-c", str(config)]
        with space:
            one = Running(command, env, directory, name)
        running.append(one)
        if name == "sshd":
            one.wait_stderr("Server listening", 30)
        else:
            wait_for(lambda: (directory / "nginx.pid").exists(), 30, "nginx")
        return one

    yield start_one
    for one in running:
        one.end()


def templates_of(peer):
    folder = peer.home / ".local/share/peerup/services"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def by_port(found):
    return {one["port"]: one for one in found}


def health(peer, name):
    service, = (one for one in peer.json("services") if one["name"] == name)
    return service["health"], service["health_text"]


@pytest.mark.calm
def test_find(peer, space, start):
    start("sshd")
    start("nginx")
    (templates_of(peer) / "vault.ini").write_text(VAULT)
    (templates_of(peer) / "broken.ini").write_text("[Service]\nName=Broken\nPorts=many\nUse=x\n")
    with space:
        silent = socket.create_server(("127.0.0.1", 5432))
        odd = socket.create_server(("::1", 45123), family=socket.AF_INET6)
    peer.run("service", "add", "shell", "127.0.0.1:22")
    daemon = peer.daemon()
    listing = peer.json("service", "find")
    found = by_port(listing)
    assert set(found) == {22, 5432, 8096, 8443, 18080, 45123}
    assert [one["confirmed"] for one in listing] == [True] * 4 + [False] * 2

    assert found[22]["template"] == "ssh" and found[22]["evidence"].startswith("answers as OpenSSH_")
    assert (found[22]["exposed"], found[22]["as"], found[22]["use"]) == (True, "shell", "ssh -p 22 localhost")
    assert found[8096]["template"] == "jellyfin" and found[8096]["evidence"] == "answers as Jellyfin 10.9.11"
    assert found[8096]["address"] == "localhost:8096" and found[8096]["open"] == "http://localhost:8096/"
    assert not found[8096]["exposed"] and found[8096]["suggested_name"] == "jellyfin"
    assert found[18080]["template"] == "web" and found[18080]["evidence"].startswith("answers as nginx/")
    assert found[8443]["template"] == "vault" and found[8443]["evidence"] == "answers as Vault"
    assert found[5432]["template"] == "postgresql" and not found[5432]["confirmed"]
    assert found[45123]["template"] == "generic" and found[45123]["suggested_name"] == "port-45123"
    daemon.wait_stderr(r"broken\.ini:3: “many” is no port")

    table = peer.run("service", "find").stdout
    assert "SHARED AS" in table and "shell" in table and "PostgreSQL?" in table
    templates = {one["id"]: one for one in Api(peer).get("/v1/templates")}
    assert templates["vault"]["ports"] == [8443] and "broken" not in templates and "smb" in templates
    assert {one["port"] for one in Api(peer).get("/v1/templates/found")} == set(found)
    silent.close()
    odd.close()


def test_nothing_runs(peer):
    peer.daemon()
    assert peer.json("service", "find") == []
    assert "No TCP port listens" in peer.run("service", "find").stderr


def test_find_without_a_daemon(peer):
    assert "daemon" in peer.run("service", "find", code=1).stderr


def test_add_by_template(peer, start):
    assert "nothing answers as SSH on port 22" in peer.run("service", "add", "ssh", code=1).stderr
    assert "peerup service add dance ADDRESS" in peer.run("service", "add", "dance", code=1).stderr
    assert peer.run("service", "add", "films", "8096", "--template", "jellyfin", code=2).stderr
    assert peer.json("service", "list") == []
    start("sshd")
    start("nginx")
    peer.run("service", "add", "ssh")
    peer.run("service", "add", "films", "--template", "jellyfin")
    added = {one["name"]: (one["local_address"], one["kind"], one["tags"]) for one in peer.json("service", "list")}
    assert added == {"ssh": ("localhost:22", "ssh", ["terminal", "files"]), "films": ("localhost:8096", "jellyfin", ["media", "web"])}
    peer.run("service", "add", "shell", "--template", "ssh", "--kind", "sshd", "--tag", "mine")
    shell, = (one for one in peer.json("service", "list") if one["name"] == "shell")
    assert (shell["kind"], shell["tags"]) == ("sshd", ["mine"])


def test_add_leaves_forwards_out(peer, make_peer, space, start):
    """What another shares with this device is none of its own services, whatever it answers."""
    start("nginx")
    peer.run("service", "add", "films", "8096")
    laptop = make_peer("laptop", space).init()
    laptop.knows(peer)
    peer.authorize(laptop)
    peer.daemon()
    laptop.daemon()
    proxy = laptop.proxy("home", "films")
    cinema = f"[Service]\nName=Cinema\nPorts={proxy.address[1]}\nUse=x\n[Probe]\nType=http\nPath=/System/Info/Public\nBody=Jellyfin\n"
    (templates_of(laptop) / "cinema.ini").write_text(cinema)
    assert f"port {proxy.address[1]} of this machine is a forward" in laptop.run("service", "add", "cinema", code=1).stderr
    assert laptop.json("service", "list") == []


def test_health(peer, start):
    peer.run("service", "add", "ssh", "22")
    peer.daemon()
    assert health(peer, "ssh") == ("silent", "Nothing answers on port 22")
    assert "Nothing answers on port 22" in peer.run("services").stdout
    sshd = start("sshd")
    wait_for(lambda: health(peer, "ssh") == ("answers", ""), 30, "health")
    # It was looked at, and not disturbed.
    assert "Connection from" not in sshd.stderr()
    sshd.end()
    wait_for(lambda: health(peer, "ssh")[0] == "silent", 30, "health")
