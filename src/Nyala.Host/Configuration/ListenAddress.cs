using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Net;

namespace Nyala.Host.Configuration;

/// <summary>Where to listen: a port, with an address or with whatever the domain's kind makes the default.</summary>
readonly record struct ListenAddress(IPAddress? Address, int Port)
{
    public const string Allowed = "a port, address:port, [v6]:port, several of these with commas, or off";

    /// <summary>Reads a list; <c>off</c> is an empty one. Port 0 asks the system for a free port.</summary>
    public static bool TryParseList(string text, [NotNullWhen(true)] out IReadOnlyList<ListenAddress>? list)
    {
        list = null;
        if (text.Equals("off", StringComparison.OrdinalIgnoreCase))
        {
            list = [];
            return true;
        }

        var result = new List<ListenAddress>();
        foreach (var part in text.Split(',', StringSplitOptions.TrimEntries))
        {
            if (!TryParse(part, out var one) || result.Contains(one))
            {
                return false;
            }

            result.Add(one);
        }

        list = result;
        return true;
    }

    /// <summary>The endpoint, on loopback or on all addresses when the text had no address.</summary>
    public IPEndPoint Resolve(bool publicDomain) => new(Address ?? (publicDomain ? IPAddress.IPv6Any : IPAddress.Loopback), Port);

    static bool TryParse(string text, out ListenAddress value)
    {
        value = default;
        var colon = text.LastIndexOf(':');
        if (!TryParsePort(text[(colon + 1)..], out var port))
        {
            return false;
        }

        if (colon < 0)
        {
            value = new(null, port);
            return true;
        }

        var host = text[..colon];
        if (host is "*")
        {
            value = new(IPAddress.IPv6Any, port);
            return true;
        }

        if (host.Equals("localhost", StringComparison.OrdinalIgnoreCase))
        {
            value = new(IPAddress.Loopback, port);
            return true;
        }

        var bracketed = host.StartsWith('[') && host.EndsWith(']');
        if (host.Contains(':', StringComparison.Ordinal) != bracketed || !IPAddress.TryParse(bracketed ? host[1..^1] : host, out var address))
        {
            return false;
        }

        value = new(address, port);
        return true;
    }

    static bool TryParsePort(string text, out int port) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out port) && port <= IPEndPoint.MaxPort;
}
