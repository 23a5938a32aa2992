using System.Globalization;
using Nyala.Core.Routing;
using Nyala.Storage;
using Nyala.Xmpp;
using Nyala.Xmpp.Payloads;
using Nyala.Xmpp.Stanzas;
using Nyala.Xmpp.Xml;

namespace Nyala.Features.Rooms;

/// <summary>Search for listed rooms (XEP-0433).</summary>
sealed class RoomSearch(RoomOperations rooms)
{
    const int Page = 50;
    const int Scanned = 10_000;
    const int Chunk = 500;
    const int ShortestTerm = 2;
    const string ByAddress = "{" + Ns.ChannelSearchOrder + "}address";
    const string ByUsers = "{" + Ns.ChannelSearchOrder + "}nusers";

    public async ValueTask<IqReply> AnswerAsync(IqRequest request)
    {
        if (request.Payload.Child("x", Ns.DataForms) is not { } x)
        {
            return new Element("search", Ns.ChannelSearch).Add(Form().ToElement());
        }

        if (!DataForm.TryParse(x, out var form) || form.Type != "submit" || form.FormType != Ns.ChannelSearchParameters)
        {
            return StanzaError.BadRequest;
        }

        ResultSetRequest? page = null;
        if (request.Payload.Child("set", Ns.Rsm) is { } set && !ResultSetRequest.TryParse(set, out page))
        {
            return StanzaError.BadRequest;
        }

        var (query, error) = Query.Read(form);
        return query is null ? error! : await FindAsync(query, page ?? new ResultSetRequest());
    }

    static DataForm Form() => new DataForm("form", Ns.ChannelSearchParameters)
        .Add(new DataFormField("q", "text-single", []) { Label = "Search for" })
        .Add(new DataFormField("all", "boolean", ["0"]) { Label = "Return all entries (ignore search terms)" })
        .Add(new DataFormField("sinname", "boolean", ["1"]) { Label = "Search in name" })
        .Add(new DataFormField("sindescription", "boolean", ["1"]) { Label = "Search in description" })
        .Add(new DataFormField("sinaddr", "boolean", ["1"]) { Label = "Search in address" })
        .Add(new DataFormField("min_users", "text-single", ["0"]) { Label = "Minimum number of users", Least = 0 })
        .Add(new DataFormField("types", "list-multi", ["xep-0045"]) { Label = "Service types", Options = [("XEP-0045 Multi-User Chats", "xep-0045")] })
        .Add(new DataFormField("key", "list-single", [ByAddress])
        {
            Label = "Sort results by",
            Options = [("Address", ByAddress), ("Number of online users", ByUsers)],
        });

    async ValueTask<IqReply> FindAsync(Query query, ResultSetRequest page)
    {
        List<(RoomListing Room, int Users)> found = [];
        string? after = null;
        for (var scanned = 0; scanned < Scanned;)
        {
            var rows = await rooms.Server.Store.Rooms.ListAsync(after, null, Chunk);
            found.AddRange(rows.Select(room => (room, UsersOf(room.Name))).Where(one => query.Matches(one.room, one.Item2)));
            scanned += rows.Count;
            if (rows.Count < Chunk)
            {
                break;
            }

            after = rows[^1].Name;
        }

        if (query.SortsByUsers)
        {
            found = [.. found.OrderByDescending(one => one.Users).ThenBy(one => one.Room.Name, StringComparer.Ordinal)];
        }

        var from = page.After is { } mark ? found.FindIndex(one => one.Room.Name == mark) + 1 : 0;
        var shown = found.Skip(from).Take(Math.Min(page.Max ?? Page, Page)).ToList();
        var result = new Element("result", Ns.ChannelSearch).Add(shown.Select(one => Item(one.Room, one.Users)));
        return result.Add(new ResultSet(
            shown.Count > 0 ? shown[0].Room.Name : null, shown.Count > 0 ? shown[^1].Room.Name : null, found.Count, shown.Count > 0 ? from : null).ToElement());
    }

    int UsersOf(string name) => rooms.Directory.TryGet(name, out var room) ? RoomOperations.Look(room, rules => rules.Occupants.Count) : 0;

    Element Item(RoomListing room, int users)
    {
        var item = new Element("item", Ns.ChannelSearch).Set("address", $"{room.Name}@{rooms.Directory.Host}")
            .Add("name", room.Title.Length > 0 ? room.Title : room.Name);
        if (room.Description.Length > 0)
        {
            item.Add("description", room.Description);
        }

        if (room.Language.Length > 0)
        {
            item.Add("language", room.Language);
        }

        item.Add("nusers", users.ToString(CultureInfo.InvariantCulture)).Add("service-type", "xep-0045");
        return room.IsOpen ? item.Add(new Element("is-open", Ns.ChannelSearch)) : item;
    }

    /// <summary>What somebody looks for.</summary>
    sealed record Query(string[] Terms, bool InName, bool InDescription, bool InAddress, int LeastUsers, bool SortsByUsers)
    {
        public static (Query? Query, StanzaError? Error) Read(DataForm form)
        {
            var text = form["q"]?.Value is { Length: > 0 } given ? given : null;
            var all = form["all"]?.AsBoolean() == true;
            if (text is not null && all)
            {
                return Refused(StanzaError.BadRequest, new Element("conflicting-fields", Ns.ChannelSearchErrors).Add("var", "all").Add("var", "q"));
            }

            if (text is null && !all)
            {
                return Refused(StanzaError.BadRequest, new Element("no-search-conditions", Ns.ChannelSearchErrors));
            }

            var terms = (text ?? "").Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries).Where(term => term.Length >= ShortestTerm).ToArray();
            if (text is not null && terms.Length == 0)
            {
                return Refused(
                    StanzaError.BadRequest with { Text = $"Search terms must have at least {ShortestTerm} characters." },
                    new Element("invalid-search-terms", Ns.ChannelSearchErrors));
            }

            var key = form["key"]?.Value ?? ByAddress;
            if (key is not (ByAddress or ByUsers))
            {
                return Refused(StanzaError.FeatureNotImplemented with { Type = "modify" }, new Element("invalid-sort-key", Ns.ChannelSearchErrors));
            }

            _ = int.TryParse(form["min_users"]?.Value, NumberStyles.None, CultureInfo.InvariantCulture, out var least);
            var types = form["types"]?.Values ?? ["xep-0045"];
            return (new Query(
                terms, form["sinname"]?.AsBoolean() != false, form["sindescription"]?.AsBoolean() != false,
                (form["sinaddr"] ?? form["sinaddress"])?.AsBoolean() != false, types.Contains("xep-0045", StringComparer.Ordinal) ? least : int.MaxValue, key == ByUsers), null);
        }

        public bool Matches(RoomListing room, int users) => users >= LeastUsers && Terms.All(term =>
            (InName && Has(room.Title, term)) || (InDescription && Has(room.Description, term)) || (InAddress && Has(room.Name, term)));

        static bool Has(string text, string term) => text.Contains(term, StringComparison.OrdinalIgnoreCase);

        static (Query?, StanzaError?) Refused(StanzaError error, Element condition) => (null, error with { Application = condition });
    }
}
