using Nyala.Testing;

namespace Nyala.Server.Tests.Features.Rooms;

/// <summary>A scene in a room of its own that Romeo makes.</summary>
public abstract class RoomScene(SharedServer shared) : Scene(shared)
{
    protected const string User = "http://jabber.org/protocol/muc#user";
    protected const string Admin = "http://jabber.org/protocol/muc#admin";
    protected const string Owner = "http://jabber.org/protocol/muc#owner";
    protected const string Info = "<query xmlns='http://jabber.org/protocol/disco#info'/>";

    /// <summary>What clients send to make a group that anybody may join.</summary>
    protected static readonly string[] Public =
        ["muc#roomconfig_membersonly=0", "muc#roomconfig_publicroom=1", "muc#roomconfig_whois=moderators"];

    /// <summary>What clients send to make a group of people who know each other.</summary>
    protected static readonly string[] Private =
        ["muc#roomconfig_membersonly=1", "muc#roomconfig_publicroom=0", "muc#roomconfig_whois=anyone"];

    protected string Mercutio { get; private set; } = "";

    /// <summary>The address of the room.</summary>
    protected string Room { get; private set; } = "";

    public override async ValueTask InitializeAsync()
    {
        await base.InitializeAsync();
        Mercutio = await Server.AddUserAsync("mercutio" + Guid.NewGuid().ToString("N")[..8]);
        Room = $"verona-{Guid.NewGuid():N}@rooms.localhost";
    }

    /// <summary>Romeo makes the room and configures it: a private group but for these fields.</summary>
    protected async Task<Wire> MakeAsync(params string[] fields)
    {
        var romeo = await ArriveAsync(Romeo);
        await SendEntryAsync(romeo, "Romeo");
        await romeo.AwaitAsync($"<presence from='{Room}/Romeo'><x xmlns='{User}'><item affiliation='owner' role='moderator'/><status code='110'/><status code='201'/></x></presence>");
        await ConfigureAsync(romeo, [.. Private.Where(field => !Array.Exists(fields, other => NameOf(other) == NameOf(field))), .. fields]);
        await SettleAsync(romeo);
        return romeo;
    }

    protected Task SendEntryAsync(Wire wire, string nick, string inside = "<history maxstanzas='0'/>") =>
        wire.SendAsync($"<presence to='{Room}/{nick}'><x xmlns='http://jabber.org/protocol/muc'>{inside}</x></presence>");

    /// <summary>Enters and reads all that comes of it.</summary>
    protected async Task<Wire> EnterAsync(string address, string nick, string resource = "phone", string inside = "<history maxstanzas='0'/>")
    {
        var wire = await ArriveAsync(address, resource);
        await EnterAsync(wire, nick, inside);
        return wire;
    }

    protected async Task EnterAsync(Wire wire, string nick, string inside = "<history maxstanzas='0'/>")
    {
        await SendEntryAsync(wire, nick, inside);
        await wire.AwaitAsync($"<presence from='{Room}/{nick}' type='-'><x xmlns='{User}'><status code='110'/></x></presence>");
        await wire.AwaitAsync("<message type='groupchat'><subject/></message>");
    }

    protected async Task RefusedEntryAsync(Wire wire, string nick, string condition, string inside = "")
    {
        await SendEntryAsync(wire, nick, inside);
        await wire.AwaitAsync($"<presence type='error' from='{Room}/{nick}'><error><{condition} xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></presence>");
    }

    protected Task ConfigureAsync(Wire wire, params string[] fields) => AskAsync(wire, "set", Form(fields), "", Room);

    protected static string Form(params string[] fields) =>
        $"<query xmlns='{Owner}'><x xmlns='jabber:x:data' type='submit'>"
        + "<field var='FORM_TYPE'><value>http://jabber.org/protocol/muc#roomconfig</value></field>"
        + string.Concat(fields.Select(field => $"<field var='{NameOf(field)}'><value>{field.Split('=', 2)[1]}</value></field>")) + "</x></query>";

    static string NameOf(string field) => field.Split('=', 2)[0];

    protected static string Items(string items) => $"<query xmlns='{Admin}'>{items}</query>";

    protected async Task RuleAsync(Wire wire, string items) => await AskAsync(wire, "set", Items(items), "", Room);

    protected Task RefusedRuleAsync(Wire wire, string items, string condition) => RefusedAsync(wire, "set", Items(items), condition, Room);

    protected Task SayAsync(Wire wire, string body, string id = "m") =>
        wire.SendAsync($"<message type='groupchat' id='{id}' to='{Room}'><body>{body}</body></message>");

    /// <summary>Presence of an occupant with an item like this.</summary>
    protected string Seen(string nick, string item, string inside = "", string type = "-") =>
        $"<presence from='{Room}/{nick}' type='{type}'><x xmlns='{User}'><item {item}/>{inside}</x></presence>";

    protected static string Bare(string address) => address.Split('/')[0];
}
