using Nyala.Core;
using Nyala.Storage;
using Nyala.Xmpp;
using Nyala.Xmpp.Payloads;
using Nyala.Xmpp.Stanzas;
using Nyala.Xmpp.Xml;

namespace Nyala.Host.Portability.Readable;

/// <summary>A group that an account belongs to or has bookmarked.</summary>
/// <param name="Affiliation">None: it is only bookmarked, or on another server.</param>
sealed record OwnGroup(string Address, string Name, string? Nick, Affiliation Affiliation);

/// <summary>What an account has beside its messages and files, as people read it. Bounded by the account's limits.</summary>
sealed class OwnThings
{
    const int Page = 200;
    const int LongestValue = 4_000;
    const int MostFacts = 200;

    /// <summary>A larger picture is in the file for programs alone.</summary>
    const int LargestPicture = 512 * 1024;

    /// <summary>What every browser shows and none runs.</summary>
    static readonly string[] Pictures = ["image/png", "image/jpeg", "image/webp", "image/gif"];

    readonly Dictionary<string, string> _names = new(StringComparer.Ordinal);

    public IReadOnlyList<RosterItem> Contacts { get; private set; } = [];

    public IReadOnlyList<string> Blocked { get; private set; } = [];

    public IReadOnlyList<OwnGroup> Groups { get; private set; } = [];

    public IReadOnlyList<(string Device, DateTimeOffset Since, DateTimeOffset Until)> Devices { get; private set; } = [];

    public IReadOnlyList<PushRegistration> Push { get; private set; } = [];

    public DirectoryEntry? Directory { get; private set; }

    public string? Nickname { get; private set; }

    public Avatar? Picture { get; private set; }

    /// <summary>The facts of the card, each under the names of its elements.</summary>
    public IReadOnlyList<(string Name, string Value)> Card { get; private set; } = [];

    /// <summary>What the account calls an address.</summary>
    public string NameOf(string address) => _names.GetValueOrDefault(address, address);

    public static async Task<OwnThings> LoadAsync(IStore store, Account account, ServerOptions options)
    {
        var own = new OwnThings
        {
            Contacts = [.. (await store.Rosters.LoadAsync(account.Id)).Items.Where(item => item.Listed).OrderBy(item => item.Name ?? item.Jid, StringComparer.CurrentCultureIgnoreCase)],
            Blocked = [.. await store.Blocklists.LoadAsync(account.Id)],
            Devices = await store.Tokens.DevicesAsync(account.Id),
            Push = await store.Push.LoadAsync(account.Id),
            Directory = await store.Directory.FindAsync(account.Id),
        };
        foreach (var contact in own.Contacts)
        {
            own._names[contact.Jid] = contact.Name ?? contact.Jid;
        }

        await own.ReadNodesAsync(store, account, options);
        if (own.Card.Count == 0)
        {
            own.Card = [.. (await store.Documents.ListAsync(account.Id, "vcard")).SelectMany(card => Facts(Stanza.Parse(card.Value).ToElement())).Take(MostFacts)];
        }

        return own;
    }

    async Task ReadNodesAsync(IStore store, Account account, ServerOptions options)
    {
        var host = options.Rooms.Host ?? "rooms." + options.Domain;
        var groups = new Dictionary<string, OwnGroup>(StringComparer.Ordinal);
        foreach (var room in await store.Rooms.OfAsync($"{account.Username}@{options.Domain}"))
        {
            var address = $"{room.Name}@{host}";
            groups[address] = new(address, room.Title.Length > 0 ? room.Title : address, room.Nick, room.Affiliation);
        }

        (string Hash, string Type)? shown = null;
        foreach (var node in await store.PubSub.LoadAsync(account.Id))
        {
            switch (node.Name)
            {
                case Ns.Bookmarks:
                    await foreach (var (id, payload) in ItemsAsync(store, node))
                    {
                        if (Bookmark.Read(id, payload) is { } bookmark)
                        {
                            var address = bookmark.Room.ToString();
                            var known = groups.GetValueOrDefault(address);
                            groups[address] = new(address, bookmark.Name ?? known?.Name ?? address, bookmark.Nick ?? known?.Nick, known?.Affiliation ?? Affiliation.None);
                        }
                    }

                    break;
                case "http://jabber.org/protocol/nick":
                    Nickname = (await NewestAsync(store, node))?.Text;
                    break;
                case Ns.VCard4Node when await NewestAsync(store, node) is { } card:
                    Card = [.. Facts(card).Take(MostFacts)];
                    break;
                case Ns.AvatarMetadata when await NewestAsync(store, node) is { } metadata:
                    shown = Avatar.ReadMetadata(metadata);
                    break;
            }
        }

        if (shown is { } picture && Pictures.Contains(picture.Type) && await store.PubSub.NewestAsync(account.Id, Ns.AvatarData) is var (_, item) && item.Payload.Length > 0
            && Avatar.TryReadData(Stanza.Parse(item.Payload).ToElement(), picture.Hash, picture.Type, out var avatar) && avatar.Data.Length <= LargestPicture)
        {
            Picture = avatar;
        }

        Groups = [.. groups.Values.OrderBy(group => group.Name, StringComparer.CurrentCultureIgnoreCase)];
        foreach (var group in Groups)
        {
            _names.TryAdd(group.Address, group.Name);
        }
    }

    static async Task<Element?> NewestAsync(IStore store, PubSubNode node) =>
        (await store.PubSub.NewestAsync([node.Id])).GetValueOrDefault(node.Id) is { Payload.Length: > 0 } item ? Stanza.Parse(item.Payload).ToElement() : null;

    static async IAsyncEnumerable<(string Id, Element Payload)> ItemsAsync(IStore store, PubSubNode node)
    {
        string? after = null;
        while (await store.PubSub.ReadAsync(node.Id, new(Page, After: after)) is { Items.Count: > 0 } page)
        {
            foreach (var item in page.Items.Where(item => item.Payload.Length > 0))
            {
                yield return (item.Id, Stanza.Parse(item.Payload).ToElement());
            }

            after = page.Items[^1].Id;
        }
    }

    /// <summary>Everything in a card that has a text; pictures and sounds have none that people read.</summary>
    static IEnumerable<(string Name, string Value)> Facts(Element element, string name = "")
    {
        foreach (var child in element.Children)
        {
            var own = name.Length == 0 ? child.Name : $"{name} {child.Name}";
            if (child.Name is "PHOTO" or "LOGO" or "SOUND" or "photo" or "logo" or "sound" or "parameters")
            {
                continue;
            }

            if (child.Children.Any())
            {
                foreach (var fact in Facts(child, child.Name is "text" or "uri" ? name : own))
                {
                    yield return fact;
                }
            }
            else if (child.Text.Trim() is { Length: > 0 } text)
            {
                yield return (child.Name is "text" or "uri" ? name : own, text.Length <= LongestValue ? text : text[..LongestValue] + "…");
            }
        }
    }
}
