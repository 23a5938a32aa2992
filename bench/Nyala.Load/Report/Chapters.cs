namespace Nyala.Load.Report;

/// <summary>How a target is meant.</summary>
enum Bound
{
    /// <summary>At most so much.</summary>
    AtMost,

    /// <summary>At least so much.</summary>
    AtLeast,

    /// <summary>At most so much of what the better peer needs.</summary>
    OfPeer,

    /// <summary>At most so much of what another run of ours needs.</summary>
    OfOwn,
}

/// <summary>What a number is to be.</summary>
/// <param name="Measurement">Which number of the run.</param>
/// <param name="Other">For <see cref="Bound.OfOwn"/>: the name of the run to compare with.</param>
sealed record Target(string Measurement, Bound Bound, double Value, string? Other = null)
{
    /// <summary>What the numbers are held against: the target's own value, or a part of somebody else's.</summary>
    public double? Of(double? peer, double? own) => Bound switch
    {
        Bound.OfPeer => peer * Value,
        Bound.OfOwn => own * Value,
        _ => Value,
    };
}

/// <summary>Runs of one name: what they show, and what is wanted of them.</summary>
/// <param name="Name">As bench/compare names it.</param>
/// <param name="Text">What is done, in a sentence or two.</param>
sealed record Chapter(string Name, string Title, string Text, params Target[] Targets);

/// <summary>Everything that bench/compare measures, in the order of the page.</summary>
static class Chapters
{
    const int KiB = 1024;

    const string PerMessage = "server CPU per message";
    const string PerConnection = "PSS per connection";
    const string PerLogin = "server CPU per login";
    const string Untouched = "untouched p99, during ÷ before";

    public static IReadOnlyList<Chapter> All { get; } =
    [
        new("chat-closed", "Chat, as fast as it goes",
            "20 pairs, each with one message under way; every message archived for both sides and its acknowledgement asked for.",
            new Target(PerMessage, Bound.OfPeer, 0.1)),
        new("chat-quiet", "Chat at a quiet 200 messages a second",
            "The same pairs by the clock, the same load for every server. Waking up dominates here, for us also a commit for each message.",
            new Target(PerMessage, Bound.OfPeer, 0.4)),
        new("idle-2k", "2,000 idle connections", "Logged in, with presence and stream management; what each of the last nine tenths adds, once memory has settled.",
            new Target(PerConnection, Bound.AtMost, 9 * KiB)),
        new("idle-2k-tls", "2,000 idle connections with TLS", "The same with TLS 1.3.",
            new Target(PerConnection, Bound.AtMost, 39 * KiB)),
        new("idle-19k", "19,000 idle connections", "As many as 20,000 descriptors per process allow.",
            new Target(PerConnection, Bound.AtMost, 9 * KiB)),
        new("idle-19k-tls", "19,000 idle connections with TLS", "The same with TLS 1.3.",
            new Target(PerConnection, Bound.AtMost, 39 * KiB)),
        new("login", "Login storm", "1,000 logins at the same moment: SCRAM-SHA-256, bind, stream management, roster, carbons.",
            new Target(PerLogin, Bound.AtMost, 500)),
        new("login-tls", "Login storm with TLS", "The same, each with a full TLS 1.3 handshake, ECDSA P-256.",
            new Target(PerLogin, Bound.AtMost, 1500)),
        new("login-fast", "Login storm with tokens", "SASL2, Bind 2 and a FAST token (XEP-0484): one round trip. The peers' packages do not speak FAST.",
            new Target(PerLogin, Bound.AtMost, 300)),
        new("login-fast-tls", "Login storm with tokens and TLS", "The same, each with a full TLS handshake."),
        new("reconnect", "Reconnect storm",
            "1,000 sockets are cut at once; all come back at once, and each counts as back when a message went through it. 10 other pairs talk all the while, from a process of their own.",
            new Target("server CPU per returned session", Bound.OfPeer, 0.2),
            new Target("all back after", Bound.OfPeer, 1.0 / 3),
            new Target(Untouched, Bound.AtMost, 3),
            new Target("second tries", Bound.AtMost, 0)),
        new("sign-up", "Sign-up surge, in-band", "New accounts by XEP-0077 as fast as the server makes them, while 10 pairs talk: the server derives the keys.",
            new Target(Untouched, Bound.AtMost, 3)),
        new("sign-up-http", "Sign-up surge, through HTTP",
            "The same through POST /register with keys that each client derived itself: the server never sees the password. As fast as it goes: server and generator share two cores and leave nothing to those who talk.",
            new Target("accounts/s", Bound.AtLeast, 1000)),
        new("sign-up-http-1000", "Sign-up surge, 1,000 a second through HTTP", "The same by the clock: ten times what broke Telegram in 2014, while 10 pairs talk.",
            new Target(Untouched, Bound.AtMost, 3)),
        new("offline", "Offline backlog", "Messages for people who are away, then all of them come. Fetching includes their logins.",
            new Target("storing: server CPU per stored message", Bound.OfPeer, 0.125),
            new Target("fetching: server CPU per fetched message", Bound.OfPeer, 0.125)),
        new("offline-million", "Offline backlog of a million", "1,000,000 messages for 10,000 people. Nyala alone: the peers would need hours for a round.",
            new Target("lost, doubled or out of order", Bound.AtMost, 0)),
        new("room-1k", "A room of 1,000",
            "One talks, each message once the last was heard, and everybody else listens; each is archived once. A delivery is one message to one occupant.",
            new Target("server CPU per delivery", Bound.AtMost, 12)),
        new("room-join-300", "Entering a room of 300",
            "One more person enters and leaves again and again: it sees everybody, and everybody sees it come and go.",
            new Target("server CPU per entry and exit", Bound.AtMost, 4_000)),
        new("work-1k", "Chat beside 1,000 who are online", "The closed loop, with so many others logged in."),
        new("work-5k", "Chat beside 5,000 who are online", "", new Target(PerMessage, Bound.OfOwn, 1.25, "work-1k")),
        new("work-19k", "Chat beside 19,000 who are online", "", new Target(PerMessage, Bound.OfOwn, 1.25, "work-1k")),
        new("archive-0", "Chat with an empty archive", "The closed loop again, for comparison with the next two."),
        new("archive-1m", "Chat with 1,000,000 archived messages",
            "The archive was filled offline by Nyala.Load archive: copies of rows that the server itself wrote, each with a position, time and fingerprint of its own.",
            new Target(PerMessage, Bound.OfOwn, 1.25, "archive-0")),
        new("archive-50m", "Chat with 50,000,000 archived messages", "", new Target(PerMessage, Bound.OfOwn, 1.25, "archive-0")),
        new("memory", "Memory over time",
            "600 people: some chat, some are silent, the rest comes, reads the archive, is written to while away, and goes, a quarter without a word. The first third of the time is warm-up; growth is from the median of the second third to that of the last.",
            new Target("growth after warm-up", Bound.AtMost, 3)),
    ];

    /// <summary>The numbers that the plots show, by plot: title, run, measurement.</summary>
    public static IReadOnlyList<(string File, (string Title, string Name, string Measurement)[] Panels)> Plots { get; } =
    [
        ("bench-overview.svg",
        [
            ("CPU per chat message", "chat-closed", PerMessage),
            ("CPU per message at 200/s", "chat-quiet", PerMessage),
            ("Memory per idle connection", "idle-2k", PerConnection),
            ("CPU per login", "login", PerLogin),
            ("CPU per login with TLS", "login-tls", PerLogin),
            ("1,000 cut clients back after", "reconnect", "all back after"),
        ]),
        ("bench-latency.svg",
        [
            ("Half of all messages within, at 200/s", "chat-quiet", "latency p50"),
            ("99 of 100 messages within, at 200/s", "chat-quiet", "latency p99"),
            ("99 of 100 during a reconnect storm", "reconnect", "untouched during p99"),
        ]),
        ("bench-connections.svg",
        [
            ("2,000 connections, plain", "idle-2k", PerConnection),
            ("2,000 connections, TLS", "idle-2k-tls", PerConnection),
            ("19,000 connections, plain", "idle-19k", PerConnection),
            ("19,000 connections, TLS", "idle-19k-tls", PerConnection),
        ]),
        ("bench-offline.svg",
        [
            ("CPU per message stored for later", "offline", "storing: server CPU per stored message"),
            ("CPU per message fetched later", "offline", "fetching: server CPU per fetched message"),
        ]),
    ];
}
