using System.Diagnostics.CodeAnalysis;

namespace Nyala.Xmpp;

/// <summary>
/// An XMPP address (RFC 7622), prepared: comparing two is comparing their characters. Immutable and safe from any thread.
/// </summary>
public sealed class Jid : IEquatable<Jid>
{
    Jid(string? local, string domain, string? resource)
    {
        Local = local;
        Domain = domain;
        Resource = resource;
    }

    /// <summary>The prepared localpart, or null.</summary>
    public string? Local { get; }

    /// <summary>The prepared domainpart.</summary>
    public string Domain { get; }

    /// <summary>The prepared resourcepart, or null.</summary>
    public string? Resource { get; }

    public bool IsBare => Resource is null;

    public bool IsFull => Resource is not null;

    /// <summary>This address without its resource; the same object when it has none.</summary>
    public Jid Bare => throw new NotImplementedException();

    /// <summary>Parses and prepares an address (RFC 7622 §3).</summary>
    public static bool TryParse(ReadOnlySpan<char> text, [NotNullWhen(true)] out Jid? jid) => throw new NotImplementedException();

    /// <summary>The same from UTF-8 bytes; repeated addresses come from a small cache.</summary>
    public static bool TryParse(ReadOnlySpan<byte> utf8, [NotNullWhen(true)] out Jid? jid) => throw new NotImplementedException();

    /// <exception cref="FormatException">The text is not an address.</exception>
    public static Jid Parse(string text) => throw new NotImplementedException();

    /// <summary>An address from parts that are prepared already (from storage, or from another address).</summary>
    public static Jid FromPrepared(string? local, string domain, string? resource = null) => new(local, domain, resource);

    /// <summary>This account with a resource, which is prepared; null when the resource is not valid.</summary>
    public Jid? WithResource(string resource) => throw new NotImplementedException();

    public bool Equals(Jid? other) => throw new NotImplementedException();

    public override bool Equals(object? obj) => Equals(obj as Jid);

    public override int GetHashCode() => throw new NotImplementedException();

    /// <summary>The whole address; made once and kept.</summary>
    public override string ToString() => throw new NotImplementedException();
}
