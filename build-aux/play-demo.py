# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright The Peer-Up authors
"""Two peers on one machine: a workshop that shares, and a laptop that uses; and the windows of two more.

Takes the directory of the build. Each peer has a home directory of its
own, so they share nothing but the network. Every process started here ends with
this one, however that ends, and the temporary directory goes with them.
"""

import contextlib
import getpass
import hashlib
import json
import os
import pathlib
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

SIZE = 256 * 1024 * 1024
PATIENCE = 20  # seconds for what takes milliseconds on an idle machine
BOLD, DIM, PLAIN = ('\033[1m', '\033[2m', '\033[0m') if sys.stdout.isatty() else ('', '', '')

NGINX = '''daemon off; master_process off; pid {home}/nginx.pid; error_log stderr;
events {{ worker_connections 256; }}
http {{
  access_log off; sendfile on; client_body_temp_path {home}/t1; proxy_temp_path {home}/t2;
  fastcgi_temp_path {home}/t3; uwsgi_temp_path {home}/t4; scgi_temp_path {home}/t5;
  server {{ listen 127.0.0.1:{port}; root {home}/web; }}
}}
'''
SSHD = '''ListenAddress 127.0.0.1:{port}
HostKey {home}/host_key
AuthorizedKeysFile {home}/ssh_authorized_keys
PasswordAuthentication no
KbdInteractiveAuthentication no
PermitRootLogin prohibit-password
StrictModes no
UsePAM no
PidFile none
Subsystem sftp internal-sftp
'''


STORY = pathlib.Path(__file__).parents[1] / 'tests/ui/test_two_windows.py'


class Failed(Exception):
    """Something did not go as it should, in words for a person."""


def say(text):
    print(f'\n{BOLD}{text}{PLAIN}', flush=True)


def show(text):
    for line in text.rstrip().splitlines():
        print(f'  {DIM}{line}{PLAIN}', flush=True)


def free_port():
    with socket.socket() as probe:
        probe.bind(('127.0.0.1', 0))
        return probe.getsockname()[1]


def wait_until(condition, what):
    end = time.monotonic() + PATIENCE
    while not condition():
        if time.monotonic() > end:
            raise Failed(f'{what} is not there after {PATIENCE} seconds')
        time.sleep(0.05)


def answers(port):
    with socket.socket() as probe:
        return probe.connect_ex(('127.0.0.1', port)) == 0


def sha256(path):
    with path.open('rb') as file:
        return hashlib.file_digest(file, 'sha256').hexdigest()


class Peer:
    """A device with a home of its own, at whose prompt commands are typed."""

    def __init__(self, stack, base, name):
        self.name = name
        self.home = base / name
        self.home.mkdir(mode=0o700)
        self._stack = stack
        hidden = ('XDG_', 'SSH_', 'DBUS_', 'PEERUP_', 'STATE_DIRECTORY')
        self._env = {k: v for k, v in os.environ.items() if not k.startswith(hidden)}
        self._env |= {'HOME': str(self.home), 'XDG_CONFIG_HOME': str(self.home / '.config'),
                      'XDG_RUNTIME_DIR': str(self.home), 'LC_ALL': 'C.UTF-8'}

    def add_env(self, more):
        self._env |= more

    def run(self, *command, quiet=False, ok=(0,)):
        """Types a command and gives what it printed; another exit code than ok is a failure."""
        words = [str(word) for word in command]
        if not quiet:
            print(f'{self.name}$ {shlex.join(words)}', flush=True)
        done = subprocess.run(words, cwd=self.home, env=self._env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True, timeout=300, check=False)
        if not quiet:
            show(done.stdout)
        if done.returncode not in ok:
            raise Failed(f'“{shlex.join(words)}” on the {self.name} gave exit code {done.returncode}:\n{done.stdout}')
        return done.stdout

    def json(self, *command):
        return json.loads(self.run(*command, '--json', quiet=True))

    def start(self, *command, quiet=False):
        """Starts a command that keeps running; it ends when the demo does."""
        words = [str(word) for word in command]
        if not quiet:
            print(f'{self.name}$ {shlex.join(words)} &', flush=True)
        log = self.home / f'{pathlib.Path(words[0]).name}-{words[-1].replace("/", "-")}.log'
        with log.open('w') as file:
            process = subprocess.Popen(['setpriv', '--pdeathsig', 'TERM', *words], cwd=self.home, env=self._env,
                                       stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=file, text=True)
        self._stack.callback(end, process)
        return process, log

    def start_daemon(self):
        process, log = self.start('peerup', 'daemon')

        def up():
            if process.poll() is not None:
                raise Failed(f'the daemon of the {self.name} ended:\n{log.read_text()}')
            return self.run('peerup', 'status', quiet=True, ok=(0, 1)).startswith(self.id[:8])
        wait_until(up, f'the daemon of the {self.name}')

    def start_proxy(self, peer, service):
        """The local port at which a service of a peer is now."""
        process, log = self.start('peerup', 'proxy', peer, service, '0')
        line = process.stdout.readline()
        if not line:
            raise Failed(f'no port for {service}:\n{log.read_text()}')
        show(line)
        return int(line.strip().rpartition(':')[2])

    @property
    def id(self):
        return self.run('peerup', 'whoami', quiet=True).strip()


def end(process):
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(8)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
    process.stdout.close()


def start_web(peer):
    """A real HTTP server with one large file. Gives its port."""
    port = free_port()
    (peer.home / 'web').mkdir()
    with (peer.home / 'web/video.bin').open('wb') as file:
        block = os.urandom(1024 * 1024)
        for number in range(SIZE // len(block)):
            file.write(number.to_bytes(8) + block[8:])
    (peer.home / 'nginx.conf').write_text(NGINX.format(home=peer.home, port=port))
    peer.start('nginx', '-c', peer.home / 'nginx.conf', quiet=True)
    wait_until(lambda: answers(port), 'the web server')
    return port


def start_ssh(peer, user):
    """A real OpenSSH server that lets the user's key in. Gives its port."""
    port = free_port()
    peer.run('ssh-keygen', '-q', '-t', 'ed25519', '-N', '', '-f', peer.home / 'host_key', quiet=True)
    (user.home / '.ssh').mkdir(mode=0o700)
    user.run('ssh-keygen', '-q', '-t', 'ed25519', '-N', '', '-f', user.home / '.ssh/id_ed25519', quiet=True)
    shutil.copy(user.home / '.ssh/id_ed25519.pub', peer.home / 'ssh_authorized_keys')
    (peer.home / 'sshd_config').write_text(SSHD.format(home=peer.home, port=port))
    if os.getuid() == 0:
        pathlib.Path('/run/sshd').mkdir(mode=0o755, exist_ok=True)
    peer.start(shutil.which('sshd') or '/usr/sbin/sshd', '-D', '-e', '-f', peer.home / 'sshd_config', quiet=True)
    wait_until(lambda: answers(port), 'the SSH server')
    return port


def fetch(peer, port, target, quiet=False):
    """Fetches the large file; gives bytes per second."""
    said = peer.run('curl', '-sSf', '-w', '%{speed_download} bytes per second', '-o', target,
                    f'http://127.0.0.1:{port}/video.bin', quiet=quiet)
    return float(said.split()[0])


def in_words(rate):
    return f'{rate / 1e6:.0f} MB/s ({rate * 8 / 1e9:.1f} Gbit/s)'


def meet(workshop, laptop):
    say('1. Each device makes an identity of its own. No account, no server.')
    workshop.run('peerup', 'init', '--port', '0')
    laptop.run('peerup', 'init', '--port', '0')

    web, ssh = start_web(workshop), start_ssh(workshop, laptop)
    say('2. The workshop runs a web server and an SSH server, and invites a device that may use them.')
    workshop.run('peerup', 'service', 'add', 'web', f'localhost:{web}')
    workshop.run('peerup', 'service', 'add', 'ssh', f'localhost:{ssh}')
    workshop.start_daemon()
    invite, log = workshop.start('peerup', 'invite', '--name', 'workshop', '--non-interactive')
    code = invite.stdout.readline().strip()
    if not code:
        raise Failed(f'no invite:\n{log.read_text()}')
    show(code)

    say('3. The laptop joins with the code, which works once; then both know each other.')
    laptop.start_daemon()
    laptop.run('peerup', 'join', '--name', 'laptop', code)
    laptop.run('peerup', 'verify', 'workshop', ok=(0, 1))
    laptop.run('peerup', 'ping', 'workshop', '-c', '5', '--interval', '100ms')
    return web, ssh


def use_web(workshop, laptop, direct_port):
    say(f'4. The web server of the workshop becomes a port of the laptop: {SIZE // 1024 // 1024} MiB through it.')
    port = laptop.start_proxy('workshop', 'web')
    fetch(laptop, port, laptop.home / 'video.bin')
    ours, theirs = sha256(laptop.home / 'video.bin'), sha256(workshop.home / 'web/video.bin')
    if ours != theirs:
        raise Failed(f'the file arrived changed: sha256 {ours}, and {theirs} was sent')
    show(f'sha256 is equal on both sides: {ours}')
    return [fetch(laptop, number, '/dev/null', quiet=True) for number in (port, direct_port)]


def use_ssh(laptop):
    say('5. And SSH: a command, and a file copied with scp.')
    port = laptop.start_proxy('workshop', 'ssh')
    options = ['-o', 'StrictHostKeyChecking=accept-new', '-o', f'UserKnownHostsFile={laptop.home}/.ssh/known_hosts',
               '-o', 'LogLevel=ERROR', '-i', laptop.home / '.ssh/id_ed25519', '-F', 'none']
    user = getpass.getuser()
    laptop.run('ssh', *options, '-p', port, f'{user}@localhost', 'echo Hello from the workshop, where uname says: $(uname -sr)')
    copy = laptop.home / 'copied.bin'
    laptop.run('scp', '-q', *options, '-P', port, f'{user}@localhost:{laptop.home}/video.bin', copy)
    if sha256(copy) != sha256(laptop.home / 'video.bin'):
        raise Failed('scp brought a changed file')
    show('scp: sha256 is equal on both sides')


def refuse(stranger, workshop):
    say('6. A stranger who knows the address gets no further than the handshake.')
    stranger.run('peerup', 'init', '--port', '0', quiet=True)
    addresses = workshop.json('peerup', 'status')['listen_addresses']
    stranger.run('peerup', 'ping', addresses[0], '-c', '1', ok=(1,))


def summarize(laptop, rate, direct):
    say('What the laptop sees now:')
    laptop.run('peerup', 'status')
    pings = laptop.json('peerup', 'ping', 'workshop', '-c', '20', '--interval', '10ms')
    peer = next(p for p in laptop.json('peerup', 'status')['peers'] if p.get('name') == 'workshop')
    say('In figures')
    print(f'  path         {pings["results"][-1]["path"]}, {peer["transport"]} with {peer["security"]}, {peer["address"]}')
    print(f'  round trip   {pings["stats"]["avg_ms"]:.3f} ms on average, {pings["stats"]["min_ms"]:.3f} ms at best')
    print(f'  throughput   {in_words(rate)} through the tunnel, {in_words(direct)} without it')


def play(stack):
    base = pathlib.Path(stack.enter_context(tempfile.TemporaryDirectory(prefix='peerup-demo-')))
    workshop, laptop, stranger = (Peer(stack, base, name) for name in ('workshop', 'laptop', 'stranger'))
    web, _ = meet(workshop, laptop)
    rate, direct = use_web(workshop, laptop, web)
    use_ssh(laptop)
    refuse(stranger, workshop)
    summarize(laptop, rate, direct)


def play_windows(stack, build):
    """On a display, two windows for whoever sits before it; else the same story on a screen that nobody sees."""
    if os.environ.get('DISPLAY') or os.environ.get('WAYLAND_DISPLAY'):
        open_windows(stack, build)
        return
    say('7. The same in two windows, home and laptop, on a screen that nobody sees:')
    pictures = build.parent / 'demo'
    done = subprocess.run([sys.executable, '-B', '-m', 'pytest', '-p', 'no:cacheprovider', '-q', '-rs', STORY], check=False,
                          env=os.environ | {'PEERUP_BUILD': str(build), 'PEERUP_BIN': str(build / 'src/cli/peerup'),
                                            'PEERUP_PICTURES': str(pictures)}, capture_output=True, text=True)
    if done.returncode:
        raise Failed(f'the windows did not do as they should:\n{done.stdout}{done.stderr}')
    if 'skipped' in done.stdout.splitlines()[-1]:
        show(done.stdout)
        return
    for picture in sorted(pictures.glob('*.png')):
        show(f'{picture.relative_to(build.parent.parent)}')


def open_windows(stack, build):
    say('7. Two windows, home and laptop: invite a device in one, and join with the code in the other. Close both to go on.')
    base = pathlib.Path(stack.enter_context(tempfile.TemporaryDirectory(prefix='peerup-windows-')))
    desktop = {key: value for key, value in os.environ.items() if key in ('DBUS_SESSION_BUS_ADDRESS', 'XDG_RUNTIME_DIR')}
    windows = []
    for name in ('home', 'laptop'):
        peer = Peer(stack, base, name)
        peer.run('peerup', 'init', '--port', '0', quiet=True)
        if name == 'home':
            peer.run('peerup', 'service', 'add', 'web', f'localhost:{start_web(peer)}', quiet=True)
        peer.add_env(desktop | {'GSETTINGS_SCHEMA_DIR': str(build / 'data')})
        windows.append(peer.start(build / 'src/app/peerup-gtk', '--config', peer.home / '.config/peerup/config.yaml')[0])
    for window in windows:
        window.wait()


def stop(number, frame):
    raise SystemExit(128 + number)


def main(build):
    os.environ['PATH'] = f'{build / "src/cli"}:{os.environ["PATH"]}:/usr/sbin'
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, stop)
    try:
        with contextlib.ExitStack() as stack:
            play(stack)
            play_windows(stack, build)
    except Failed as failed:
        print(f'\nThe demo stopped: {failed}', file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    print('\nEverything the demo started has ended, and its files are gone.')
    return 0


if __name__ == '__main__':
    sys.exit(main(pathlib.Path(sys.argv[1])))
