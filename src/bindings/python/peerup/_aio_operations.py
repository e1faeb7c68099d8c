# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright The Peer-Up authors
"""The operations of the engine. Made by generate from data/dbus: change it there."""

from __future__ import annotations

from typing import Any, Mapping, Sequence, cast

from ._operations import (
    Properties,
    AddForwardResult,
    ConnectResult,
    CreateGroupResult,
    GetConfigResult,
    PingResult,
)


class AsyncOperations:
    """What can be asked of the engine; errors are those of peerup.errors."""

    async def _call(self, method: str, path: str, segments: Mapping[str, Any],
                    arguments: Mapping[str, Any]) -> Any:
        raise NotImplementedError

    async def properties(self) -> Properties:
        """What the engine is now: its identity, state, addresses, problems."""
        return cast(Properties, await self._call("GET", "/v1/engine", {}, {}))

    async def list_peers(self) -> list[dict[str, Any]]:
        """The peers that are connected, or were since the start."""
        return cast('list[dict[str, Any]]', await self._call("GET", "/v1/engine/peers", {}, {}))

    async def list_services(self) -> list[dict[str, Any]]:
        """The services that peers may use here. Where the health of one is not known or old it is looked
        after first, for a second at most.
        """
        return cast('list[dict[str, Any]]', await self._call("GET", "/v1/engine/services", {}, {}))

    async def list_peer_services(self, peer: str) -> list[dict[str, Any]]:
        """The services that this device may use of a peer. A peer that is connected is asked anew, within
        15 seconds; of one that is not, or does not answer, what it said last is told, with its age.
        Nothing is dialed. Unreachable if it is not connected and has offered nothing since the start.
        Texts are the peer's: names and kinds are labels of a-z, 0-9 and "-", tags are without control
        and bidi characters.
        """
        return cast('list[dict[str, Any]]', await self._call("GET", "/v1/peers/{peer}/services", {"peer": peer}, {}))

    async def find_services(self) -> list[dict[str, Any]]:
        """Looks for what could be offered: each port is asked what it is, which takes some seconds at
        most. Only addresses of the loopback are spoken to. Those that are sure come first, then usual
        ports, then all others. All who ask share one search, and what it found is the answer for 30
        seconds from its beginning: services are not disturbed more often than that.
        """
        return cast('list[dict[str, Any]]', await self._call("GET", "/v1/templates/found", {}, {}))

    async def list_templates(self) -> list[dict[str, Any]]:
        """The kinds of services that this device knows: those that come with it, and files of the user's
        own.
        """
        return cast('list[dict[str, Any]]', await self._call("GET", "/v1/templates", {}, {}))

    async def list_forwards(self) -> list[dict[str, Any]]:
        """The services of peers that are ports here."""
        return cast('list[dict[str, Any]]', await self._call("GET", "/v1/forwards", {}, {}))

    async def list_limits(self) -> list[dict[str, Any]]:
        """What peers may take of this device, what they take now, and what they were refused. Empty while
        the engine is stopped.
        """
        return cast('list[dict[str, Any]]', await self._call("GET", "/v1/limits", {}, {}))

    async def list_relays(self) -> list[dict[str, Any]]:
        """The relays of the configuration, in its order, and then the authorized peers that relay for this
        device. Through those that are "reserved" peers can reach this device. Empty while the engine is
        stopped.
        """
        return cast('list[dict[str, Any]]', await self._call("GET", "/v1/relays", {}, {}))

    async def get_relay_service(self) -> dict[str, Any]:
        """What this device is as a relay of others. Empty while the engine is stopped."""
        return cast('dict[str, Any]', await self._call("GET", "/v1/relay", {}, {}))

    async def drain_relay(self, timeout_ms: int) -> bool:
        """Ends relaying for others in good order: nothing new is taken, peers are told, and what is left
        of the circuits at the end is cut. Returns when none is left. It stays so until ResumeRelay or a
        restart, whatever the configuration says.
        """
        return cast('bool', await self._call("POST", "/v1/relay/drain", {}, {"timeout_ms": timeout_ms}))

    async def resume_relay(self) -> None:
        """Takes DrainRelay back: what the configuration says holds again."""
        await self._call("POST", "/v1/relay/resume", {}, {})

    async def list_grants(self) -> list[dict[str, Any]]:
        """The grants that are in force: which peers may use which services here by one. A guest may use
        nothing else; for other peers a grant opens a service whose list they are not on.
        """
        return cast('list[dict[str, Any]]', await self._call("GET", "/v1/grants", {}, {}))

    async def add_grant(self, peer: str, service: str, until: int) -> None:
        """Gives a grant, or gives the one that is there another end. It is kept, and in force when this
        returns. At its end, streams of that service to that peer are cut.
        """
        await self._call("POST", "/v1/grants", {}, {"peer": peer, "service": service, "until": until})

    async def extend_grant(self, peer: str, service: str, until: int) -> None:
        """Gives a grant that is there another end; NotFound if there is none, as after its end."""
        await self._call("PUT", "/v1/grants/{peer}/{service}", {"peer": peer, "service": service}, {"until": until})

    async def revoke_grant(self, peer: str, service: str = "") -> None:
        """Takes grants away; what is open by them is cut at once. NotFound if there is none."""
        await self._call("DELETE", "/v1/grants/{peer}", {"peer": peer}, {"service": service})

    async def list_connections(self) -> list[dict[str, Any]]:
        """The connections that are open now, those of one peer together and the best of them first. All
        times are in microseconds.
        """
        return cast('list[dict[str, Any]]', await self._call("GET", "/v1/connections", {}, {}))

    async def get_diagnostics(self) -> dict[str, Any]:
        """How the engine and its network do, for peerup doctor. Empty while the engine does not run."""
        return cast('dict[str, Any]', await self._call("GET", "/v1/diagnostics", {}, {}))

    async def ping(self, peer: str) -> PingResult:
        """Connects if needed, sends one ping and waits for its answer, 15 seconds at most. Pings of one
        caller to one peer that follow each other use one stream.
        """
        result = await self._call("POST", "/v1/peers/{peer}/ping", {"peer": peer}, {})
        return PingResult(**{name: result[name] for name in PingResult._fields})

    async def resolve(self, peer: str) -> dict[str, Any]:
        """Whom a name, a peer ID or an address means, and where that peer would be looked for."""
        return cast('dict[str, Any]', await self._call("GET", "/v1/peers/{peer}", {"peer": peer}, {}))

    async def trace(self, peer: str) -> dict[str, Any]:
        """Connects if needed, and measures the way that streams to a peer take now, 15 seconds at most."""
        return cast('dict[str, Any]', await self._call("POST", "/v1/peers/{peer}/trace", {"peer": peer}, {}))

    async def list_paths(self, peer: str = "") -> list[dict[str, Any]]:
        """The paths to peers, and how they came and went. Before it answers, each path is asked for a sign
        of life, so that what it says is true now; this takes a round trip, or three seconds where there
        is none.
        """
        return cast('list[dict[str, Any]]', await self._call("GET", "/v1/engine/paths", {}, {"peer": peer}))

    async def get_network(self) -> dict[str, Any]:
        """What stands between this device and the internet, as it was measured last."""
        return cast('dict[str, Any]', await self._call("GET", "/v1/network", {}, {}))

    async def create_invite(self, options: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """Makes a code by which one other device may join. It works once, and dies after three wrong
        guesses. Whoever sees the code can join: keep it to whom it is for.
        """
        return cast('dict[str, Any]', await self._call("POST", "/v1/invites", {}, {"options": options}))

    async def cancel_invite(self, number: int) -> None:
        """Nobody can join by it any longer."""
        await self._call("DELETE", "/v1/invites/{number}", {"number": number}, {})

    async def list_invites(self) -> list[dict[str, Any]]:
        """The invites that are open, and those that ended lately. Empty while the engine is stopped."""
        return cast('list[dict[str, Any]]', await self._call("GET", "/v1/invites", {}, {}))

    async def create_group(self, options: Mapping[str, Any] | None = None) -> CreateGroupResult:
        """Makes a group at this relay. Who joins by one of its codes may use the relay, and the relay
        introduces the members to each other: they believe it, so let people compare the verification
        codes. A code works once.
        """
        result = await self._call("POST", "/v1/groups", {}, {"options": options})
        return CreateGroupResult(**{name: result[name] for name in CreateGroupResult._fields})

    async def revoke_group(self, id: str) -> None:
        """Nobody can join it any longer. Who has joined stays."""
        await self._call("DELETE", "/v1/groups/{id}", {"id": id}, {})

    async def list_groups(self) -> list[dict[str, Any]]:
        """The groups that this relay keeps, and those that this device has joined. Empty while the engine
        is stopped.
        """
        return cast('list[dict[str, Any]]', await self._call("GET", "/v1/groups", {}, {}))

    async def join(self, code: str, options: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """Pairs this device with the one that has made the code. JoinProgress tells what it is about.
        Errors: Malformed (mistyped, the text says where), Crypto (a wrong code, or somebody in
        between), Gated (used, expired or refused), Unreachable, Exists (paired already), Config (of
        another network, or of this very device). Ends when its caller leaves, unless it has come to
        saving, which is completed.
        """
        return cast('dict[str, Any]', await self._call("POST", "/v1/pairings", {}, {"code": code, "options": options}))

    async def list_pairings(self) -> list[dict[str, Any]]:
        """The pairings of which it is not known that both sides have them. Such a one is completed by
        itself when the two meet. Empty while the engine is stopped.
        """
        return cast('list[dict[str, Any]]', await self._call("GET", "/v1/pairings", {}, {}))

    async def undo_pairing(self, peer: str) -> None:
        """Takes a pairing back on this device, a half one or a whole: authorization, name, grants."""
        await self._call("DELETE", "/v1/pairings/{peer}", {"peer": peer}, {})

    async def get_verification(self, peer: str) -> dict[str, Any]:
        """What two people compare to be sure that their devices have paired with each other."""
        return cast('dict[str, Any]', await self._call("GET", "/v1/peers/{peer}/verification", {"peer": peer}, {}))

    async def set_verified(self, peer: str, verified: bool) -> None:
        """Notes whether two people have compared what GetVerification shows."""
        await self._call("PUT", "/v1/peers/{peer}/verification", {"peer": peer}, {"verified": verified})

    async def list_prompts(self) -> list[dict[str, Any]]:
        """What the engine asks a person, the oldest first. "verify" is asked after each pairing, and until
        the peer is verified or gone; "access" only while somebody watches who shows it to a person
        (WatchPrompts): a peer then waits for a minute for a service that it is not on the list of, or
        whose grant has ended. Nothing of it outlives the engine.
        """
        return cast('list[dict[str, Any]]', await self._call("GET", "/v1/prompts", {}, {}))

    async def answer_prompt(self, number: int, answer: str) -> None:
        """Answers a question. "match" notes that the peer is verified, as SetVerified; "differ" takes the
        pairing back, as UndoPairing; "allow" grants the service to the peer for an hour, as AddGrant,
        and what waits goes on; after "deny", "later" and none in time the same is not asked again for
        ten minutes. "later" to "verify" ends the question, and nothing else. NotFound if it is over;
        Malformed if it has no such answer; and the errors of those calls, and the question stays.
        """
        await self._call("POST", "/v1/prompts/{number}/answer", {"number": number}, {"answer": answer})

    async def watch_prompts(self) -> None:
        """The caller shows questions to a person from now on, until it disconnects from the engine; over
        HTTP, where a caller is one request, for two minutes from this call. While nobody does, "access"
        is not asked, and peers are refused at once.
        """
        await self._call("POST", "/v1/prompts/watch", {}, {})

    async def add_forward(self, peer: str, service: str, listen: str, options: Mapping[str, Any] | None = None) -> AddForwardResult:
        """Makes a service of a peer a local TCP port. The forward ends when its caller disconnects from
        the engine, unless it is to be kept; over HTTP, where a caller is one request, it is kept unless
        keep is false.
        """
        result = await self._call("POST", "/v1/forwards", {}, {"peer": peer, "service": service, "listen": listen, "options": options})
        return AddForwardResult(**{name: result[name] for name in AddForwardResult._fields})

    async def remove_forward(self, id: str) -> None:
        """Stops listening and cuts what the forward carries."""
        await self._call("DELETE", "/v1/forwards/{id}", {"id": id}, {})

    async def connect(self, peer: str) -> ConnectResult:
        """Connects to a peer, unless it is connected already. Nothing keeps the connection but what uses
        it: without streams it may end after a while. Errors: NotFound, Unreachable, WrongPeer, Gated,
        Timeout.
        """
        result = await self._call("POST", "/v1/peers/{peer}/connect", {"peer": peer}, {})
        return ConnectResult(**{name: result[name] for name in ConnectResult._fields})

    async def disconnect(self, peer: str) -> None:
        """Ends all connections to a peer, with every stream on them. What needs the peer may connect anew,
        and so may the peer. NotFound if there is no connection.
        """
        await self._call("POST", "/v1/peers/{peer}/disconnect", {"peer": peer}, {})

    async def expose(self, name: str, address: str, options: Mapping[str, Any] | None = None) -> None:
        """Offers a local port to peers at once. It is not written to the configuration, and ends with the
        engine or by Unexpose. Exists if the configuration or an earlier Expose has a service of that
        name.
        """
        await self._call("POST", "/v1/engine/services", {}, {"name": name, "address": address, "options": options})

    async def unexpose(self, name: str) -> None:
        """Ends a service that Expose has made, and cuts its streams. NotFound if there is none of that
        name; Denied if it is one of the configuration: EnableService switches that off.
        """
        await self._call("DELETE", "/v1/engine/services/{name}", {"name": name}, {})

    async def enable_service(self, name: str, enabled: bool) -> None:
        """Switches a service on or off. It is written to the configuration, and in force when this
        returns; switching off cuts its streams.
        """
        await self._call("PUT", "/v1/engine/services/{name}", {"name": name}, {"enabled": enabled})

    async def add_service(self, name: str, address: str, options: Mapping[str, Any] | None = None) -> None:
        """Adds a service to the configuration, whose comments stay. It is in force when this returns.
        Exists if there is one of that name.
        """
        await self._call("POST", "/v1/services", {}, {"name": name, "address": address, "options": options})

    async def change_service(self, name: str, options: Mapping[str, Any] | None = None) -> None:
        """Changes a service of the configuration, all of it or nothing. It is in force when this returns;
        streams that are open go on, but those of peers who may use it no longer, and all of a service
        that is renamed. NotFound if there is none; Exists if the new name is taken; Denied for one that
        Expose has made.
        """
        await self._call("PUT", "/v1/services/{name}", {"name": name}, {"options": options})

    async def remove_service(self, name: str) -> None:
        """Takes a service out of the configuration, with what is said of it there, and cuts its streams.
        NotFound if there is none; Denied for one that Expose has made.
        """
        await self._call("DELETE", "/v1/services/{name}", {"name": name}, {})

    async def list_authorized(self) -> list[dict[str, Any]]:
        """The peers that authorized_keys lists, connected or not. A file that cannot be read is an error,
        and lets nobody in.
        """
        return cast('list[dict[str, Any]]', await self._call("GET", "/v1/authorized", {}, {}))

    async def authorize(self, peer: str, options: Mapping[str, Any] | None = None) -> None:
        """Lets a peer in. It is written to authorized_keys, whose comments stay, and in force when this
        returns. Exists if it is listed already.
        """
        await self._call("POST", "/v1/authorized", {}, {"peer": peer, "options": options})

    async def deauthorize(self, peer: str) -> None:
        """Takes a peer out of authorized_keys, and its grants with it; its connections end at once.
        NotFound if it is not listed.
        """
        await self._call("DELETE", "/v1/authorized/{peer}", {"peer": peer}, {})

    async def set_name(self, name: str, peer: str) -> None:
        """Gives a peer a name in the configuration. A name that means another peer is given to this one."""
        await self._call("PUT", "/v1/names/{name}", {"name": name}, {"peer": peer})

    async def add_relay(self, address: str) -> None:
        """Adds a relay to the configuration and uses it at once. Exists if it is there already."""
        await self._call("POST", "/v1/relays", {}, {"address": address})

    async def remove_relay(self, address: str) -> None:
        """Takes a relay out of the configuration. What goes through it ends. NotFound if there is none."""
        await self._call("DELETE", "/v1/relays/{address}", {"address": address}, {})

    async def get_config(self) -> GetConfigResult:
        """The configuration."""
        result = await self._call("GET", "/v1/config", {}, {})
        return GetConfigResult(**{name: result[name] for name in GetConfigResult._fields})

    async def check_config(self, text: str) -> list[str]:
        """Reads a configuration and changes nothing."""
        return cast('list[str]', await self._call("POST", "/v1/config/check", {}, {"text": text}))

    async def apply_config(self, text: str, options: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """Checks a configuration, writes it, and takes it into use; tunnels that it does not concern go
        on. The one before is archived. Config with all that is wrong with it; Exists while another one
        is pending.
        """
        return cast('dict[str, Any]', await self._call("PUT", "/v1/config", {}, {"text": text, "options": options}))

    async def confirm_config(self) -> None:
        """Keeps the configuration that is pending. NotFound if none is."""
        await self._call("POST", "/v1/config/confirm", {}, {})

    async def rollback_config(self, number: int) -> dict[str, Any]:
        """Goes back to an archived configuration, or takes back the one that is pending. NotFound if there
        is none of that number.
        """
        return cast('dict[str, Any]', await self._call("POST", "/v1/config/rollback", {}, {"number": number}))

    async def diff_config(self, number: int) -> str:
        """How a configuration differs from the one in use."""
        return cast('str', await self._call("GET", "/v1/config/diff", {}, {"number": number}))

    async def set_config_value(self, key: str, value: str) -> None:
        """Changes one value of the configuration, whose comments stay, and archives the one before. It is
        in force when this returns, but for the few keys that need a restart. NotFound for a key that
        there is not; Malformed for a section or a list, and a value that is no such thing; Denied for
        where a secret key is; Config where the whole would not be valid; Exists while a configuration
        waits to be confirmed.
        """
        await self._call("PUT", "/v1/config/values/{key}", {"key": key}, {"value": value})

    async def list_configs(self) -> list[dict[str, Any]]:
        """The configurations that were good and are archived."""
        return cast('list[dict[str, Any]]', await self._call("GET", "/v1/configs", {}, {}))

    async def get_identity(self) -> dict[str, Any]:
        """Who this device is, and where its private key is or could be. Looks for a login keyring, and
        unlocks none.
        """
        return cast('dict[str, Any]', await self._call("GET", "/v1/identity", {}, {}))

    async def move_identity(self, store: str) -> dict[str, Any]:
        """Moves the private key to the desktop's login keyring, or back to its file. It is at the new
        place, read back and compared, before it is taken from the old one, and a crash in between loses
        nothing. A person may be asked to unlock the keyring, which may take minutes. Denied if that was
        refused; Unreachable where there is no keyring; Exists where something else is at the new place,
        while another move is under way, and while a configuration waits to be confirmed. The key is
        where it was then.
        """
        return cast('dict[str, Any]', await self._call("PUT", "/v1/identity/store", {}, {"store": store}))

    async def set_log_levels(self, levels: Mapping[str, str]) -> None:
        """What the program writes to its log from now on, until it ends."""
        await self._call("PUT", "/v1/log/levels", {}, {"levels": levels})

    async def get_log_levels(self) -> dict[str, str]:
        """What the program writes to its log."""
        return cast('dict[str, str]', await self._call("GET", "/v1/log/levels", {}, {}))

    async def stop(self) -> None:
        """Ends the engine and the program that runs it: nothing new is taken, and open streams get 5
        seconds to end. Returns before that.
        """
        await self._call("POST", "/v1/engine/stop", {}, {})
