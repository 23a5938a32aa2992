using Nyala.Core.Components;
using System.Security.Cryptography.X509Certificates;

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

    public RoomOptions Rooms { get; init; } = new();

    public UploadOptions Uploads { get; init; } = new();

    public PushOptions Push { get; init; } = new();

    public TurnOptions Turn { get; init; } = new();

    public GuestOptions Guests { get; init; } = new();

    /// <summary>The domain of the directory of people, prepared; null for <c>users.</c> and the server's, empty for none.</summary>
    public string? SearchHost { get; init; }

    public PublicInformation Information { get; init; } = new();

    /// <summary>External components that may connect.</summary>
    public IReadOnlyList<ComponentOptions> Components { get; init; } = [];

    public Limits Limits { get; init; } = new();
}

/// <summary>Who may make rooms (XEP-0045 §10.1).</summary>
public enum RoomCreation
{
    /// <summary>Every account of this server.</summary>
    Accounts,

    /// <summary>Administrators only.</summary>
    Admins,
}

/// <summary>The service for groups.</summary>
public sealed record RoomOptions
{
    /// <summary>Its domain, prepared; null for <c>rooms.</c> and the server's, empty for none.</summary>
    public string? Host { get; init; }

    public RoomCreation Creation { get; init; } = RoomCreation.Accounts;
}

/// <summary>The service for files.</summary>
public sealed record UploadOptions
{
    /// <summary>Its domain, prepared; null for <c>upload.</c> and the server's, empty for none.</summary>
    public string? Host { get; init; }

    /// <summary>The base of the addresses of files, without a slash at the end; null for that of all web addresses.</summary>
    public string? Address { get; init; }

    /// <summary>Bytes of the largest file.</summary>
    public long MaxBytes { get; init; } = 100L << 20;

    /// <summary>Bytes of all files that an account keeps.</summary>
    public long Quota { get; init; } = 1L << 30;

    /// <summary>Bytes of all files that an account keeps for its profile (avatars); the newest stay.</summary>
    public long ProfileQuota { get; init; } = 10L << 20;

    /// <summary>How long files are kept, those of profiles excepted; null: for ever.</summary>
    public TimeSpan? Expiry { get; init; } = TimeSpan.FromDays(30);

    /// <summary>How long after it was asked for an upload may begin.</summary>
    public TimeSpan SlotTime { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>Bytes of the disk that uploads leave free, because messages need them.</summary>
    public long KeepFree { get; init; } = 512L << 20;

    /// <summary>Which other servers' files the web app may fetch through this one.</summary>
    public ForeignFiles Foreign { get; init; } = ForeignFiles.Public;

    public bool IsOff => Host is { Length: 0 };
}

/// <summary>Whose files this server fetches for its web app.</summary>
public enum ForeignFiles
{
    /// <summary>Nobody's.</summary>
    Off,

    /// <summary>Those of servers with public addresses.</summary>
    Public,

    /// <summary>Also those at private and loopback addresses.</summary>
    Any,
}

/// <summary>How sleeping devices are woken.</summary>
public sealed record PushOptions
{
    /// <summary>How long a device that may be there has to acknowledge a message before it is woken.</summary>
    public TimeSpan Delay { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>The least time between two notifications of one chat to one device; calls do not wait.</summary>
    public TimeSpan Spacing { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>A message older than this wakes nobody any more.</summary>
    public TimeSpan GiveUpAfter { get; init; } = TimeSpan.FromDays(1);

    /// <summary>App servers are told who has written.</summary>
    public bool ShowSender { get; init; }

    /// <summary>What app servers are given as text, because some show nothing without; empty: none. Never what was written.</summary>
    public string Text { get; init; } = "New message";

    /// <summary>In a group for members only that has no more members than this everything concerns everybody; in others a mention does.</summary>
    public int WholeGroups { get; init; } = 50;

    /// <summary>Whom push services of browsers may write to about this server: an address that begins with mailto: or https:.</summary>
    public string Contact { get; init; } = "mailto:postmaster@localhost";

    /// <summary>Push services of browsers may be on private and loopback addresses.</summary>
    public bool AllowPrivate { get; init; }

    /// <summary>Authorities that are trusted for push services of browsers beside those of the system.</summary>
    public X509Certificate2Collection Roots { get; init; } = [];
}

/// <summary>The relay for calls (coturn) that clients are told of.</summary>
public sealed record TurnOptions
{
    /// <summary>Its name or address; empty: there is none.</summary>
    public string Host { get; init; } = "";

    /// <summary>For STUN and TURN, over UDP and TCP.</summary>
    public int Port { get; init; } = 3478;

    /// <summary>For TURN over TLS; 0: none.</summary>
    public int TlsPort { get; init; }

    /// <summary>What is shared with it; empty: one is made and kept.</summary>
    public string Secret { get; init; } = "";

    /// <summary>How long credentials can be used.</summary>
    public TimeSpan Lifetime { get; init; } = TimeSpan.FromHours(12);
}

/// <summary>Whom guests may talk with.</summary>
public enum GuestReach
{
    /// <summary>Only the rooms of this server.</summary>
    Rooms,

    /// <summary>Also the accounts of this server, by messages.</summary>
    Server,

    /// <summary>Other servers too.</summary>
    All,
}

/// <summary>People without an account (XEP-0175).</summary>
public sealed record GuestOptions
{
    /// <summary>Their domain, prepared; empty: nobody is let in without an account.</summary>
    public string Domain { get; init; } = "";

    public GuestReach Reach { get; init; } = GuestReach.Rooms;

    /// <summary>Guests at a time.</summary>
    public int Sessions { get; init; } = 500;

    /// <summary>Guests at a time of one address (loopback is exempt).</summary>
    public int PerAddress { get; init; } = 20;
}

/// <summary>What the operator tells of the service in service discovery.</summary>
public sealed record PublicInformation
{
    /// <summary>Addresses (URIs) by the field they are told in (XEP-0157), such as abuse-addresses.</summary>
    public IReadOnlyDictionary<string, IReadOnlyList<string>> Contacts { get; init; } = new Dictionary<string, IReadOnlyList<string>>();

    /// <summary>Where the state of the service is told while it is out of order (XEP-0455).</summary>
    public IReadOnlyList<string> OutageAddresses { get; init; } = [];

    /// <summary>The terms of service (a URI), or null.</summary>
    public string? Terms { get; init; }

    /// <summary>Who may see people's data, as XEP-0504 names them; empty: not told.</summary>
    public IReadOnlyList<string> Access { get; init; } = [];

    /// <summary>Hours that data is kept, infinite or unknown.</summary>
    public string Retention { get; init; } = "infinite";

    /// <summary>The disk is encrypted.</summary>
    public bool IsEncryptedAtRest { get; init; }

    /// <summary>Hours between backups, or null.</summary>
    public string? BackupFrequency { get; init; }

    /// <summary>Hours that backups are kept, infinite or unknown, or null.</summary>
    public string? BackupRetention { get; init; }

    /// <summary>More for people to read, or null.</summary>
    public string? Remarks { get; init; }
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

    /// <summary>Nodes an account may have (PEP), and nodes it may own at the PubSub service.</summary>
    public int PubSubNodes { get; init; } = 200;

    /// <summary>Items a node may keep; what max means in its configuration.</summary>
    public int PubSubItems { get; init; } = 10_000;

    /// <summary>Bytes of one published item.</summary>
    public int PubSubItemBytes { get; init; } = 262_144;

    /// <summary>Bytes of all items an account keeps (PEP), and of all items in the nodes it owns at the PubSub service.</summary>
    public int PubSubBytes { get; init; } = 16_777_216;

    /// <summary>Subscriptions and affiliations a node may have, each.</summary>
    public int PubSubListEntries { get; init; } = 2_000;

    /// <summary>Items in one page of a node.</summary>
    public int PubSubPage { get; init; } = 250;

    /// <summary>Rows in one page of an archive query.</summary>
    public int ArchivePage { get; init; } = 250;

    /// <summary>Rooms one account may own.</summary>
    public int RoomsPerAccount { get; init; } = 200;

    /// <summary>Occupants of one room; a room's own maximum may be lower.</summary>
    public int OccupantsPerRoom { get; init; } = 2_000;

    /// <summary>Bytes of one message to a room.</summary>
    public int RoomMessageBytes { get; init; } = 262_144;

    /// <summary>Bytes of an occupant's presence.</summary>
    public int RoomPresenceBytes { get; init; } = 16_384;

    /// <summary>Files an account may upload at the same time.</summary>
    public int UploadsPerAccount { get; init; } = 8;

    /// <summary>Ways to be woken that the devices of one account may have registered; those not renewed for the longest time go first.</summary>
    public int PushRegistrations { get; init; } = 20;

    /// <summary>Reports of abuse one account may make in a day; more block all the same and are not kept.</summary>
    public int ReportsPerDay { get; init; } = 20;

    /// <summary>Reports of abuse that wait for an administrator; more are not kept.</summary>
    public int OpenReports { get; init; } = 10_000;

    /// <summary>Searches for people one account may make in an hour.</summary>
    public int SearchesPerHour { get; init; } = 30;

    /// <summary>Accounts created in-band per address and hour.</summary>
    public int RegistrationsPerAddress { get; init; } = 5;

    /// <summary>Per-address and per-account rate limits hold (off: for load tools, loopback listeners only).</summary>
    public bool RateLimits { get; init; } = true;
}
