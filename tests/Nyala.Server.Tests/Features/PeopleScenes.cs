using Nyala.Server.Tests.Features.Administration;
using Nyala.Testing;
using Xunit;

namespace Nyala.Server.Tests.Features;

/// <summary>XEP-0055: who wants to be found is found, and nobody else.</summary>
public sealed class PeopleScenes : CommandScene
{
    const string Users = "users.localhost";
    const string Search = "jabber:iq:search";

    protected override string[] Settings => ["Limits:SearchesPerHour=5", "Limits:RateLimits=on"];

    [Fact]
    public async Task Only_who_has_said_so_is_found()
    {
        var (romeo, juliet) = (await LoginAsync("romeo"), await LoginAsync("juliet"));
        await FindAsync(romeo, "<last>capulet</last>");
        var form = await ExecuteAsync(juliet, Own + "#directory", status: "executing");
        Assert.Equal(["0"], Values(form, "visible"));
        await RefusedAsync(juliet, "not-acceptable", Own + "#directory", "visible=1", "nick=", "first=", "last=");
        await DoneAsync(juliet, Own + "#directory", "visible=1", "first=Juliet", "last=Capulet", "nick=Jule%");
        await FindAsync(romeo, "<last>capul</last>", "<item jid='juliet@localhost'><first>Juliet</first><last>Capulet</last><nick>Jule%</nick></item>");
        await FindAsync(romeo, "<nick>ule%</nick><first>JUL</first>", "<item jid='juliet@localhost'/>");
        await FindAsync(romeo, "<nick>u_e%</nick>");
        await DoneAsync(juliet, Own + "#directory", "visible=0");
        await FindAsync(romeo, "<last>capul</last>");
    }

    [Fact]
    public async Task A_form_is_answered_with_a_form_page_by_page()
    {
        var romeo = await LoginAsync("romeo");
        await romeo.SendAsync($"<iq type='get' id='f' to='{Users}'><query xmlns='{Search}'/></iq>");
        await romeo.AwaitAsync($"<iq type='result' id='f'><query xmlns='{Search}'><instructions/><first/><last/><nick/><x xmlns='jabber:x:data' type='form'><field var='FORM_TYPE' type='hidden'><value>{Search}</value></field><field var='first'/></x></query></iq>");
        foreach (var name in (string[])["abram", "balthasar", "gregory"])
        {
            await Server.AddUserAsync(name);
            await Server.Store.Directory.SetAsync((await Server.Store.Accounts.FindAsync(name))!.Id, new("", "Servant", name));
        }

        var first = await PageAsync(romeo, "<max>2</max>");
        Assert.Equal(["abram@localhost", "balthasar@localhost"], Values(first, "jid"));
        ElementPattern.Parse($"<iq xmlns='jabber:client'><query xmlns='{Search}'><set xmlns='http://jabber.org/protocol/rsm'><first index='0'>abram</first><last>balthasar</last><count>3</count></set></query></iq>").Require(first);
        Assert.Equal(["gregory@localhost"], Values(await PageAsync(romeo, "<max>2</max><after>balthasar</after>"), "jid"));

        // Who is disabled is not found, nor whom the one has blocked.
        await Server.DisableUserAsync("abram");
        Assert.Equal(["balthasar@localhost", "gregory@localhost"], Values(await PageAsync(romeo, "<max>100</max>"), "jid"));
    }

    [Fact]
    public async Task Nobody_copies_the_directory()
    {
        var romeo = await LoginAsync("romeo");
        await RefuseAsync(romeo, "<last>ca</last>", "not-acceptable");
        await FindAsync(romeo, "");
        await FindAsync(romeo, "<last/><nick/>");
        for (var search = 0; search < 5; search++)
        {
            await FindAsync(romeo, "<last>capulet</last>");
        }

        await RefuseAsync(romeo, "<last>capulet</last>", "resource-constraint");
        await (await LoginAsync("juliet")).SendAsync("<presence/>");
    }

    [Fact]
    public async Task The_directory_says_what_it_is()
    {
        var romeo = await LoginAsync("romeo");
        await romeo.SendAsync("<iq type='get' id='i' to='localhost'><query xmlns='http://jabber.org/protocol/disco#items'/></iq>");
        await romeo.AwaitAsync($"<iq type='result' id='i'><query xmlns='http://jabber.org/protocol/disco#items'><item jid='{Users}'/></query></iq>");
        await romeo.SendAsync($"<iq type='get' id='i' to='{Users}'><query xmlns='http://jabber.org/protocol/disco#info'/></iq>");
        await romeo.AwaitAsync($"<iq type='result' id='i'><query xmlns='http://jabber.org/protocol/disco#info'><identity category='directory' type='user'/><feature var='{Search}'/></query></iq>");
        await romeo.SendAsync($"<message to='{Users}' id='m'><body>hello</body></message>");
        await romeo.AwaitAsync("<message type='error' id='m'/>");
    }

    static async Task FindAsync(Wire wire, string fields, string found = "")
    {
        await wire.SendAsync($"<iq type='set' id='s' to='{Users}'><query xmlns='{Search}'>{fields}</query></iq>");
        var answer = await wire.AwaitAsync($"<iq type='result' id='s'><query xmlns='{Search}'>{found}</query></iq>");
        Assert.Equal(found.Length > 0 ? 1 : 0, answer.Descendants($"{{{Search}}}item").Count());
    }

    static async Task RefuseAsync(Wire wire, string fields, string condition)
    {
        await wire.SendAsync($"<iq type='set' id='s' to='{Users}'><query xmlns='{Search}'>{fields}</query></iq>");
        await wire.AwaitAsync($"<iq type='error' id='s'><error><{condition} xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>");
    }

    static async Task<System.Xml.Linq.XElement> PageAsync(Wire wire, string set)
    {
        await wire.SendAsync($"<iq type='set' id='s' to='{Users}'><query xmlns='{Search}'>{Form($"FORM_TYPE={Search}", "last=serv")}<set xmlns='http://jabber.org/protocol/rsm'>{set}</set></query></iq>");
        return await wire.AwaitAsync("<iq type='result' id='s'/>");
    }
}
