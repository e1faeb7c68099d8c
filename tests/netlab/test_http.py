# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright The Peer-Up authors
"""A real HTTP server with real clients."""
import hashlib
import os
import shutil
import subprocess

import pytest

from conftest import Running, free_port, wait_for

NGINX = shutil.which("nginx", path=os.environ["PATH"] + ":/usr/sbin")
REQUESTS = 1000

pytestmark = pytest.mark.skipif(NGINX is None or shutil.which("curl") is None, reason="needs nginx and curl")


@pytest.fixture
def web(pair, directory):
    """(files, base URL through the tunnel, home)"""
    home, laptop = pair
    files = directory / "www"
    files.mkdir()
    port = free_port()
    config = directory / "nginx.conf"
    config.write_text(f"""
        daemon off; master_process off; pid {directory}/nginx.pid; error_log stderr;
        events {{ worker_connections 4096; }}
        http {{
          access_log off; default_type application/octet-stream;
          client_body_temp_path {directory}/body; proxy_temp_path {directory}/proxy;
          fastcgi_temp_path {directory}/fcgi; uwsgi_temp_path {directory}/uwsgi; scgi_temp_path {directory}/scgi;
          server {{ listen 127.0.0.1:{port} backlog=2048; root {files}; }}
        }}
    """)
    server = Running([NGINX, "-e", "stderr", "-c", str(config)], dict(os.environ), directory, "nginx")
    wait_for(lambda: (directory / "nginx.pid").exists(), 10, "nginx")
    home.run("service", "add", "web", port)
    home.daemon()
    proxy = laptop.proxy("home", "web")
    yield files, f"http://127.0.0.1:{proxy.address[1]}", home
    server.end()


def test_thousand_parallel_requests(web, directory):
    files, base, home = web
    body = os.urandom(20_000)
    (files / "page").write_bytes(body)
    target = directory / "got"
    target.mkdir()
    subprocess.run(["curl", "--fail", "--silent", "--show-error", "--parallel", "--parallel-max", "200",
                    f"{base}/page?[1-{REQUESTS}]", "--output", f"{target}/#1"], check=True, timeout=200)
    got = list(target.iterdir())
    assert len(got) == REQUESTS and all(path.read_bytes() == body for path in got)
    wait_for(lambda: home.status()["services"][0]["active"] == 0)


def test_large_file_and_range(web, directory):
    files, base, _ = web
    body = os.urandom(48 << 20)
    (files / "large").write_bytes(body)
    done = subprocess.run(["curl", "--fail", "--silent", f"{base}/large"], check=True, capture_output=True, timeout=200)
    assert hashlib.sha256(done.stdout).digest() == hashlib.sha256(body).digest()
    part = subprocess.run(["curl", "--fail", "--silent", "--range", "1000000-1999999", f"{base}/large"], check=True,
                          capture_output=True, timeout=100)
    assert part.stdout == body[1_000_000:2_000_000]


def test_connections_that_stay_open_are_used_again(web):
    files, base, home = web
    (files / "page").write_bytes(b"hello")
    done = subprocess.run(["curl", "--fail", "--silent", *[f"{base}/page"] * 50], check=True, capture_output=True,
                          timeout=60)
    assert done.stdout == b"hello" * 50
    assert home.status()["services"][0]["total"] == 1


@pytest.mark.skipif(shutil.which("wrk") is None, reason="needs wrk")
def test_sustained_load(web):
    files, base, _ = web
    (files / "page").write_bytes(b"x" * 612)
    done = subprocess.run(["wrk", "-t1", "-c64", "-d3s", f"{base}/page"], check=True, capture_output=True, text=True,
                          timeout=60)
    assert "Socket errors" not in done.stdout and "Non-2xx" not in done.stdout, done.stdout
