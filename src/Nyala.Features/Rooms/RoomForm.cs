using System.Globalization;
using Nyala.Storage;
using Nyala.Xmpp;
using Nyala.Xmpp.Payloads;
using Nyala.Xmpp.Stanzas;

namespace Nyala.Features.Rooms;

/// <summary>The configuration of a room as a form (XEP-0045 §10.1, §15.5): offered, read and stored by one table.</summary>
static class RoomForm
{
    const int MaxText = 1_024;
    const int LongestSlowMode = 86_400;

    static readonly (string?, string)[] Senders =
        [("Anybody", "anyone"), ("Participants and moderators", "participants"), ("Moderators", "moderators"), ("Nobody", "none")];

    static readonly (string?, string)[] Roles = [("Moderators", "moderator"), ("Participants", "participant"), ("Visitors", "visitor")];

    static readonly Field[] Fields =
    [
        Text("muc#roomconfig_roomname", "Name", c => c.Name, (c, text) => c with { Name = text }),
        Text("muc#roomconfig_roomdesc", "Description", c => c.Description, (c, text) => c with { Description = text }),
        Text("muc#roomconfig_lang", "Language of the conversation", c => c.Language, (c, text) => c with { Language = text }, most: 35),
        Text("muc#roomconfig_pubsub", "Address of a PubSub node that belongs to it", c => c.Node, (c, text) => c with { Node = text }),
        Switch("muc#roomconfig_persistentroom", "Stays when everybody has left", c => c.Persistent, (c, on) => c with { Persistent = on }),
        Switch("muc#roomconfig_publicroom", "Shown in lists and searches", c => c.Public, (c, on) => c with { Public = on }),
        Switch("muc#roomconfig_membersonly", "Only members may enter", c => c.MembersOnly, (c, on) => c with { MembersOnly = on }),
        Switch("muc#roomconfig_allowinvites", "Members may invite others", c => c.MembersInvite, (c, on) => c with { MembersInvite = on }),
        Switch("muc#roomconfig_moderatedroom", "Only those with voice may speak", c => c.Moderated, (c, on) => c with { Moderated = on }),
        Switch(Ns.AdminsOnly, "Only admins and owners may speak", c => c.AdminsOnly, (c, on) => c with { AdminsOnly = on }),
        Switch("muc#roomconfig_changesubject", "Participants may change the subject",
            c => c.ParticipantsChangeSubject, (c, on) => c with { ParticipantsChangeSubject = on }),
        new("muc#roomconfig_whois", "list-single", "Who sees addresses", c => [c.ShowsAddresses ? "anyone" : "moderators"],
            (c, values) => values is ["anyone" or "moderators"] ? c with { ShowsAddresses = values[0] == "anyone" } : null)
        { Options = [("Anybody", "anyone"), ("Moderators", "moderators")] },
        new("muc#roomconfig_allowpm", "list-single", "Who may send private messages", c => [SendersOf(c.PrivateMessages)],
            (c, values) => values is [var one] && SendersOf(one) is { } roles ? c with { PrivateMessages = roles } : null)
        { Options = Senders },
        new("muc#roomconfig_presencebroadcast", "list-multi", "Whose presence is shown",
            c => RolesOf(c.PresenceBroadcast), (c, values) => RolesOf(values) is { } roles ? c with { PresenceBroadcast = roles } : null)
        { Options = Roles },
        new("muc#roomconfig_getmemberlist", "list-multi", "Who may read the list of members",
            c => RolesOf(c.MemberList), (c, values) => RolesOf(values) is { } roles ? c with { MemberList = roles } : null)
        { Options = Roles },
        Switch(Ns.LockedNicknames, "Who has a nickname of its own here goes by no other", c => c.LocksNicknames, (c, on) => c with { LocksNicknames = on }),
        Switch("muc#roomconfig_passwordprotectedroom", "A password is needed", c => c.PasswordProtected, (c, on) => c with { PasswordProtected = on }),
        Text("muc#roomconfig_roomsecret", "Password", c => c.Password, (c, text) => c with { Password = text }, "text-private"),
        Number("muc#roomconfig_maxusers", "Occupants at most", 1_000_000, c => c.MaxUsers, (c, n) => c with { MaxUsers = n }) with
        {
            // §15.5.3: a list; libraries that know the registry take no form with a field of another type.
            Type = "list-single",
            Get = c => [c.MaxUsers == 0 ? "none" : c.MaxUsers.ToString(CultureInfo.InvariantCulture)],
            Options = [("As many as the server allows", "none"), .. ((string[])["10", "20", "30", "50", "100", "200", "500", "1000"]).Select(most => ((string?)null, most))],
            IsNumber = false,
            IsOpen = true,
        },
        Number("muc#maxhistoryfetch", "Messages shown on entering at most", 1_000, c => c.MaxHistory, (c, n) => c with { MaxHistory = n }),
        Switch("muc#roomconfig_enablearchiving", "Messages are kept and can be read again", c => c.Archived, (c, on) => c with { Archived = on }),
        Number("muc#roomconfig_slow_mode_duration", "Seconds between two messages of the same person (0: off)", LongestSlowMode,
            c => c.SlowMode, (c, n) => c with { SlowMode = n }),
    ];

    /// <summary>The form for an owner.</summary>
    public static DataForm Offer(RoomConfig config, IEnumerable<RoomMember> members)
    {
        var form = new DataForm("form", Ns.MucConfig) { Title = "Configuration of the room" };
        foreach (var field in Fields)
        {
            form.Add(field.Offer(config));
        }

        var list = members.ToLookup(member => member.Affiliation, member => member.Jid);
        return form.Add(new DataFormField("muc#roomconfig_roomadmins", "jid-multi", [.. list[Affiliation.Admin]]) { Label = "Admins" })
            .Add(new DataFormField("muc#roomconfig_roomowners", "jid-multi", [.. list[Affiliation.Owner]]) { Label = "Owners" });
    }

    /// <summary>What an owner wants of a room; fields that are not there stay as they are (§10.2).</summary>
    /// <returns>The configuration, or why there is none.</returns>
    public static (RoomConfig? Config, StanzaError? Error) Read(DataForm form, RoomConfig config)
    {
        if (form.FormType != Ns.MucConfig && (form.FormType is not null || form.Fields.Count > 0))
        {
            return (null, StanzaError.BadRequest);
        }

        foreach (var field in Fields)
        {
            if ((form[field.Var] ?? Synonym(form, field.Var)) is not { } given)
            {
                continue;
            }

            if (field.Set(config, given.Values) is not { } changed)
            {
                return (null, StanzaError.NotAcceptable with { Text = $"“{field.Label}” cannot have this value." });
            }

            config = changed;
        }

        return config is { PasswordProtected: true, Password: "" }
            ? (null, StanzaError.NotAcceptable with { Text = "A room with a password needs one." })
            : (config, null);
    }

    /// <summary>The full lists of owners and admins in a submitted form, or null where the form has none.</summary>
    public static (bool Valid, List<RoomItem> Items) ReadLists(DataForm form, IReadOnlyCollection<RoomMember> members)
    {
        List<RoomItem> items = [];
        foreach (var (name, affiliation) in (ReadOnlySpan<(string, Affiliation)>)[("muc#roomconfig_roomowners", Affiliation.Owner), ("muc#roomconfig_roomadmins", Affiliation.Admin)])
        {
            if (form[name] is not { } given)
            {
                continue;
            }

            var wanted = new HashSet<Jid>();
            foreach (var value in given.Values)
            {
                if (!Jid.TryParse(value, out var jid))
                {
                    return (false, []);
                }

                wanted.Add(jid.Bare);
            }

            var present = members.Where(member => member.Affiliation == affiliation).Select(member => Jid.Parse(member.Jid)).ToHashSet();
            items.AddRange(wanted.Except(present).Select(jid => new RoomItem { Jid = jid, Affiliation = affiliation }));
            items.AddRange(present.Except(wanted).Select(jid => new RoomItem { Jid = jid, Affiliation = Affiliation.Member }));
        }

        // Who changes from one list to the other is named in both: what it becomes counts.
        return (true, [.. items.GroupBy(item => item.Jid).Select(group => group.MaxBy(item => item.Affiliation)!)]);
    }

    public static byte[] Store(RoomConfig config)
    {
        var form = new DataForm("submit", Ns.MucConfig);
        foreach (var field in Fields)
        {
            form.Add(new DataFormField(field.Var, null, field.Get(config)));
        }

        return form.ToElement().ToUtf8();
    }

    /// <summary>Reads what <see cref="Store"/> wrote, maybe an older version: what is missing or not understood is as by default.</summary>
    public static RoomConfig Load(byte[] stored)
    {
        var config = new RoomConfig();
        if (DataForm.TryParse(Stanza.Parse(stored).ToElement(), out var form))
        {
            foreach (var field in Fields)
            {
                config = form[field.Var] is { } given ? field.Set(config, given.Values) ?? config : config;
            }
        }

        return config;
    }

    /// <summary>What is kept is the archive; clients that know only the older switch for a log mean it (§10.1.3).</summary>
    static DataFormField? Synonym(DataForm form, string name) => name == "muc#roomconfig_enablearchiving" ? form["muc#roomconfig_enablelogging"] : null;

    static IReadOnlyList<string> RolesOf(RoomRole roles) => [.. Roles.Select(role => role.Item2).Where(role => roles.HasFlag(RoleOf(role)))];

    static RoomRole? RolesOf(IReadOnlyList<string> values) => values.All(value => RoleOf(value) != RoomRole.None)
        ? values.Aggregate(RoomRole.None, (all, one) => all | RoleOf(one))
        : null;

    static Field Text(
        string name, string label, Func<RoomConfig, string> get, Func<RoomConfig, string, RoomConfig> set, string type = "text-single", int most = MaxText) =>
        new(name, type, label, c => [get(c)], (c, values) =>
        {
            var text = values.Count == 0 ? "" : values[0];
            return values.Count > 1 || text.Length > most ? null : set(c, text);
        });

    static Field Switch(string name, string label, Func<RoomConfig, bool> get, Func<RoomConfig, bool, RoomConfig> set) =>
        new(name, "boolean", label, c => [get(c) ? "1" : "0"], (c, values) => values switch
        {
            ["1" or "true"] => set(c, true),
            ["0" or "false"] => set(c, false),
            _ => null,
        });

    static Field Number(string name, string label, int most, Func<RoomConfig, int> get, Func<RoomConfig, int, RoomConfig> set) =>
        new(name, "text-single", label, c => [get(c).ToString(CultureInfo.InvariantCulture)], (c, values) => values switch
        {
            [] or ["" or "none"] => set(c, 0),
            [var one] when int.TryParse(one, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number <= most => set(c, number),
            _ => null,
        })
        { IsNumber = true };

    /// <summary>As muc#roomconfig_allowpm says it.</summary>
    public static string SendersOf(RoomRole roles) => roles switch
    {
        RoomConfig.AllRoles => "anyone",
        RoomRole.Participant | RoomRole.Moderator => "participants",
        RoomRole.Moderator => "moderators",
        _ => "none",
    };

    static RoomRole? SendersOf(string text) => text switch
    {
        "anyone" => RoomConfig.AllRoles,
        "participants" => RoomRole.Participant | RoomRole.Moderator,
        "moderators" => RoomRole.Moderator,
        "none" => RoomRole.None,
        _ => null,
    };

    static RoomRole RoleOf(string text) => text switch
    {
        "moderator" => RoomRole.Moderator,
        "participant" => RoomRole.Participant,
        "visitor" => RoomRole.Visitor,
        _ => RoomRole.None,
    };

    sealed record Field(
        string Var, string Type, string Label, Func<RoomConfig, IReadOnlyList<string>> Get, Func<RoomConfig, IReadOnlyList<string>, RoomConfig?> Set)
    {
        public IReadOnlyList<(string?, string)> Options { get; init; } = [];

        public bool IsNumber { get; init; }

        /// <summary>Values beside the options are taken too; one that is in force is among those offered.</summary>
        public bool IsOpen { get; init; }

        public DataFormField Offer(RoomConfig config)
        {
            var values = Get(config);
            return new(Var, Type, values)
            {
                Label = Label,
                Options = IsOpen ? [.. Options, .. values.Except(Options.Select(option => option.Item2)).Select(value => ((string?)null, value))] : Options,
                Least = IsNumber ? 0 : null,
                IsOpen = IsOpen,
            };
        }
    }
}
