namespace Nyala.Core.Connections;

/// <summary>
/// What a storm of clients passes through one by one, so that those who are in keep their latency (R14). A place is held
/// only while this server works for the client, never while the client is awaited: idle strangers block nobody.
/// </summary>
public sealed class Admission(Limits limits, TimerWheel wheel)
{
    /// <summary>Held from a client's complete hello to our answer: the costly part of a TLS handshake.</summary>
    public Turnstile Handshakes { get; } = new(limits.ConcurrentHandshakes, wheel);

    /// <summary>Held while credentials are loaded and checked, and while a session is bound or resumed.</summary>
    public Turnstile Logins { get; } = new(limits.ConcurrentLogins, wheel);

    /// <summary>How long anybody waits in one of the lines.</summary>
    public TimeSpan Time => limits.AdmissionTime;

    /// <summary>
    /// The line for logins is so long that a newcomer is better off elsewhere: turned away before TLS rather than after
    /// both sides have paid for it.
    /// </summary>
    public bool IsJammed => Logins.Waiting > limits.ConcurrentLogins * LoginsPerPlace;

    // A login takes some ten milliseconds: this many behind each other are far below the ten seconds of R14 on an idle disk
    // and near them on a slow one.
    const int LoginsPerPlace = 200;
}
