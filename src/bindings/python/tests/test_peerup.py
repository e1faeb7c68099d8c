# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright The Peer-Up authors
"""The client against a stand-in for the daemon: python3 -m unittest discover -s tests, from src/bindings/python."""

import asyncio
import inspect
import pathlib
import sys
import unittest

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent)]

import peerup  # noqa: E402
from peerup import _aio_operations, _operations, _places, errors  # noqa: E402
import stand_in  # noqa: E402

EVENT = b'id: run-7\nevent: PeerChanged\ndata: {"id":"12D3","peer":{"state":"connected"}}\n\n'


class Both:
    """A client of either kind, asked in one way."""

    def __init__(self, kind, *arguments, **options):
        self.client = kind(*arguments, **options)

    def __getattr__(self, name):
        method = getattr(self.client, name)

        def call(*arguments, **options):
            result = method(*arguments, **options)
            return asyncio.run(result) if inspect.isawaitable(result) else result

        return call

    def events(self, n, **options):
        async def collect():
            return [event async for event in await self.client.events(**options)][:n]

        if isinstance(self.client, peerup.AsyncClient):
            return asyncio.run(collect())
        return [event for event, _ in zip(self.client.events(**options), range(n))]


class ClientTest(unittest.TestCase):
    kind = peerup.Client

    def setUp(self):
        self.server, self.home = self.enterContext(stand_in.daemon())
        self.client = Both(self.kind)

    def give(self, method, path, data, status=200):
        self.server.answers[method, path] = (status, {"data": data} if status == 200 else {"error": data})

    def test_one_value(self):
        self.give("GET", "/v1/engine/peers", [{"id": "12D3", "state": "connected"}])
        self.assertEqual(self.client.list_peers(), [{"id": "12D3", "state": "connected"}])
        self.assertEqual(self.server.seen, [("GET", "/v1/engine/peers", "", None)])

    def test_several_values(self):
        self.give("POST", "/v1/peers/laptop/ping", {"round_trip": 1234, "path": "direct"})
        result = self.client.ping("laptop")
        self.assertEqual((result.round_trip, result.path), (1234, "direct"))
        self.assertEqual(self.server.seen, [("POST", "/v1/peers/laptop/ping", "", {})])

    def test_no_value(self):
        self.give("PUT", "/v1/grants/laptop/ssh", None)
        self.assertIsNone(self.client.extend_grant("laptop", "ssh", 17))
        self.assertEqual(self.server.seen, [("PUT", "/v1/grants/laptop/ssh", "", {"until": 17})])

    def test_properties(self):
        self.give("GET", "/v1/engine", {"PeerId": "12D3", "State": "running"})
        self.assertEqual(self.client.properties()["PeerId"], "12D3")

    def test_address_as_peer(self):
        self.give("GET", "/v1/peers//ip4/127.0.0.1/tcp/1/p2p/12D3", {"peer_id": "12D3"})
        self.assertEqual(self.client.resolve("/ip4/127.0.0.1/tcp/1/p2p/12D3"), {"peer_id": "12D3"})
        self.assertEqual(self.server.seen[0][1], "/v1/peers/%2Fip4%2F127.0.0.1%2Ftcp%2F1%2Fp2p%2F12D3")

    def test_options(self):
        self.give("POST", "/v1/engine/services", None)
        self.client.expose("web", "127.0.0.1:80", {"allowed": ("a", "b")})
        self.client.expose("web", "127.0.0.1:80")
        self.assertEqual([seen[3] for seen in self.server.seen],
                         [{"name": "web", "address": "127.0.0.1:80", "options": {"allowed": ["a", "b"]}},
                          {"name": "web", "address": "127.0.0.1:80"}])

    def test_query(self):
        self.give("DELETE", "/v1/grants/laptop", None)
        self.client.revoke_grant("laptop", "ssh & more")
        self.client.revoke_grant("laptop")
        self.assertEqual([seen[2:] for seen in self.server.seen], [("service=ssh%20%26%20more", None), ("", None)])

    def test_errors(self):
        for kind in (peerup.InvalidRequest, peerup.Denied, peerup.NotFound, peerup.Exists, peerup.TooLarge,
                     peerup.LimitMet, peerup.Unsupported, peerup.Unreachable, peerup.Busy, peerup.TimedOut):
            self.give("GET", "/v1/engine/peers", f"a reason, {kind.__name__}", kind.status)
            with self.assertRaisesRegex(kind, "a reason") as caught:
                self.client.list_peers()
            self.assertEqual(caught.exception.status, kind.status)
        self.give("GET", "/v1/engine/peers", "something new", 418)
        with self.assertRaises(peerup.PeerupError) as caught:
            self.client.list_peers()
        self.assertIs(type(caught.exception), peerup.PeerupError)

    def test_wrong_cookie(self):
        self.server.cookie = "another"
        with self.assertRaises(peerup.Unauthorized):
            self.client.list_peers()
        with self.assertRaises(peerup.Unauthorized):
            self.client.events(1)

    def test_new_cookie_of_a_new_daemon(self):
        self.give("GET", "/v1/engine/peers", [])
        self.client.list_peers()
        self.server.cookie = "f" * 64
        _places.find()[0].cookie.write_text(self.server.cookie)
        self.assertEqual(self.client.list_peers(), [])

    def test_answers_that_are_none(self):
        for body in (b"", b"{", b"[]", b'{"date": 1}', b'"data"', b"\xff"):
            self.server.answers["GET", "/v1/engine/peers"] = (200, body)
            with self.assertRaises(peerup.BadAnswer, msg=body):
                self.client.list_peers()

    def test_not_running(self):
        _places.find()[0].socket.unlink()
        with self.assertRaisesRegex(peerup.NotRunning, "peerup daemon"):
            self.client.list_peers()
        with self.assertRaises(peerup.NotRunning):
            self.client.events(1)

    def test_socket_by_name(self):
        place = _places.find()[0]
        self.give("GET", "/v1/engine/peers", [])
        self.assertEqual(Both(self.kind, socket=place.socket, cookie=str(place.cookie)).list_peers(), [])
        with self.assertRaises(peerup.InvalidRequest):
            self.kind(socket=place.socket)

    def test_events(self):
        # In pieces that end anywhere, with what is no event, and one that is longer than any buffer.
        long = b"event: ProblemsChanged\ndata: {\"text\":\"" + b"x" * 300_000 + b"\"}\n\n"
        whole = b"retry: 2000\n\n: a comment\n\n" + EVENT + long + b"event: Half\ndata: {}"
        self.server.events = [whole[:40], whole[40:41], whole[41:]]
        first, second = self.client.events(9, last_id="run-6")
        self.assertEqual(first, peerup.Event("PeerChanged", {"id": "12D3", "peer": {"state": "connected"}}, "run-7"))
        self.assertEqual((second.name, len(second.data["text"])), ("ProblemsChanged", 300_000))
        self.assertEqual(self.server.last_id, "run-6")

    def test_events_that_are_none(self):
        self.server.events = [b"event: PeerChanged\ndata: {\n\n"]
        with self.assertRaises(peerup.BadAnswer):
            self.client.events(1)


class AsyncClientTest(ClientTest):
    kind = peerup.AsyncClient

    def test_both_kinds_have_all(self):
        """The same operations with the same arguments."""
        for name, method in inspect.getmembers(_operations.Operations, inspect.isfunction):
            other = getattr(_aio_operations.AsyncOperations, name)
            self.assertEqual(str(inspect.signature(method)), str(inspect.signature(other)), name)
            self.assertTrue(inspect.iscoroutinefunction(other), name)


class PlacesTest(unittest.TestCase):
    def setUp(self):
        _, self.home = self.enterContext(stand_in.daemon())

    def test_configuration_that_is_not_there(self):
        with self.assertRaisesRegex(peerup.NotFound, "nowhere.yaml"):
            peerup.Client(self.home / "nowhere.yaml")

    def test_profile(self):
        profile = self.home / "config/peerup/profiles/work/config.yaml"
        profile.parent.mkdir(parents=True)
        profile.write_text("")
        self.assertEqual(_places.find_config(profile="work"), profile)
        self.assertNotEqual(peerup.find(profile="work"), peerup.find())
        with self.assertRaises(peerup.NotFound):
            peerup.find(profile="play")
        for name in ("", "..", "a/b", "Work", "-a", "a" * 64):
            with self.assertRaises(peerup.InvalidRequest):
                peerup.find(profile=name)
        with self.assertRaises(peerup.InvalidRequest):
            peerup.find("config.yaml", "work")

    def test_link_is_the_file(self):
        link = self.home / "link.yaml"
        link.symlink_to(self.home / "config/peerup/config.yaml")
        self.assertEqual(peerup.find(link)[0], peerup.find()[0])

    def test_system(self):
        first, beside = _places.candidates(pathlib.Path("/etc/peerup/config.yaml"))
        self.assertEqual(first.socket.parent, pathlib.Path("/run/peerup"))
        self.assertEqual(beside.cookie.parent, pathlib.Path("/etc/peerup"))


class ErrorsTest(unittest.TestCase):
    def test_each_status_has_one(self):
        for status, kind in errors._BY_STATUS.items():
            self.assertIs(type(errors.for_status(status, "")), kind)


if __name__ == "__main__":
    unittest.main()
