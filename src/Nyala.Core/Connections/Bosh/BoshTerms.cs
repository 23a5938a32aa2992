using System.Globalization;
using System.Text.RegularExpressions;
using Nyala.Xmpp.Xml;

namespace Nyala.Core.Connections.Bosh;

/// <summary>What client and server agree upon when a session of BOSH begins (XEP-0124 §7). Immutable.</summary>
sealed partial record BoshTerms
{
    /// <summary>The version of BOSH spoken here.</summary>
    const int Major = 1;
    const int Minor = 11;

    /// <summary>Longer than this no request is kept waiting, whatever the client allows.</summary>
    const int LongestWait = 60;

    const int MostHeld = 2;
    const int LongestContentType = 64;

    /// <summary>The content type of answers where the client wants no other.</summary>
    public const string UsualContentType = "text/xml; charset=utf-8";

    /// <summary>The shortest time between two empty requests of a client that polls (§12).</summary>
    public static readonly TimeSpan Polling = TimeSpan.FromSeconds(2);

    /// <summary>The longest pause a client may ask for (§10).</summary>
    public static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(120);

    /// <summary>How long a request may be kept waiting.</summary>
    public required TimeSpan Wait { get; init; }

    /// <summary>How many requests are kept waiting at a time; none: the client polls.</summary>
    public required int Hold { get; init; }

    /// <summary>How long no request may be there before the client counts as gone (§10).</summary>
    public required TimeSpan Inactivity { get; init; }

    /// <summary>Null where the client did not say: then it knows the statuses of HTTP only (§17.1).</summary>
    public required string? Version { get; init; }

    public required string ContentType { get; init; }

    /// <summary>The client wants to know which of its requests have come (§9).</summary>
    public required bool Acknowledges { get; init; }

    /// <summary>How many requests the client may make at a time; the size of the window of their numbers (§14.2).</summary>
    public int Requests => Hold + 1;

    public static BoshTerms Of(BoshBody request)
    {
        var wait = (int)Math.Min(request.Number("wait") ?? LongestWait, LongestWait);
        var hold = wait == 0 ? 0 : (int)Math.Min(request.Number("hold") ?? 1, MostHeld);
        return new()
        {
            Wait = TimeSpan.FromSeconds(wait),
            Hold = hold,
            Inactivity = TimeSpan.FromSeconds(hold == 0 ? 60 : 30),
            Version = Lower(request["ver"]),
            ContentType = request["content"] is { Length: <= LongestContentType } type && ContentTypes().IsMatch(type) ? type : UsualContentType,
            Acknowledges = request["ack"] == "1",
        };
    }

    /// <summary>The client's version or ours, whichever is lower (§7.2).</summary>
    static string? Lower(string? version)
    {
        if (version?.Split('.') is not [var major, var minor]
            || !int.TryParse(major, NumberStyles.None, CultureInfo.InvariantCulture, out var theirMajor)
            || !int.TryParse(minor, NumberStyles.None, CultureInfo.InvariantCulture, out var theirMinor))
        {
            return null;
        }

        var lower = (theirMajor, theirMinor).CompareTo((Major, Minor)) < 0 ? (theirMajor, theirMinor) : (Major, Minor);
        return string.Create(CultureInfo.InvariantCulture, $"{lower.Item1}.{lower.Item2}");
    }

    // Plain types only, so that nothing else gets into a header. What a browser might run of an answer its policy forbids.
    [GeneratedRegex(@"\A[a-z]+/[a-z0-9.+-]+(?:; ?charset=utf-8)?\z", RegexOptions.IgnoreCase)]
    private static partial Regex ContentTypes();
}
