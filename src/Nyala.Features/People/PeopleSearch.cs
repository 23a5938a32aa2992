using Nyala.Core;
using Nyala.Core.Routing;
using Nyala.Features.AdHoc;
using Nyala.Storage;
using Nyala.Xmpp;
using Nyala.Xmpp.Payloads;
using Nyala.Xmpp.Stanzas;
using Nyala.Xmpp.Xml;

namespace Nyala.Features.People;

/// <summary>
/// The directory of those who want to be found: on a host of its own, for the people of this server, in small pages. Who is in it
/// has said so by command; nothing else puts anybody there.
/// </summary>
[Xep(55, "1.3", Note = "for accounts of this server; pages of at most 20")]
public sealed class PeopleSearch : IFeature, IStanzaHost
{
    /// <summary>People in one answer.</summary>
    const int Page = 20;

    /// <summary>Characters that a search needs, so that nobody asks for all in turn.</summary>
    const int Least = 3;

    const int LongestName = 100;

    static readonly string[] Fields = ["first", "last", "nick"];

    readonly NyalaServer _server;
    readonly SearchLimit _limit;
    readonly string _host;

    public PeopleSearch(NyalaServer server, CommandList commands)
    {
        _server = server;
        _limit = new(server.Options.Limits, server.Time);
        _host = server.Options.SearchHost ?? "users." + server.Options.Domain;
        if (_host.Length > 0)
        {
            commands.Add(new(Ns.OwnCommands + "#directory", "Be found by others", CommandUsers.Everybody, AskAsync));
        }
    }

    public void Register(FeatureBuilder on)
    {
        if (_host.Length == 0)
        {
            return;
        }

        on.Host(_host, this, "People");
        on.Identify(new DiscoIdentity("directory", "user", "People"), Entity.Directory);
        foreach (var feature in (string[])[Ns.DiscoInfo, Ns.DiscoItems, Ns.Ping, Ns.Search, Ns.Rsm])
        {
            on.Advertise(feature, Entity.Directory);
        }

        on.IqGet(Ns.Ping, "ping", _ => IqReply.Done, Entity.Directory);
        on.IqGet(Ns.DiscoItems, "query", _ => (IqReply)new Element("query", Ns.DiscoItems), Entity.Directory);
        on.IqGet(Ns.DiscoInfo, "query", request => request.Payload["node"] is null
            ? (IqReply)new DiscoInfo([.. _server.Features.IdentitiesOf(Entity.Directory)], _server.Features.FeaturesOf(Entity.Directory), []).ToElement()
            : StanzaError.ItemNotFound, Entity.Directory);
        on.IqGet(Ns.Search, "query", OfferAsync, Entity.Directory);
        on.IqQuery(Ns.Search, "query", SearchAsync, Entity.Directory);
    }

    Entity? IStanzaHost.EntityOf(Jid address) => address is { Local: null, Resource: null } ? Entity.Directory : null;

    ValueTask<StanzaError?> IStanzaHost.CheckAsync(MessageEntry message)
    {
        message.IsDropped = true;
        return new(message.Message.Type == StanzaType.Error ? null : StanzaError.ServiceUnavailable);
    }

    void IStanzaHost.Deliver(MessageEntry message)
    {
    }

    ValueTask<StanzaError?> IStanzaHost.PresenceAsync(Stanza presence) => new((StanzaError?)null);

    ValueTask<StanzaError?> IStanzaHost.IqAsync(Stanza iq) => new(iq.Type is StanzaType.Get or StanzaType.Set ? StanzaError.ServiceUnavailable : null);

    static ValueTask<IqReply> OfferAsync(IqRequest request)
    {
        if (request.Session is null)
        {
            return (IqReply)StanzaError.Forbidden;
        }

        const string Instructions = "Fill in a part of a name, of at least three characters. Only those are found who want to be.";
        var form = new DataForm("form", Ns.Search) { Title = "Search for people" }.Instruct(Instructions);
        foreach (var field in Fields)
        {
            form.Add(new DataFormField(field, "text-single", []) { Label = Label(field) });
        }

        return (IqReply)new Element("query", Ns.Search).Add("instructions", Instructions)
            .Add(Fields.Select(field => new Element(field, Ns.Search))).Add(form.ToElement());
    }

    async ValueTask<IqReply> SearchAsync(IqRequest request)
    {
        if (request.Session is not { } session)
        {
            return StanzaError.Forbidden;
        }

        var form = (DataForm?)null;
        if (request.Payload.Child("x", Ns.DataForms) is { } x
            && (!DataForm.TryParse(x, out form) || form.Type != "submit" || form.FormType is not (null or Ns.Search)))
        {
            return StanzaError.BadRequest;
        }

        ResultSetRequest? page = null;
        if (request.Payload.Child("set", Ns.Rsm) is { } set && (!ResultSetRequest.TryParse(set, out page) || page.Before is not null || page.Index is not null))
        {
            return page is null ? StanzaError.BadRequest : StanzaError.FeatureNotImplemented with { Text = "Pages come one after the other." };
        }

        var names = Array.ConvertAll(Fields, field => DirectoryQuery.Fold((form is null ? request.Payload.Child(field)?.Text : form[field]?.Value) ?? ""));
        if (Array.TrueForAll(names, name => name.Length == 0))
        {
            // No field is required, so a form without any is in order; it finds nobody, rather than everybody.
            return new Element("query", Ns.Search);
        }

        if (Array.TrueForAll(names, name => name.Length < Least) || Array.Exists(names, name => name.Length > LongestName))
        {
            return StanzaError.NotAcceptable with { Text = $"A search needs {Least} characters of a name." };
        }

        if (!_limit.TryTake(session.Account))
        {
            return StanzaError.ResourceConstraint with { Text = "You have searched often; try again later." };
        }

        var found = await _server.Store.Directory.SearchAsync(new(names[0], names[1], names[2], page?.After, Math.Min(page?.Max ?? Page, Page)));
        return await AnswerAsync(session.Account, found, form is not null, page is not null);
    }

    async ValueTask<IqReply> AnswerAsync(LocalAccount asker, DirectoryPage page, bool asForm, bool paged)
    {
        var query = new Element("query", Ns.Search);
        var form = new DataForm("result", Ns.Search);
        foreach (var field in Fields)
        {
            form.Report(new DataFormField(field, "text-single", []) { Label = Label(field) });
        }

        form.Report(new DataFormField("jid", "jid-single", []) { Label = "Address" });
        foreach (var (username, entry) in page.Found)
        {
            // Whom somebody has blocked does not find it.
            if (await _server.Accounts.LocateAsync(username) is not { } account || _server.Features.IsBlocked(account, asker.Jid))
            {
                continue;
            }

            var address = account.Jid.ToString();
            form.AddItem(new("first", null, [entry.First]), new("last", null, [entry.Last]), new("nick", null, [entry.Nick]), new("jid", null, [address]));
            query.Add(asForm ? null : new Element("item", Ns.Search).Set("jid", address).Add("first", entry.First).Add("last", entry.Last).Add("nick", entry.Nick));
        }

        query.Add(asForm && page.Found.Count > 0 ? form.ToElement() : null);
        return query.Add(paged
            ? new ResultSet(page.Found.Count > 0 ? page.Found[0].Username : null, page.Found.Count > 0 ? page.Found[^1].Username : null, page.Count, page.Index).ToElement()
            : null);
    }

    async ValueTask<CommandStep> AskAsync(CommandAsker asker)
    {
        var entry = await _server.Store.Directory.FindAsync(asker.Account.Id);
        var form = new DataForm("form", Ns.OwnCommands + "#directory") { Title = "Be found by others" }
            .Instruct($"People on {_server.Options.Domain} can search for others. They find you only if you want that, and only by what you write here.")
            .Add(new DataFormField("visible", "boolean", [entry is null ? "0" : "1"]) { Label = "Others may find me" })
            .Add(new DataFormField("first", "text-single", [entry?.First ?? ""]) { Label = Label("first") })
            .Add(new DataFormField("last", "text-single", [entry?.Last ?? ""]) { Label = Label("last") })
            .Add(new DataFormField("nick", "text-single", [entry?.Nick ?? asker.Account.Jid.Local!]) { Label = Label("nick") });
        return new CommandForm(form, submitted => EnterAsync(asker.Account, submitted));
    }

    async ValueTask<CommandStep> EnterAsync(LocalAccount account, DataForm form)
    {
        if (form["visible"]?.AsBoolean() != true)
        {
            await _server.Store.Directory.SetAsync(account.Id, null);
            return CommandResult.Note("You are not in the directory.");
        }

        var names = Array.ConvertAll(Fields, field => (form[field]?.Value ?? "").Trim());
        if (Array.Exists(names, name => name.Length > LongestName || name.Any(char.IsControl)) || Array.TrueForAll(names, name => name.Length == 0))
        {
            return StanzaError.NotAcceptable with { Text = $"Fill in a name of at most {LongestName} characters." };
        }

        await _server.Store.Directory.SetAsync(account.Id, new(names[0], names[1], names[2]));
        return CommandResult.Note("Others can find you now.");
    }

    static string Label(string field) => field switch { "first" => "Given name", "last" => "Family name", _ => "Nickname" };
}
