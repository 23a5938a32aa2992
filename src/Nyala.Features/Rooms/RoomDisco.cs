using System.Globalization;
using Nyala.Core.Routing;
using Nyala.Storage;
using Nyala.Xmpp;
using Nyala.Xmpp.Payloads;
using Nyala.Xmpp.Stanzas;
using Nyala.Xmpp.Xml;

namespace Nyala.Features.Rooms;

/// <summary>What the service and its rooms say of themselves (XEP-0045 §6).</summary>
sealed class RoomDisco(RoomOperations rooms)
{
    /// <summary>Rooms in one list.</summary>
    const int Page = 100;

    const string ReservedNick = "x-roomuser-item";

    public static readonly string[] OfService =
    [
        Ns.DiscoInfo, Ns.DiscoItems, Ns.Muc, Ns.MucStableId, Ns.MucSelfPing, Ns.OccupantId, Ns.VCard, Ns.ChannelSearch, Ns.Rsm, Ns.Ping,
    ];

    static readonly string[] OfRoom =
    [
        Ns.DiscoInfo, Ns.DiscoItems, Ns.Muc, Ns.MucStableId, Ns.MucSelfPing, Ns.OccupantId, Ns.VCard, Ns.MucRequest, Ns.MucRegister, Ns.MucConfig, Ns.MucInfo, Ns.Register, Ns.Ping,
        Ns.Moderation, Ns.Retraction, Ns.Retraction + "#tombstone", Ns.Hats, Ns.Commands,
    ];

    public ValueTask<IqReply> ServiceInfoAsync(IqRequest request) => request.Payload["node"] is null
        ? (IqReply)new DiscoInfo([new DiscoIdentity("conference", "text", "Groups")], [.. OfService.Order(StringComparer.Ordinal)], []).ToElement()
        : StanzaError.ItemNotFound;

    /// <summary>§6.3: listed rooms, page by page.</summary>
    public async ValueTask<IqReply> ServiceItemsAsync(IqRequest request)
    {
        if (request.Payload["node"] is not null)
        {
            return StanzaError.ItemNotFound;
        }

        var set = request.Payload.Child("set", Ns.Rsm);
        ResultSetRequest? page = null;
        if (set is not null && !ResultSetRequest.TryParse(set, out page))
        {
            return StanzaError.BadRequest;
        }

        if (page?.Index is not null)
        {
            return StanzaError.FeatureNotImplemented;
        }

        var store = rooms.Server.Store.Rooms;
        var query = new Element("query", Ns.DiscoItems);
        var total = await store.CountListedAsync();
        var most = Math.Min(page?.Max ?? Page, Page);
        var listed = most == 0 ? [] : await store.ListAsync(NameIn(page?.After), NameIn(page?.Before), most);
        foreach (var room in listed)
        {
            query.Add(new Element("item", Ns.DiscoItems).Set("jid", AddressOf(room)).Set("name", room.Title.Length > 0 ? room.Title : room.Name));
        }

        if (set is not null || listed.Count < total)
        {
            query.Add((listed.Count == 0
                ? new ResultSet(Count: total)
                : new ResultSet(AddressOf(listed[0]), AddressOf(listed[^1]), total, await store.CountListedBeforeAsync(listed[0].Name))).ToElement());
        }

        return query;
    }

    /// <summary>§6.4, §7.12, §18.1.1</summary>
    public static ValueTask<IqReply> RoomInfoAsync(IqRequest request, LiveRoom room) => request.Payload["node"] switch
    {
        null => RoomOperations.Look<IqReply>(room, rules => Describe(room, rules, rules.ActorOf(request.From)).ToElement()),
        ReservedNick => RoomOperations.Look<IqReply>(room, rules =>
        {
            var query = new Element("query", Ns.DiscoInfo).Set("node", ReservedNick);
            return rules.MemberOf(request.From)?.Nick is { } nick
                ? query.Add(new Element("identity", Ns.DiscoInfo).Set("category", "conference").Set("type", "text").Set("name", nick))
                : query;
        }),
        Ns.MucTraffic => (IqReply)StanzaError.ServiceUnavailable,
        _ => (IqReply)StanzaError.ItemNotFound,
    };

    /// <summary>§6.5: who is there is told to those who enter.</summary>
    public static ValueTask<IqReply> RoomItemsAsync(IqRequest request, LiveRoom room) => (IqReply)(request.Payload["node"] switch
    {
        null => new Element("query", Ns.DiscoItems),
        Ns.Commands => RoomOperations.Look(room, rules => rules.ActorOf(request.From).IsAdmin)
            ? RoomHatCommands.List(room.Rules.Address)
            : new Element("query", Ns.DiscoItems).Set("node", Ns.Commands),
        var node => new Element("query", Ns.DiscoItems).Set("node", node),
    });

    static DiscoInfo Describe(LiveRoom room, Room rules, Actor asker)
    {
        var config = rules.Config;
        List<string> features =
        [
            .. OfRoom,
            config.Public ? "muc_public" : "muc_hidden",
            config.MembersOnly ? "muc_membersonly" : "muc_open",
            config.Moderated || config.AdminsOnly ? "muc_moderated" : "muc_unmoderated",
            config.ShowsAddresses ? "muc_nonanonymous" : "muc_semianonymous",
            config.PasswordProtected ? "muc_passwordprotected" : "muc_unsecured",
            config.Persistent ? "muc_persistent" : "muc_temporary",
        ];
        if (config.Archived)
        {
            features.AddRange([Ns.Mam, Ns.MamExtended, Ns.StanzaIds]);
        }

        if (config.MembersOnly)
        {
            features.Add(Ns.InvitesMembers);
        }

        features.Sort(StringComparer.Ordinal);
        var name = config.Name.Length > 0 ? config.Name : rules.Address.Local!;
        return new DiscoInfo([new DiscoIdentity("conference", "text", name)], features, [Form(room, rules, asker)]);
    }

    static DataForm Form(LiveRoom room, Room rules, Actor asker)
    {
        var config = rules.Config;
        var form = new DataForm("result", Ns.MucInfo)
            .Add("muc#roomconfig_roomname", "text-single", config.Name)
            .Add("muc#roominfo_lang", "text-single", config.Language)
            .Add("muc#maxhistoryfetch", "text-single", Number(config.MaxHistory))
            .Add("muc#roomconfig_changesubject", "boolean", config.ParticipantsChangeSubject ? "1" : "0")
            .Add("muc#roominfo_subjectmod", "boolean", config.ParticipantsChangeSubject ? "1" : "0")
            .Add("muc#roomconfig_allowinvites", "boolean", config.MembersInvite || !config.MembersOnly ? "1" : "0")
            .Add("muc#roomconfig_allowpm", "list-single", RoomForm.SendersOf(config.PrivateMessages))
            .Add("muc#roominfo_slow_mode_duration", "text-single", Number(config.SlowMode));
        if (config.Public || asker.Affiliation > Affiliation.None || asker.Seat is not null)
        {
            // Of a hidden room strangers learn no more than they need to ask for entry (§14.4).
            form.Add("muc#roominfo_description", "text-single", config.Description)
                .Add("muc#roominfo_subject", "text-single", room.SubjectText)
                .Add("muc#roominfo_occupants", "text-single", Number(rules.Occupants.Count));
            if (config.Node.Length > 0)
            {
                form.Add("muc#roomconfig_pubsub", "text-single", config.Node);
            }

            if (room.Avatars.Count > 0)
            {
                form.Add(new DataFormField("muc#roominfo_avatarhash", "text-multi", room.Avatars));
            }

            if (room.Hats.All.Count > 0)
            {
                form.Add("hats#hash", "text-single", room.Hats.Hash);
            }
        }

        return form;
    }

    string AddressOf(RoomListing room) => $"{room.Name}@{rooms.Directory.Host}";

    static string? NameIn(string? address) => address?.Split('@')[0];

    static string Number(int number) => number.ToString(CultureInfo.InvariantCulture);
}
