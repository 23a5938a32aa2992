using Xunit;
using Nyala.Client;
using Nyala.Xmpp;
using Nyala.Xmpp.Xml;

namespace Nyala.Server.Tests.Client;

/// <summary>Requests, archive pages, and what is waited for.</summary>
public sealed class RequestTests
{
    static CancellationToken Token => TestContext.Current.CancellationToken;

    readonly ScriptedServer _server = new();

    [Fact]
    public async Task An_answer_reaches_the_request_with_its_id()
    {
        await using var client = await _server.LoggedInAsync();
        var first = client.IqAsync("get", new Element("query", Ns.Roster), token: Token);
        var one = await _server.HearAsync("iq");
        var second = client.IqAsync("get", new Element("query", Ns.Version), token: Token);
        var two = await _server.HearAsync("iq");
        await _server.SayAsync($"<iq type='result' id='{two.Id}'><query xmlns='jabber:iq:version'/></iq><iq type='result' id='{one.Id}'/>");
        Assert.Equal(Ns.Version, (await second)?.Namespace);
        Assert.Null(await first);
    }

    [Fact]
    public async Task An_error_is_an_exception_with_its_condition()
    {
        await using var client = await _server.LoggedInAsync();
        var asking = client.IqAsync("get", new Element("query", Ns.Roster), token: Token);
        var request = await _server.HearAsync("iq");
        await _server.SayAsync($"<iq type='error' id='{request.Id}'><error type='cancel'><item-not-found xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>");
        Assert.Equal("item-not-found", (await Assert.ThrowsAsync<XmppException>(() => asking)).Condition);
    }

    [Fact]
    public async Task A_lost_connection_fails_what_waits_for_it()
    {
        await using var client = await _server.LoggedInAsync();
        var asking = client.IqAsync("get", new Element("query", Ns.Roster), token: Token);
        await _server.HearAsync("iq");
        _server.Cut();
        await Assert.ThrowsAsync<IOException>(() => asking);
    }

    [Fact]
    public async Task An_archive_is_read_page_after_page()
    {
        await using var client = await _server.LoggedInAsync();
        var reading = ReadAsync(client);
        var first = (await _server.HearAsync("iq")).ToElement();
        Assert.Null(first.Child("query", Ns.Mam)?.Child("set", Ns.Rsm)?.Child("after"));
        await _server.SayAsync(Page(first, ["1", "2"], complete: false));
        var second = (await _server.HearAsync("iq")).ToElement();
        Assert.Equal("2", second.Child("query", Ns.Mam)?.Child("set", Ns.Rsm)?.Child("after")?.Text);
        await _server.SayAsync(Page(second, ["3"], complete: true));
        Assert.Equal(["1", "2", "3"], await reading);
        Assert.Empty(client.Arrived);
    }

    static async Task<List<string>> ReadAsync(XmppClient client)
    {
        var ids = new List<string>();
        await foreach (var message in client.ReadArchiveAsync(new ArchiveQuery { PageSize = 2 }, Token))
        {
            ids.Add(message.Id);
        }

        return ids;
    }

    static string Page(Element request, string[] ids, bool complete) =>
        string.Concat(ids.Select(id => $"<message><result xmlns='urn:xmpp:mam:2' queryid='{request.Child("query", Ns.Mam)?["queryid"]}' id='{id}'>"
            + "<forwarded xmlns='urn:xmpp:forward:0'><delay xmlns='urn:xmpp:delay' stamp='2026-01-01T00:00:00Z'/><message xmlns='jabber:client'><body>x</body></message></forwarded></result></message>"))
        + $"<iq type='result' id='{request["id"]}'><fin xmlns='urn:xmpp:mam:2' complete='{(complete ? "true" : "false")}'>"
        + $"<set xmlns='http://jabber.org/protocol/rsm'><first>{ids[0]}</first><last>{ids[^1]}</last></set></fin></iq>";
}
