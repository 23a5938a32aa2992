using Nyala.Xmpp.Xml;

namespace Nyala.Xmpp.Payloads;

/// <summary>A bookmarked room: an item of its own (XEP-0402), or one of a list (XEP-0048).</summary>
/// <param name="Room">The room's address.</param>
/// <param name="Name">For people, or null.</param>
/// <param name="AutoJoin">Clients join it by themselves.</param>
/// <param name="Nick">The name to join it with, or null.</param>
/// <param name="Password">Or null.</param>
public sealed record Bookmark(Jid Room, string? Name, bool AutoJoin, string? Nick, string? Password)
{
    /// <summary>An item of XEP-0402; null when it is none.</summary>
    /// <param name="id">The item's id.</param>
    /// <param name="conference">Its payload.</param>
    public static Bookmark? Read(string id, Element conference) =>
        conference.Is("conference", Ns.Bookmarks) && Jid.TryParse(id, out var room) ? Read(room, conference) : null;

    /// <summary>The rooms of a list of XEP-0048, each once, the last counting; entries without an address are left out.</summary>
    public static IReadOnlyDictionary<Jid, Bookmark> ReadList(Element storage)
    {
        var list = new Dictionary<Jid, Bookmark>();
        foreach (var child in storage.Children)
        {
            if (child.Is("conference", Ns.LegacyBookmarks) && Jid.TryParse(child["jid"], out var room))
            {
                list[room] = Read(room, child);
            }
        }

        return list;
    }

    /// <summary>The payload of an item; what the old one has beyond a bookmark's own properties stays (XEP-0402 §3.4).</summary>
    public Element ToConference(Element? old = null)
    {
        var conference = Fill(new Element("conference", Ns.Bookmarks));
        return old is null ? conference : conference.Add(old.Children.Where(child => child.Namespace != Ns.Bookmarks || child.Name is not ("nick" or "password")));
    }

    /// <summary>The entry of a list.</summary>
    public Element ToEntry() => Fill(new Element("conference", Ns.LegacyBookmarks).Set("jid", Room.ToString()));

    Element Fill(Element conference)
    {
        conference.Set("name", Name).Set("autojoin", AutoJoin ? "true" : null);
        return conference
            .Add(Nick is null ? null : new Element("nick", conference.Namespace).AddText(Nick))
            .Add(Password is null ? null : new Element("password", conference.Namespace).AddText(Password));
    }

    static Bookmark Read(Jid room, Element conference) => new(
        room, conference["name"], conference["autojoin"] is "1" or "true", conference.Child("nick")?.Text, conference.Child("password")?.Text);
}
