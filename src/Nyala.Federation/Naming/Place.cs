using System.Globalization;
using System.Net;

namespace Nyala.Federation.Naming;

/// <summary>Where a server may listen.</summary>
/// <param name="Host">A name or an address.</param>
/// <param name="Port">The port.</param>
/// <param name="DirectTls">TLS from the first byte (XEP-0368).</param>
public sealed record Place(string Host, int Port, bool DirectTls)
{
    /// <summary>The port of servers that name none (RFC 6120 §14.8).</summary>
    public const int UsualPort = 5269;

    /// <summary>Reads host, host:port, [address]:port, with <c>/tls</c> behind for TLS from the first byte.</summary>
    public static bool TryParse(string text, out Place? place)
    {
        const string Direct = "/tls";
        place = null;
        var directTls = text.EndsWith(Direct, StringComparison.OrdinalIgnoreCase);
        var rest = directTls ? text[..^Direct.Length] : text;
        var port = UsualPort;
        var colon = rest.LastIndexOf(':');
        if (colon > rest.LastIndexOf(']') && rest.IndexOf(':', StringComparison.Ordinal) == colon | rest.StartsWith('['))
        {
            if (!int.TryParse(rest.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out port) || port is 0 or > IPEndPoint.MaxPort)
            {
                return false;
            }

            rest = rest[..colon];
        }

        rest = rest.Trim('[', ']');
        if (Uri.CheckHostName(rest) == UriHostNameType.Unknown)
        {
            return false;
        }

        place = new(rest, port, directTls);
        return true;
    }
}
