using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Nyala.Xmpp;
using Nyala.Xmpp.Stanzas;
using Nyala.Xmpp.Xml;

namespace Nyala.Features.Rooms;

/// <summary>A hat of a room (XEP-0317): a title of the room's own, beside roles and affiliations.</summary>
/// <param name="Uri">What identifies it.</param>
/// <param name="Title">For people.</param>
/// <param name="Hue">A hue angle from 0 to 360, or null.</param>
sealed record Hat(string Uri, string Title, string? Hue);

/// <summary>The hats of a room and who wears them. Immutable.</summary>
sealed class RoomHats
{
    public const int MostHats = 100;
    public const int MostWearers = 5_000;

    const string Stored = "urn:nyala:hats";

    readonly IReadOnlyDictionary<string, IReadOnlyList<Hat>> _byWearer;

    RoomHats(IReadOnlyList<Hat> all, IReadOnlyList<(Jid Wearer, string Uri)> worn)
    {
        All = all;
        Worn = worn;
        _byWearer = worn.GroupBy(one => one.Wearer.ToString(), StringComparer.Ordinal).ToDictionary(
            group => group.Key, group => (IReadOnlyList<Hat>)[.. group.Select(one => all.First(hat => hat.Uri == one.Uri))], StringComparer.Ordinal);
    }

    public static RoomHats None { get; } = new([], []);

    public IReadOnlyList<Hat> All { get; }

    public IReadOnlyList<(Jid Wearer, string Uri)> Worn { get; }

    /// <summary>What changes when the list of hats does (§2).</summary>
    public string Hash => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(string.Join('\n', All.Select(hat => $"{hat.Uri}\t{hat.Title}\t{hat.Hue}")))));

    /// <summary>The element in somebody's presence (§3.1), or null for a bare head.</summary>
    public Element? Of(Jid account) => _byWearer.TryGetValue(account.ToString(), out var hats)
        ? new Element("hats", Ns.Hats).Add(hats.Select(ToElement))
        : null;

    public Hat? Find(string uri) => All.FirstOrDefault(hat => hat.Uri == uri);

    /// <summary>Adds a hat or changes the one of that URI; null when there are too many.</summary>
    public RoomHats? With(Hat hat)
    {
        List<Hat> all = [.. All];
        var at = all.FindIndex(one => one.Uri == hat.Uri);
        if (at >= 0)
        {
            all[at] = hat;
        }
        else
        {
            all.Add(hat);
        }

        return all.Count > MostHats ? null : new(all, Worn);
    }

    public RoomHats Without(string uri) => new([.. All.Where(hat => hat.Uri != uri)], [.. Worn.Where(one => one.Uri != uri)]);

    /// <summary>Null when too many wear one.</summary>
    public RoomHats? Given(Jid wearer, string uri) =>
        Worn.Contains((wearer, uri)) ? this : Worn.Count >= MostWearers ? null : new(All, [.. Worn, (wearer, uri)]);

    public RoomHats Taken(Jid wearer, string uri) => new(All, [.. Worn.Where(one => !one.Equals((wearer, uri)))]);

    public byte[] Store() => new Element("hats", Stored)
        .Add(All.Select(ToElement))
        .Add(Worn.Select(one => new Element("worn", Stored).Set("by", one.Wearer.ToString()).Set("uri", one.Uri))).ToUtf8();

    public static RoomHats Load(byte[]? stored)
    {
        if (stored is null)
        {
            return None;
        }

        List<Hat> all = [];
        List<(Jid, string)> worn = [];
        foreach (var child in Stanza.Parse(stored).ToElement().Children)
        {
            if (child is { Name: "hat" } && child["uri"] is { } uri)
            {
                all.Add(new Hat(uri, child["title"] ?? "", child["hue"]));
            }
            else if (child is { Name: "worn" } && Jid.TryParse(child["by"], out var wearer) && all.Exists(hat => hat.Uri == child["uri"]))
            {
                worn.Add((wearer, child["uri"]!));
            }
        }

        return new(all, worn);
    }

    public static bool IsHue(string text) =>
        double.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var hue) && hue is >= 0 and < 360;

    static Element ToElement(Hat hat) => new Element("hat", Ns.Hats).Set("uri", hat.Uri).Set("title", hat.Title).Set("hue", hat.Hue);
}
