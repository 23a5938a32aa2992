using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Text;

namespace Nyala.Xmpp;

/// <summary>
/// An XMPP address (RFC 7622), prepared: comparing two is comparing their characters. Immutable and safe from any thread.
/// </summary>
public sealed class Jid : IEquatable<Jid>
{
    const int MaxPartBytes = 1023;
    const int MaxBytes = (3 * MaxPartBytes) + 2;

    // The IdentifierClass has these, RFC 7622 §3.3.1 takes them away; its space is in no identifier anyway.
    static readonly SearchValues<char> NotInLocal = SearchValues.Create("\"&'/:<>@");

    string? _text;
    Jid? _bare;
    int _hash;

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
    public Jid Bare => Resource is null ? this : _bare ??= new Jid(Local, Domain, null);

    /// <summary>Parses and prepares an address (RFC 7622 §3).</summary>
    public static bool TryParse(ReadOnlySpan<char> text, [NotNullWhen(true)] out Jid? jid)
    {
        jid = null;
        if (text.Length > MaxBytes)
        {
            return false;
        }

        // §3.1: the first slash ends the bare address, and only then the first at sign ends the localpart.
        string? resource = null;
        var slash = text.IndexOf('/');
        if (slash >= 0)
        {
            if (!TryResource(text[(slash + 1)..], out resource))
            {
                return false;
            }

            text = text[..slash];
        }

        string? local = null;
        var at = text.IndexOf('@');
        if (at >= 0)
        {
            if (!TryLocal(text[..at], out local))
            {
                return false;
            }

            text = text[(at + 1)..];
        }

        if (!DomainPart.TryPrepare(text, out var domain))
        {
            return false;
        }

        jid = new Jid(local, domain, resource);
        return true;
    }

    /// <summary>The same from UTF-8 bytes; repeated addresses come from a small cache.</summary>
    public static bool TryParse(ReadOnlySpan<byte> utf8, [NotNullWhen(true)] out Jid? jid) => JidCache.TryParse(utf8, out jid);

    /// <exception cref="FormatException">The text is not an address.</exception>
    public static Jid Parse(string text) =>
        TryParse(text, out var jid) ? jid : throw new FormatException($"“{text}” is not an XMPP address.");

    /// <summary>An address from parts that are prepared already (from storage, or from another address).</summary>
    public static Jid FromPrepared(string? local, string domain, string? resource = null) => new(local, domain, resource);

    /// <summary>Prepares what shall be the localpart of an address here: a user name (RFC 7622 §3.3).</summary>
    public static bool TryLocal(ReadOnlySpan<char> text, [NotNullWhen(true)] out string? local) =>
        Precis.TryUsernameCaseMapped(text, out local) && !local.AsSpan().ContainsAny(NotInLocal) && Fits(local);

    /// <summary>Prepares a resourcepart (RFC 7622 §3.4).</summary>
    public static bool TryResource(ReadOnlySpan<char> text, [NotNullWhen(true)] out string? resource) =>
        Precis.TryOpaqueString(text, out resource) && Fits(resource);

    /// <summary>This account with a resource, which is prepared; null when the resource is not valid.</summary>
    public Jid? WithResource(string resource) =>
        TryResource(resource, out var prepared) ? new Jid(Local, Domain, prepared) { _bare = Bare } : null;

    public bool Equals(Jid? other) => ReferenceEquals(this, other)
        || (other is not null && Local == other.Local && Domain == other.Domain && Resource == other.Resource);

    public override bool Equals(object? obj) => Equals(obj as Jid);

    public override int GetHashCode()
    {
        if (_hash == 0)
        {
            _hash = HashCode.Combine(Local, Domain, Resource);
        }

        return _hash;
    }

    /// <summary>The whole address; made once and kept.</summary>
    public override string ToString() => _text ??= (Local, Resource) switch
    {
        (null, null) => Domain,
        (_, null) => $"{Local}@{Domain}",
        (null, _) => $"{Domain}/{Resource}",
        _ => $"{Local}@{Domain}/{Resource}",
    };

    /// <summary>Every part is at most 1,023 bytes of UTF-8 once prepared (RFC 7622 §3.1).</summary>
    internal static bool Fits(string part) =>
        part.Length <= MaxPartBytes / 3 || Encoding.UTF8.GetByteCount(part) <= MaxPartBytes;
}
