namespace Nyala.Core;

public enum RegistrationMode
{
    /// <summary>An account needs an invite.</summary>
    Invite,

    /// <summary>Anybody may create an account in-band.</summary>
    Open,

    /// <summary>Only the administrator creates accounts.</summary>
    Closed,
}

/// <summary>What the server needs to know; validated by whoever builds it (the host's configuration).</summary>
public sealed record ServerOptions
{
    /// <summary>The XMPP domain, prepared.</summary>
    public required string Domain { get; init; }

    public RegistrationMode Registration { get; init; } = RegistrationMode.Invite;

    /// <summary>Clients must use TLS before they authenticate.</summary>
    public bool TlsRequired { get; init; } = true;

    /// <summary>PBKDF2 rounds for new passwords.</summary>
    public int ScramIterations { get; init; } = 10_000;

    /// <summary>The public base of web addresses, without a slash at the end, such as https://chat.example.org.</summary>
    public required string WebAddress { get; init; }

    public Limits Limits { get; init; } = new();
}

/// <summary>Every bound, with its default. The configuration key is <c>Limits:</c> and the name.</summary>
public sealed record Limits
{
    /// <summary>The largest stanza in bytes after authentication (announced by XEP-0478); at least 262,144 (R14).</summary>
    public int StanzaBytes { get; init; } = 524_288;

    /// <summary>The largest element before authentication, in bytes.</summary>
    public int StanzaBytesBeforeAuthentication { get; init; } = 65_536;

    /// <summary>How deep elements may nest.</summary>
    public int Depth { get; init; } = 64;

    /// <summary>How many attributes a tag may have.</summary>
    public int Attributes { get; init; } = 64;

    /// <summary>All bytes a connection may send before it has authenticated.</summary>
    public int BytesBeforeAuthentication { get; init; } = 131_072;

    /// <summary>How long a connection may take to authenticate and bind.</summary>
    public TimeSpan TimeBeforeAuthentication { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>How long a TLS handshake may take, waiting for admission not counted.</summary>
    public TimeSpan HandshakeTime { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>Bytes per second a session may send on average; more slows the reading down.</summary>
    public int BytesPerSecond { get; init; } = 131_072;

    /// <summary>Bytes a session may send at once above the average.</summary>
    public int BytesBurst { get; init; } = 1_048_576;

    /// <summary>Unauthenticated connections per address (loopback is exempt).</summary>
    public int UnauthenticatedPerAddress { get; init; } = 50;

    /// <summary>Connections to all web listeners at the same time, WebSockets not counted; more are closed at once.</summary>
    public int WebConnections { get; init; } = 4_000;

    /// <summary>Failed logins per account and address before back-off begins.</summary>
    public int FailedLogins { get; init; } = 5;

    /// <summary>TLS handshakes at the same time; more wait.</summary>
    public int ConcurrentHandshakes { get; init; } = Math.Max(4, Environment.ProcessorCount * 4);

    /// <summary>Logins at the same time; more wait.</summary>
    public int ConcurrentLogins { get; init; } = Math.Max(8, Environment.ProcessorCount * 8);

    /// <summary>How long a connection waits for admission before it is closed, before TLS (R14).</summary>
    public TimeSpan AdmissionTime { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Bytes a session's socket may leave untaken before it falls back to reading the log (DESIGN §3.4).</summary>
    public int OutboundBytes { get; init; } = 262_144;

    /// <summary>Sent stanzas a session keeps until the client acknowledges them.</summary>
    public int UnacknowledgedStanzas { get; init; } = 1_000;

    /// <summary>Bytes of sent stanzas a session keeps until the client acknowledges them.</summary>
    public int UnacknowledgedBytes { get; init; } = 1_048_576;

    /// <summary>Resources one account may have bound.</summary>
    public int ResourcesPerAccount { get; init; } = 20;

    /// <summary>How long a session may hibernate before it ends.</summary>
    public TimeSpan ResumptionTime { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>A silent connection is probed after this time (R10).</summary>
    public TimeSpan ProbeAfter { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>How long a probed connection may stay silent before it hibernates.</summary>
    public TimeSpan ProbeAnswer { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Contacts an account may have.</summary>
    public int RosterItems { get; init; } = 2_000;

    /// <summary>Addresses an account may block.</summary>
    public int BlockedAddresses { get; init; } = 2_000;

    /// <summary>Bytes of one vCard or private document.</summary>
    public int DocumentBytes { get; init; } = 131_072;

    /// <summary>Private documents an account may keep.</summary>
    public int Documents { get; init; } = 200;

    /// <summary>Rows in one page of an archive query.</summary>
    public int ArchivePage { get; init; } = 250;

    /// <summary>Accounts created in-band per address and hour.</summary>
    public int RegistrationsPerAddress { get; init; } = 5;

    /// <summary>Per-address and per-account rate limits hold (off: for load tools, loopback listeners only).</summary>
    public bool RateLimits { get; init; } = true;
}
