# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright The Peer-Up authors
"""The operations of the engine. Made by generate from data/dbus: change it there."""

from __future__ import annotations

from typing import Any, Mapping, NamedTuple, Sequence, TypedDict, cast


class PingResult(NamedTuple):
    """What ping() gives."""

    round_trip: int
    path: str


class CreateGroupResult(NamedTuple):
    """What create_group() gives."""

    id: str
    codes: list[str]


class AddForwardResult(NamedTuple):
    """What add_forward() gives."""

    id: str
    address: str


class ConnectResult(NamedTuple):
    """What connect() gives."""

    peer_id: str
    path: str


class GetConfigResult(NamedTuple):
    """What get_config() gives."""

    text: str
    path: str


class Properties(TypedDict):
    """What the engine is now."""

    Version: str
    """The version of the program that runs the engine."""
    ProcessId: int
    """The process that runs the engine."""
    ConfigFile: str
    """The absolute path of the configuration; empty if it has none."""
    PeerId: str
    """The identity, in base58 ("12D3KooW…")."""
    State: str
    """One of "stopped", "starting", "running" and "stopping"."""
    StartedAt: int
    """Seconds since 1970 when the engine came to run; 0 before that."""
    ListenAddresses: list[str]
    """Multiaddrs at which peers reach the engine, each with /p2p/ID."""
    Problems: list[str]
    """What is wrong now and for long, one sentence each, with what to do about it."""
    RelayState: str
    """What this device is as a relay of others: "off", "serving", "draining" (it takes nothing new, and
    circuits that are open go on for a while) or "drained" (none is left).
    """
    RelayReservations: int
    """How many peers can be reached through this device."""
    RelayCircuits: int
    """How many circuits it carries."""
    ConfigPending: bool
    """Whether a configuration is in use that was applied with a time to confirm it, and was not confirmed
    yet.
    """
    ConfigDeadline: int
    """Seconds since 1970 when a configuration that is pending is taken back; else 0."""
    MachineName: str
    """What this device is called to others unless CreateInvite and Join say how."""
    Grade: str
    """How well others reach this device, "A" to "F" as in GetNetwork; empty while it is not known."""
    GradeSentence: str
    """The same for people, in one sentence; empty while it is not known."""
    GradeAdvice: str
    """What would raise it; empty for the best, and while it is not known."""
    IdentityStore: str
    """Where the private key of the identity is: "file", or "keyring" for the desktop's login keyring."""


# The events, and the names of what each tells.
EVENTS: dict[str, tuple[str, ...]] = {
    "PeerChanged": ("id", "peer",),
    "ServiceChanged": ("name", "service",),
    "GrantEnding": ("peer_id", "name", "service", "until",),
    "ForwardChanged": ("id", "state", "error",),
    "InviteChanged": ("invite",),
    "GroupChanged": ("id",),
    "JoinProgress": ("state", "detail",),
}


class Operations:
    """What can be asked of the engine; errors are those of peerup.errors."""

    def _call(self, method: str, path: str, segments: Mapping[str, Any],
              arguments: Mapping[str, Any]) -> Any:
        raise NotImplementedError

    def properties(self) -> Properties:
        """What the engine is now: its identity, state, addresses, problems."""
        return cast(Properties, self._call("GET", "/v1/engine", {}, {}))

    def list_peers(self) -> list[dict[str, Any]]:
        """The peers that are connected, or were since the start.

        peers: One dictionary a peer: id, name, agent (s, empty while unknown), state ("disconnected",
            "connecting", "connected"), connections, streams (u); and while it is connected: path ("direct" or
            "relayed"), address, transport, security (s), outbound (b), connected_at (x, seconds since 1970),
            rtt_us (x, if known), bytes_received, bytes_sent (t); and where it was told once: services
            (aa{sv}, what this device may use there: name, kind, tags and protocol as one of
            ListPeerServices), services_source (s) and services_at (x, seconds since 1970, when that was told
            last).
        """
        return cast('list[dict[str, Any]]', self._call("GET", "/v1/engine/peers", {}, {}))

    def list_services(self) -> list[dict[str, Any]]:
        """The services that peers may use here. Where the health of one is not known or old it is looked
        after first, for a second at most.

        services: One dictionary a service: name, address (s), enabled (b), transient (b, Expose has made it),
            restricted (b), kind (s, what peers are told it is; may be empty), tags (as, words that they are
            told), active (u, streams now), total, bytes_in, bytes_out (t), and allowed_peers (as, peer IDs)
            where only those may use it, which is where restricted is true; health (s: "answers" or "silent",
            whether something is at the address, "unknown" as long as that is not known), and health_text (s,
            what that means for people; empty while all is well, and while nobody has looked yet).
        """
        return cast('list[dict[str, Any]]', self._call("GET", "/v1/engine/services", {}, {}))

    def list_peer_services(self, peer: str) -> list[dict[str, Any]]:
        """The services that this device may use of a peer. A peer that is connected is asked anew, within
        15 seconds; of one that is not, or does not answer, what it said last is told, with its age.
        Nothing is dialed. Unreachable if it is not connected and has offered nothing since the start.
        Texts are the peer's: names and kinds are labels of a-z, 0-9 and "-", tags are without control
        and bidi characters.

        peer: Whose.
        services: One dictionary a service, in the order of their names: name, kind (s, what programs know it
            by, as "ssh"; empty where its owner has not said), tags (as, words for people), protocol (s, by
            which it is used), source ("discovery": the peer says so by itself; "identify": it does not know
            how, and the names are those of the protocols that it speaks), age_us (x, microseconds since it
            said so).
        """
        return cast('list[dict[str, Any]]', self._call("GET", "/v1/peers/{peer}/services", {"peer": peer}, {}))

    def find_services(self) -> list[dict[str, Any]]:
        """Looks for what could be offered: each port is asked what it is, which takes some seconds at
        most. Only addresses of the loopback are spoken to. Those that are sure come first, then usual
        ports, then all others. All who ask share one search, and what it found is the answer for 30
        seconds from its beginning: services are not disturbed more often than that.

        found: One dictionary a TCP port that listens on this machine: template (s, the ID of what it was
            taken for, as in ListTemplates), name, kind, icon (s, of that template), address (s,
            "localhost:8096"), port (u), confirmed (b, it has answered as that does, and not only listens on
            its usual port), evidence (s, why it was taken for that, in words), tags (as), suggested_name (s,
            what a service there could be called), exposed (b, there is a service with that address); use (s,
            how to use it here) and open (s, an address for the desktop) where the template has them; and as
            (s, the name of that service) where exposed is true.
        """
        return cast('list[dict[str, Any]]', self._call("GET", "/v1/templates/found", {}, {}))

    def list_templates(self) -> list[dict[str, Any]]:
        """The kinds of services that this device knows: those that come with it, and files of the user's
        own.

        templates: One dictionary a template: id, name, kind, icon (s), ports (au), tags (as), use (s, how a
            service of the kind is used: {host} and {port} are to be filled in), and open (s, likewise an
            address that a desktop can open) where there is one.
        """
        return cast('list[dict[str, Any]]', self._call("GET", "/v1/templates", {}, {}))

    def list_forwards(self) -> list[dict[str, Any]]:
        """The services of peers that are ports here.

        forwards: One dictionary a forward: id, peer_id, peer, service, address (s), state ("stopped", "idle",
            "connecting", "active", "failed"), active (u, connections now), total, bytes_in, bytes_out (t),
            and error (s) if the last connection failed.
        """
        return cast('list[dict[str, Any]]', self._call("GET", "/v1/forwards", {}, {}))

    def list_limits(self) -> list[dict[str, Any]]:
        """What peers may take of this device, what they take now, and what they were refused. Empty while
        the engine is stopped.

        limits: One dictionary a limit: name (s, its key under network.limits), what ("connections",
            "handshakes", "streams" or "memory"), limit (t; left out where there is none), refused (t, since
            the start); used (t) where the limit is one for all; and where it refused something: last_refused
            (s, a peer ID, an address or a network; empty where it had none). Memory is in bytes, and what is
            named a rate in things a second.
        """
        return cast('list[dict[str, Any]]', self._call("GET", "/v1/limits", {}, {}))

    def list_relays(self) -> list[dict[str, Any]]:
        """The relays of the configuration, in its order, and then the authorized peers that relay for this
        device. Through those that are "reserved" peers can reach this device. Empty while the engine is
        stopped.

        relays: One dictionary a relay: id (s), origin ("configured", "peer"), state ("connecting",
            "reserved", "waiting"), preferred (b, others are told of it first), silent (b, it does not answer
            what it was asked), failures (u, in a row), limited (b, it bounds what it carries); where it is
            known: rtt_us (x), expires_at (x, seconds since 1970), retry_in_us (x), limit_seconds, limit_bytes
            (t), error (s, why it failed last).
        """
        return cast('list[dict[str, Any]]', self._call("GET", "/v1/relays", {}, {}))

    def get_relay_service(self) -> dict[str, Any]:
        """What this device is as a relay of others. Empty while the engine is stopped.

        service: A dictionary: state (s, as RelayState), for_peers (b, for authorized peers alone, as this
            device has a public address, and not because relay.serve says so), reservations, circuits (u);
            since the engine's start: reservations_granted, reservations_refused, circuits_opened,
            circuits_refused, bytes (t, both ways); addresses (as, what is told to peers, each with /p2p/ID);
            limits (a{sv}, those in force, by their keys in the section resources: numbers and bytes (t), and
            times in seconds (t); 0 for what is not bounded); invites (u, those that are open here),
            passes_shown, passes_wrong, sponsored (t, strangers that an invite has brought, that had a wrong
            one, and that were taken up into authorized_keys); stun_answered, stun_limited (t, Binding
            requests on the QUIC ports that were answered, and that were not for their number); and where it
            has served: since (x, seconds since 1970).
        """
        return cast('dict[str, Any]', self._call("GET", "/v1/relay", {}, {}))

    def drain_relay(self, timeout_ms: int) -> bool:
        """Ends relaying for others in good order: nothing new is taken, peers are told, and what is left
        of the circuits at the end is cut. Returns when none is left. It stays so until ResumeRelay or a
        restart, whatever the configuration says.

        timeout_ms: How long circuits may go on, in milliseconds; 0 for relay.drain_time.
        drained: FALSE if ResumeRelay was called meanwhile.
        """
        return cast('bool', self._call("POST", "/v1/relay/drain", {}, {"timeout_ms": timeout_ms}))

    def resume_relay(self) -> None:
        """Takes DrainRelay back: what the configuration says holds again."""
        self._call("POST", "/v1/relay/resume", {}, {})

    def list_grants(self) -> list[dict[str, Any]]:
        """The grants that are in force: which peers may use which services here by one. A guest may use
        nothing else; for other peers a grant opens a service whose list they are not on.

        grants: One dictionary a grant: peer_id, name (s, empty where the configuration has none), service
            (s), until (x, seconds since 1970; 0: for ever), and comment (s) if there is one.
        """
        return cast('list[dict[str, Any]]', self._call("GET", "/v1/grants", {}, {}))

    def add_grant(self, peer: str, service: str, until: int) -> None:
        """Gives a grant, or gives the one that is there another end. It is kept, and in force when this
        returns. At its end, streams of that service to that peer are cut.

        peer: Who may use it.
        service: What: the name of a service of this device, which need not exist yet.
        until: Seconds since 1970 when it ends, or 0 for one that does not end.
        """
        self._call("POST", "/v1/grants", {}, {"peer": peer, "service": service, "until": until})

    def extend_grant(self, peer: str, service: str, until: int) -> None:
        """Gives a grant that is there another end; NotFound if there is none, as after its end.

        peer: Whose grant.
        service: Of what.
        until: As in AddGrant; it may be earlier than it was.
        """
        self._call("PUT", "/v1/grants/{peer}/{service}", {"peer": peer, "service": service}, {"until": until})

    def revoke_grant(self, peer: str, service: str = "") -> None:
        """Takes grants away; what is open by them is cut at once. NotFound if there is none.

        peer: Whose grant.
        service: Of what; empty for all of the peer's.
        """
        self._call("DELETE", "/v1/grants/{peer}", {"peer": peer}, {"service": service})

    def list_connections(self) -> list[dict[str, Any]]:
        """The connections that are open now, those of one peer together and the best of them first. All
        times are in microseconds.

        connections: One dictionary a connection: peer_id, name (s, empty if it has none), path ("direct" or
            "relayed"), transport ("quic-v1", "tcp", "websocket", "relay"), security, muxer (s, protocol IDs),
            outbound (b, dialed by this side), limited (b, relayed and for a while or some bytes only), age_us
            (x), n_streams (u), bytes_received, bytes_sent (t, as the transport counts them, with its
            overhead), streams (aa{sv}). Left out where it is not known: local_address, remote_address (s,
            multiaddrs without /p2p/ID); rtt_us (smoothed), rtt_min_us, rtt_variation_us (x); packets_sent,
            packets_lost (t, of those sent; over TCP, segments that were sent again); congestion_window,
            bytes_in_flight (t, bytes); delivery_rate (t, bytes a second, as the transport measures it);
            path_mtu (u, bytes of one packet's payload). A stream: protocol (s, empty while it is negotiated),
            age_us (x), bytes_received, bytes_sent (t, of payload), and packets_lost (t, with its data) if
            known. They can be fewer than n_streams, which also counts those whose end the peer has not
            confirmed.
        """
        return cast('list[dict[str, Any]]', self._call("GET", "/v1/connections", {}, {}))

    def get_diagnostics(self) -> dict[str, Any]:
        """How the engine and its network do, for peerup doctor. Empty while the engine does not run.

        facts: A dictionary: congestion ("cubic" or "bbr"); udp_blocked (b, QUIC got no answer lately where
            TCP did); dispatches (at, how many turns of the data path took less than 64 µs, how many less than
            128 µs, and so on, doubling; the last number is of all that took longer); problems (a{ss}, the
            property Problems by what each is about, "listen " and the address for one that is not listened
            on); listening (aa{sv}); udp_sockets (aa{sv}). An entry of listening is an address of the
            configuration: address (s, a multiaddr), and error (s) if it is not listened on. A UDP socket:
            address (s, "HOST:PORT"), connections (u), receive_buffer, send_buffer (t, bytes that the system
            granted), buffer_wanted (t, bytes that were asked for in each direction), gro, gso (b, many
            datagrams in one call; gso is false for a minute after the system refused it), ecn (b, marks of
            congestion are seen), mtu_probe (b, larger packets are tried), received, sent (t, datagrams),
            dropped (t, by the system for want of room), unsent (t, given up: too big for the path, or no
            room), unknown (t, neither QUIC nor STUN).
        """
        return cast('dict[str, Any]', self._call("GET", "/v1/diagnostics", {}, {}))

    def ping(self, peer: str) -> PingResult:
        """Connects if needed, sends one ping and waits for its answer, 15 seconds at most. Pings of one
        caller to one peer that follow each other use one stream.

        peer: Whom.
        round_trip: Microseconds.
        path: "direct" or "relayed".
        """
        result = self._call("POST", "/v1/peers/{peer}/ping", {"peer": peer}, {})
        return PingResult(**{name: result[name] for name in PingResult._fields})

    def resolve(self, peer: str) -> dict[str, Any]:
        """Whom a name, a peer ID or an address means, and where that peer would be looked for.

        peer: Whom.
        answer: A dictionary: peer_id, name (s, of the configuration; empty if it has none), source (s,
            "name", "peer_id" or "address": what @peer was taken for), connected (b), addresses (as, where it
            is known to be or was told to be, relayed ones too; nothing is dialed).
        """
        return cast('dict[str, Any]', self._call("GET", "/v1/peers/{peer}", {"peer": peer}, {}))

    def trace(self, peer: str) -> dict[str, Any]:
        """Connects if needed, and measures the way that streams to a peer take now, 15 seconds at most.

        peer: Whom.
        trace: A dictionary: peer_id, name (s), path ("direct", "punched": direct, through NATs that both
            sides opened, or "relayed"), explanation (s, why it is this path, and what would help), hops
            (aa{sv}, from here on: peer_id, name, address, transport (s, empty where only the relay knows);
            and where they are known rtt_us (x, from here to there and back) and leg_us (x, of that what the
            last leg takes)).
        """
        return cast('dict[str, Any]', self._call("POST", "/v1/peers/{peer}/trace", {"peer": peer}, {}))

    def list_paths(self, peer: str = "") -> list[dict[str, Any]]:
        """The paths to peers, and how they came and went. Before it answers, each path is asked for a sign
        of life, so that what it says is true now; this takes a round trip, or three seconds where there
        is none.

        peer: Whom; empty for every peer that is connected.
        peers: One dictionary a peer: peer_id, name (s), state ("disconnected", "connecting", "connected"),
            explanation (s, by which path it is reached, why by none better, and what would help),
            next_search_us (x, until a direct path is looked for again; left out where none is), paths
            (aa{sv}, as ListConnections without its streams, the one in use first, with silent (b, it gives no
            sign of life though it was asked for one) and heard_us (x, since the last one)), events (aa{sv},
            what happened, newest last: type ("opened", "closed", "silent", "heard", "moved", "search",
            "failed"), at_us (x, microseconds since 1970), path, text (s)).
        """
        return cast('list[dict[str, Any]]', self._call("GET", "/v1/engine/paths", {}, {"peer": peer}))

    def get_network(self) -> dict[str, Any]:
        """What stands between this device and the internet, as it was measured last.

        network: A dictionary: grade ("A" to "F"; empty while it is not known), sentence, advice (s, how well
            others can reach this device, and what would help; advice may be empty), addresses (as, where its
            sockets are seen from outside), keep_alive_us (x), nat (aa{sv}, one for each family that is known
            of: family ("ipv4", "ipv6"), local, mapped (s, empty while it is not known), has_nat, shared,
            keeps_port (b), mapping, filtering ("unknown", "endpoint-independent", "address-dependent",
            "address-and-port-dependent"), nat_type (s, the older name: "none", "full-cone", "address-
            restricted", "port-restricted", "symmetric", "unknown"), port_step (i), lifetime_us, age_us (x)),
            mappings (aa{sv}, ports that routers forward to this device: protocol ("UDP", "TCP"), port (u,
            ours), method ("PCP", "NAT-PMP", "UPnP"), external (s, empty where the router does not say)),
            verdicts (aa{sv}, what servers of AutoNAT said of an address after they had dialed it: address,
            verdict ("reachable", "unreachable", "unknown"), reason (s), reachable, unreachable (u, how many
            servers said so)), interfaces (aa{sv}: name, addresses (as), up (b)).
        """
        return cast('dict[str, Any]', self._call("GET", "/v1/network", {}, {}))

    def create_invite(self, options: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """Makes a code by which one other device may join. It works once, and dies after three wrong
        guesses. Whoever sees the code can join: keep it to whom it is for.

        options: What is left out has its default. name (s): what this device is called to the other; services
            (as): the other becomes a guest who may use these alone, and sees no others (all that authorized
            peers may use); grant_time (x, seconds): how long it may, from the pairing on (for ever); ttl (x,
            seconds, up to 30 days): how long the code works (ten minutes); leave (b): leave a sealed copy
            with the relays of this device, so that it may be away meanwhile; original (b): the weaker kind
            that the original's "join" takes. Unknown options are refused.
        invite: As one of ListInvites.
        """
        return cast('dict[str, Any]', self._call("POST", "/v1/invites", {}, {"options": options}))

    def cancel_invite(self, number: int) -> None:
        """Nobody can join by it any longer.

        number: Of the invite.
        """
        self._call("DELETE", "/v1/invites/{number}", {"number": number}, {})

    def list_invites(self) -> list[dict[str, Any]]:
        """The invites that are open, and those that ended lately. Empty while the engine is stopped.

        invites: One dictionary an invite: number (u), state ("open", "claimed": somebody has proven to know
            the code and is being paired, "used", "expired", "cancelled", "dead": too many wrong guesses),
            code, link, spoken (s, the same invite in three forms, for people; empty where there is none, and
            once it is not open), expires_at (x, seconds since 1970), relays (u, how many know it), guesses
            (u, wrong ones so far), weak (b, the original's kind), left (b, a sealed copy waits with relays),
            peer_id, peer_name (s, who has joined, or is about to; empty for nobody).
        """
        return cast('list[dict[str, Any]]', self._call("GET", "/v1/invites", {}, {}))

    def create_group(self, options: Mapping[str, Any] | None = None) -> CreateGroupResult:
        """Makes a group at this relay. Who joins by one of its codes may use the relay, and the relay
        introduces the members to each other: they believe it, so let people compare the verification
        codes. A code works once.

        options: What is left out has its default. count (x, up to 100): how many codes (one); ttl (x,
            seconds, up to 30 days): how long they work (an hour); expires (x, seconds): how long whoever
            joins stays authorized at the relay (for ever); network (s): the namespace of the codes (the
            configuration's). Unknown options are refused.
        id: Of the group: eight of 0-9 and a-f.
        codes: One for each device that is to join.
        """
        result = self._call("POST", "/v1/groups", {}, {"options": options})
        return CreateGroupResult(**{name: result[name] for name in CreateGroupResult._fields})

    def revoke_group(self, id: str) -> None:
        """Nobody can join it any longer. Who has joined stays.

        id: Of the group.
        """
        self._call("DELETE", "/v1/groups/{id}", {"id": id}, {})

    def list_groups(self) -> list[dict[str, Any]]:
        """The groups that this relay keeps, and those that this device has joined. Empty while the engine
        is stopped.

        groups: One dictionary a group: id, relay_id (s, a peer ID; empty while it is not known), ours (b,
            this device is its relay), members (aa{sv}: peer_id, name (s), and where it is known joined_at (x,
            seconds since 1970)); of ours, too: network (s, empty for the common one), codes, used (u), and
            expires_at (x, seconds since 1970; left out once the codes work no longer).
        """
        return cast('list[dict[str, Any]]', self._call("GET", "/v1/groups", {}, {}))

    def join(self, code: str, options: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """Pairs this device with the one that has made the code. JoinProgress tells what it is about.
        Errors: Malformed (mistyped, the text says where), Crypto (a wrong code, or somebody in
        between), Gated (used, expired or refused), Unreachable, Exists (paired already), Config (of
        another network, or of this very device). Ends when its caller leaves, unless it has come to
        saving, which is completed.

        code: In any form: long, spoken, a link, or of the original; with any spaces, dashes and line breaks.
        options: name (s): what this device is called to the other; services (as): what the other may use here
            (all that authorized peers may, if it gives as much; else nothing); wait (b): if the other device
            is away, wait for it until the code is over. Unknown options are refused.
        pairing: peer_id, name (s, what it is called from now on), kind ("code", "spoken", "left", "original",
            "relay"), state ("complete"; "committed" or "prepared" as in ListPairings where the rest comes
            later), guest (b, the other lets this device use services alone), services (as, which), until (x,
            seconds since 1970; left out: for ever).
        """
        return cast('dict[str, Any]', self._call("POST", "/v1/pairings", {}, {"code": code, "options": options}))

    def list_pairings(self) -> list[dict[str, Any]]:
        """The pairings of which it is not known that both sides have them. Such a one is completed by
        itself when the two meet. Empty while the engine is stopped.

        pairings: One dictionary a pairing: peer_id, name (s, empty if it has none), inviter (b, this device
            made the code), kind (s, as Join's), state ("prepared": it may be that the other has authorized
            this device, "committed": this device has authorized the other, which may not know), at (x,
            seconds since 1970), advice (s, what a person can do).
        """
        return cast('list[dict[str, Any]]', self._call("GET", "/v1/pairings", {}, {}))

    def undo_pairing(self, peer: str) -> None:
        """Takes a pairing back on this device, a half one or a whole: authorization, name, grants.

        peer: Whom.
        """
        self._call("DELETE", "/v1/pairings/{peer}", {"peer": peer}, {})

    def get_verification(self, peer: str) -> dict[str, Any]:
        """What two people compare to be sure that their devices have paired with each other.

        peer: Whom, authorized.
        verification: A dictionary: peer_id, name (s), emoji, digits (s, to compare with those that the other
            device shows: equal ones say that each has the right peer ID of the other), verified (b,
            SetVerified was said of these very strings), and for a peer that was paired by a code of this
            program transcript_emoji, transcript_digits (s, the same, and equal ones say that nobody was in
            between, either).
        """
        return cast('dict[str, Any]', self._call("GET", "/v1/peers/{peer}/verification", {"peer": peer}, {}))

    def set_verified(self, peer: str, verified: bool) -> None:
        """Notes whether two people have compared what GetVerification shows.

        peer: Whom, authorized.
        verified: A person has compared the strings, and they are equal; FALSE takes that back.
        """
        self._call("PUT", "/v1/peers/{peer}/verification", {"peer": peer}, {"verified": verified})

    def list_prompts(self) -> list[dict[str, Any]]:
        """What the engine asks a person, the oldest first. "verify" is asked after each pairing, and until
        the peer is verified or gone; "access" only while somebody watches who shows it to a person
        (WatchPrompts): a peer then waits for a minute for a service that it is not on the list of, or
        whose grant has ended. Nothing of it outlives the engine.

        prompts: One dictionary a question: number (u, for AnswerPrompt), kind (s: "verify": do these strings
            match on both devices? "access": may that peer use this service?), peer_id, name (s, empty where
            the configuration has none), answers (as, what AnswerPrompt takes: "match" and "differ", or
            "allow" and "deny"; and "later" always), expires_at (x, seconds since 1970 when nobody waits for
            the answer any longer; 0: it waits); of "access": service (s, what the peer asks for); of
            "verify": emoji, digits (s, what to compare, as in GetVerification: of the pairing where there are
            such, so that equal ones say that nobody was in between).
        """
        return cast('list[dict[str, Any]]', self._call("GET", "/v1/prompts", {}, {}))

    def answer_prompt(self, number: int, answer: str) -> None:
        """Answers a question. "match" notes that the peer is verified, as SetVerified; "differ" takes the
        pairing back, as UndoPairing; "allow" grants the service to the peer for an hour, as AddGrant,
        and what waits goes on; after "deny", "later" and none in time the same is not asked again for
        ten minutes. "later" to "verify" ends the question, and nothing else. NotFound if it is over;
        Malformed if it has no such answer; and the errors of those calls, and the question stays.

        number: Of the question.
        answer: One of its answers.
        """
        self._call("POST", "/v1/prompts/{number}/answer", {"number": number}, {"answer": answer})

    def watch_prompts(self) -> None:
        """The caller shows questions to a person from now on, until it disconnects from the engine; over
        HTTP, where a caller is one request, for two minutes from this call. While nobody does, "access"
        is not asked, and peers are refused at once.
        """
        self._call("POST", "/v1/prompts/watch", {}, {})

    def add_forward(self, peer: str, service: str, listen: str, options: Mapping[str, Any] | None = None) -> AddForwardResult:
        """Makes a service of a peer a local TCP port. The forward ends when its caller disconnects from
        the engine, unless it is to be kept; over HTTP, where a caller is one request, it is kept unless
        keep is false.

        peer: Whose service.
        service: Its name.
        listen: "PORT" (on loopback) or "HOST:PORT" with an IP address or "localhost"; port 0 for any.
        options: "any-address" (b): allow a host other than loopback, so that other machines can use the port.
            "keep" (b): let it outlive its caller. Unknown options are refused.
        id: Names the forward in ListForwards and RemoveForward.
        address: Where it listens, "HOST:PORT".
        """
        result = self._call("POST", "/v1/forwards", {}, {"peer": peer, "service": service, "listen": listen, "options": options})
        return AddForwardResult(**{name: result[name] for name in AddForwardResult._fields})

    def remove_forward(self, id: str) -> None:
        """Stops listening and cuts what the forward carries.

        id: As AddForward gave it.
        """
        self._call("DELETE", "/v1/forwards/{id}", {"id": id}, {})

    def connect(self, peer: str) -> ConnectResult:
        """Connects to a peer, unless it is connected already. Nothing keeps the connection but what uses
        it: without streams it may end after a while. Errors: NotFound, Unreachable, WrongPeer, Gated,
        Timeout.

        peer: Whom.
        peer_id: The peer's ID, in base58.
        path: "direct" or "relayed".
        """
        result = self._call("POST", "/v1/peers/{peer}/connect", {"peer": peer}, {})
        return ConnectResult(**{name: result[name] for name in ConnectResult._fields})

    def disconnect(self, peer: str) -> None:
        """Ends all connections to a peer, with every stream on them. What needs the peer may connect anew,
        and so may the peer. NotFound if there is no connection.

        peer: Whom.
        """
        self._call("POST", "/v1/peers/{peer}/disconnect", {"peer": peer}, {})

    def expose(self, name: str, address: str, options: Mapping[str, Any] | None = None) -> None:
        """Offers a local port to peers at once. It is not written to the configuration, and ends with the
        engine or by Unexpose. Exists if the configuration or an earlier Expose has a service of that
        name.

        name: How peers ask for the service: letters, digits and dashes, as in the configuration.
        address: Where it is here, "HOST:PORT".
        options: allowed (as): peers who may use it, and no others (all that are authorized); kind (s) and
            tags (as): what peers are told of it, as in the configuration. Unknown options are refused.
        """
        self._call("POST", "/v1/engine/services", {}, {"name": name, "address": address, "options": options})

    def unexpose(self, name: str) -> None:
        """Ends a service that Expose has made, and cuts its streams. NotFound if there is none of that
        name; Denied if it is one of the configuration: EnableService switches that off.

        name: Of the service.
        """
        self._call("DELETE", "/v1/engine/services/{name}", {"name": name}, {})

    def enable_service(self, name: str, enabled: bool) -> None:
        """Switches a service on or off. It is written to the configuration, and in force when this
        returns; switching off cuts its streams.

        name: Of a service of the configuration.
        enabled: Whether peers may use it.
        """
        self._call("PUT", "/v1/engine/services/{name}", {"name": name}, {"enabled": enabled})

    def add_service(self, name: str, address: str, options: Mapping[str, Any] | None = None) -> None:
        """Adds a service to the configuration, whose comments stay. It is in force when this returns.
        Exists if there is one of that name.

        name: How peers ask for it: 1 to 63 of a-z, 0-9 and dashes.
        address: Where it is here, "HOST:PORT".
        options: kind (s) and tags (as): what peers are told of it; allowed (as): peers who may use it, and no
            others (all that are authorized; an empty list says the same); restricted (b): an empty list is
            nobody, then, but for grants (false); enabled (b): whether it is offered (true). Unknown options
            are refused.
        """
        self._call("POST", "/v1/services", {}, {"name": name, "address": address, "options": options})

    def change_service(self, name: str, options: Mapping[str, Any] | None = None) -> None:
        """Changes a service of the configuration, all of it or nothing. It is in force when this returns;
        streams that are open go on, but those of peers who may use it no longer, and all of a service
        that is renamed. NotFound if there is none; Exists if the new name is taken; Denied for one that
        Expose has made.

        name: Of a service of the configuration.
        options: What is to change: name (s): another one, with which it is a new service to peers, so that
            grants, which are of names, stay behind; address, kind (s), tags, allowed (as) and restricted (b),
            as in AddService, where an empty text or list is none. Unknown options are refused.
        """
        self._call("PUT", "/v1/services/{name}", {"name": name}, {"options": options})

    def remove_service(self, name: str) -> None:
        """Takes a service out of the configuration, with what is said of it there, and cuts its streams.
        NotFound if there is none; Denied for one that Expose has made.

        name: Of a service of the configuration.
        """
        self._call("DELETE", "/v1/services/{name}", {"name": name}, {})

    def list_authorized(self) -> list[dict[str, Any]]:
        """The peers that authorized_keys lists, connected or not. A file that cannot be read is an error,
        and lets nobody in.

        peers: One dictionary a peer: peer_id, name (s, empty where the configuration has none), comment (s),
            verified (b), guest (b, who may use what is granted alone), ended (b, its time is over), pairing
            (s: "complete", or "prepared" or "committed" as in ListPairings while the other side may not
            know), is_relay (b, this device uses it as a relay), state (s: "disconnected", "connecting",
            "connected"), searching (b, a direct path is looked for now), explanation (s, by which path it is
            reached, why by none better, and what would help), last_seen_at (x, seconds since 1970 when it was
            connected last, and of one that is, since when; 0: never; kept over restarts); and where there is
            one: fingerprint (s, of what was compared when it was verified), group (s), expires_at (x, seconds
            since 1970), services (aa{sv}, as in ListPeers), and of the connection that is used: path (s:
            "direct" or "relayed"), punched (b), silent (b, it gives no sign of life; where no other does,
            state is "connecting"), relay_id, relay_name (s, of the relay it goes through), rtt_us (x, once it
            is known), bytes_received and bytes_sent (t, over all connections that are open).
        """
        return cast('list[dict[str, Any]]', self._call("GET", "/v1/authorized", {}, {}))

    def authorize(self, peer: str, options: Mapping[str, Any] | None = None) -> None:
        """Lets a peer in. It is written to authorized_keys, whose comments stay, and in force when this
        returns. Exists if it is listed already.

        peer: Whom: a peer ID, or a name of the configuration.
        options: comment (s): what is noted of it; expires (x, seconds since 1970): when this ends (never);
            name (s): what to call it in the configuration. Unknown options are refused.
        """
        self._call("POST", "/v1/authorized", {}, {"peer": peer, "options": options})

    def deauthorize(self, peer: str) -> None:
        """Takes a peer out of authorized_keys, and its grants with it; its connections end at once.
        NotFound if it is not listed.

        peer: Whom.
        """
        self._call("DELETE", "/v1/authorized/{peer}", {"peer": peer}, {})

    def set_name(self, name: str, peer: str) -> None:
        """Gives a peer a name in the configuration. A name that means another peer is given to this one.

        name: What to call it.
        peer: Whom: a peer ID; empty to forget the name.
        """
        self._call("PUT", "/v1/names/{name}", {"name": name}, {"peer": peer})

    def add_relay(self, address: str) -> None:
        """Adds a relay to the configuration and uses it at once. Exists if it is there already.

        address: A multiaddr that ends in /p2p/ID.
        """
        self._call("POST", "/v1/relays", {}, {"address": address})

    def remove_relay(self, address: str) -> None:
        """Takes a relay out of the configuration. What goes through it ends. NotFound if there is none.

        address: One of the configuration's addresses of relays, or a peer ID for all of that relay's.
        """
        self._call("DELETE", "/v1/relays/{address}", {"address": address}, {})

    def get_config(self) -> GetConfigResult:
        """The configuration.

        text: The configuration file as it is on disk, with its comments.
        path: Where it is.
        """
        result = self._call("GET", "/v1/config", {}, {})
        return GetConfigResult(**{name: result[name] for name in GetConfigResult._fields})

    def check_config(self, text: str) -> list[str]:
        """Reads a configuration and changes nothing.

        text: A configuration.
        problems: What is wrong with it, one sentence each, with the line; empty if it could be applied.
        """
        return cast('list[str]', self._call("POST", "/v1/config/check", {}, {"text": text}))

    def apply_config(self, text: str, options: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """Checks a configuration, writes it, and takes it into use; tunnels that it does not concern go
        on. The one before is archived. Config with all that is wrong with it; Exists while another one
        is pending.

        text: A configuration, whole.
        options: confirm_timeout (x, seconds): unless ConfirmConfig is called in that time, what was there
            before comes back, also after a crash or a restart (0: it is confirmed at once); cause (s): why,
            for ListConfigs. Unknown options are refused.
        result: A dictionary: changed (b, it is another one than before), pending (b, it waits for
            ConfirmConfig), deadline (x, seconds since 1970, where it does), and restart (as, keys that are in
            force at the next start alone).
        """
        return cast('dict[str, Any]', self._call("PUT", "/v1/config", {}, {"text": text, "options": options}))

    def confirm_config(self) -> None:
        """Keeps the configuration that is pending. NotFound if none is."""
        self._call("POST", "/v1/config/confirm", {}, {})

    def rollback_config(self, number: int) -> dict[str, Any]:
        """Goes back to an archived configuration, or takes back the one that is pending. NotFound if there
        is none of that number.

        number: Of ListConfigs; 0 for what was there before the last change, or before the one that is
            pending.
        result: As ApplyConfig's.
        """
        return cast('dict[str, Any]', self._call("POST", "/v1/config/rollback", {}, {"number": number}))

    def diff_config(self, number: int) -> str:
        """How a configuration differs from the one in use.

        number: Of ListConfigs; 0 for the last.
        diff: In the unified form, from the archived one to the one in use; empty if they are the same.
        """
        return cast('str', self._call("GET", "/v1/config/diff", {}, {"number": number}))

    def set_config_value(self, key: str, value: str) -> None:
        """Changes one value of the configuration, whose comments stay, and archives the one before. It is
        in force when this returns, but for the few keys that need a restart. NotFound for a key that
        there is not; Malformed for a section or a list, and a value that is no such thing; Denied for
        where a secret key is; Config where the whole would not be valid; Exists while a configuration
        waits to be confirmed.

        key: With all that it stands in, as "relay.serve".
        value: As it is written in the file, without quotes; empty to take the key out, so that its default
            holds.
        """
        self._call("PUT", "/v1/config/values/{key}", {"key": key}, {"value": value})

    def list_configs(self) -> list[dict[str, Any]]:
        """The configurations that were good and are archived.

        configs: One dictionary a configuration, the latest first: number (u, 0 for the one in use, 1 for the
            one before it), at (x, seconds since 1970), who (s: "command", "dbus", "http", "file" for an edit
            by hand, "daemon" for a start), cause (s, why), bytes (t), and hash (s, SHA-256 of its text).
        """
        return cast('list[dict[str, Any]]', self._call("GET", "/v1/configs", {}, {}))

    def get_identity(self) -> dict[str, Any]:
        """Who this device is, and where its private key is or could be. Looks for a login keyring, and
        unlocks none.

        identity: A dictionary: peer_id (s), store (s, as IdentityStore), key_file (s, where the key is unless
            it is in the keyring), keyring ("ready", "locked", or "none" where there is none that could have
            it), and keyring_text (s, why there is none; empty otherwise).
        """
        return cast('dict[str, Any]', self._call("GET", "/v1/identity", {}, {}))

    def move_identity(self, store: str) -> dict[str, Any]:
        """Moves the private key to the desktop's login keyring, or back to its file. It is at the new
        place, read back and compared, before it is taken from the old one, and a crash in between loses
        nothing. A person may be asked to unlock the keyring, which may take minutes. Denied if that was
        refused; Unreachable where there is no keyring; Exists where something else is at the new place,
        while another move is under way, and while a configuration waits to be confirmed. The key is
        where it was then.

        store: Where to: "file" or "keyring".
        result: A dictionary: changed (b, it was elsewhere before), and left (s, what could not be cleared
            away yet at its old place, which the next start tries again; empty if nothing).
        """
        return cast('dict[str, Any]', self._call("PUT", "/v1/identity/store", {}, {"store": store}))

    def set_log_levels(self, levels: Mapping[str, str]) -> None:
        """What the program writes to its log from now on, until it ends.

        levels: A level for each domain that changes: "error", "warning", "message", "info" or "debug"; the
            domain "*" is every one without its own, and an empty level takes a domain's own back.
        """
        self._call("PUT", "/v1/log/levels", {}, {"levels": levels})

    def get_log_levels(self) -> dict[str, str]:
        """What the program writes to its log.

        levels: The level of each domain that has its own, and of "*".
        """
        return cast('dict[str, str]', self._call("GET", "/v1/log/levels", {}, {}))

    def stop(self) -> None:
        """Ends the engine and the program that runs it: nothing new is taken, and open streams get 5
        seconds to end. Returns before that.
        """
        self._call("POST", "/v1/engine/stop", {}, {})
