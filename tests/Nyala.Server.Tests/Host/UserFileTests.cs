using Microsoft.Extensions.Logging.Abstractions;
using Nyala.Core;
using Nyala.Host.Administration;
using Nyala.Host.Portability;
using Nyala.Storage.Sqlite;
using Nyala.Testing;
using Xunit;

namespace Nyala.Server.Tests.Host;

/// <summary>XEP-0227: an account moves house.</summary>
public sealed class UserFileTests : IDisposable
{
    readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("nyala-user-file");

    public void Dispose() => _directory.Delete(recursive: true);

    [Fact]
    public async Task An_account_is_written_down_and_lives_on_elsewhere()
    {
        var file = Path.Combine(_directory.FullName, "romeo.xml");
        await using (var old = await TestServer.StartAsync())
        {
            await old.AddUserAsync("romeo");
            await FurnishAsync(old);
            var account = (await old.Store.Accounts.FindAsync("romeo"))!;
            await new UserExport(old.Store, "localhost").WriteAsync(account, file);
            await Assert.ThrowsAsync<IOException>(() => new UserExport(old.Store, "localhost").WriteAsync(account, file));
        }

        var data = Path.Combine(_directory.FullName, "new");
        await ImportAsync(data, file);
        await ImportAsync(data, file);
        await using var server = await TestServer.StartAsync(null, data);
        await using var romeo = await server.LoginAsync("romeo", "garden");
        await AskAsync(romeo, "<query xmlns='jabber:iq:roster'/>", "<query xmlns='jabber:iq:roster'><item jid='juliet@localhost' name='Juliet' subscription='none'><group>Capulets</group></item></query>");
        await AskAsync(romeo, "<vCard xmlns='vcard-temp'/>", "<vCard xmlns='vcard-temp'><FN>Romeo</FN></vCard>");
        await AskAsync(romeo, "<blocklist xmlns='urn:xmpp:blocking'/>", "<blocklist xmlns='urn:xmpp:blocking'><item jid='tybalt@localhost'/></blocklist>");
        await AskAsync(romeo, "<query xmlns='jabber:iq:private'><a xmlns='urn:a'/></query>", "<query xmlns='jabber:iq:private'><a xmlns='urn:a'>kept</a></query>");
        await AskAsync(romeo, "<pubsub xmlns='http://jabber.org/protocol/pubsub'><items node='n'/></pubsub>",
            "<pubsub xmlns='http://jabber.org/protocol/pubsub'><items node='n'><item id='two'><b xmlns='x'/></item><item id='one'><a xmlns='x'>&lt;</a></item></items></pubsub>");
        await AskAsync(romeo, "<pubsub xmlns='http://jabber.org/protocol/pubsub#owner'><configure node='n'/></pubsub>",
            "<pubsub xmlns='http://jabber.org/protocol/pubsub#owner'><configure node='n'><x xmlns='jabber:x:data'><field var='pubsub#access_model'><value>whitelist</value></field></x></configure></pubsub>");
        await AskAsync(romeo, "<pubsub xmlns='http://jabber.org/protocol/pubsub#owner'><affiliations node='n'/></pubsub>",
            "<pubsub xmlns='http://jabber.org/protocol/pubsub#owner'><affiliations node='n'><affiliation jid='juliet@localhost' affiliation='member'/></affiliations></pubsub>");
    }

    [Fact]
    public async Task The_file_says_what_was_said()
    {
        var file = Path.Combine(_directory.FullName, "romeo.xml");
        await using var server = await TestServer.StartAsync();
        await server.AddUserAsync("romeo");
        await FurnishAsync(server);
        await new UserExport(server.Store, "localhost").WriteAsync((await server.Store.Accounts.FindAsync("romeo"))!, file);
        var text = await File.ReadAllTextAsync(file, TestContext.Current.CancellationToken);
        Assert.Contains("<body>to myself</body>", text, StringComparison.Ordinal);
        Assert.DoesNotContain(TestServer.Password, text, StringComparison.Ordinal);
        if (!OperatingSystem.IsWindows())
        {
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(file));
        }
    }

    [Theory]
    [InlineData("<a/>")]
    [InlineData("<server-data xmlns='urn:xmpp:pie:0'>")]
    [InlineData("<!DOCTYPE a [<!ENTITY b 'c'>]><server-data xmlns='urn:xmpp:pie:0'/>")]
    public async Task A_file_of_something_else_is_refused(string content)
    {
        var file = Path.Combine(_directory.FullName, "file.xml");
        await File.WriteAllTextAsync(file, content, TestContext.Current.CancellationToken);
        await Assert.ThrowsAsync<AdministrationException>(() => ImportAsync(Path.Combine(_directory.FullName, "new"), file));
    }

    [Fact]
    public async Task What_is_not_understood_is_named_and_left_out()
    {
        var file = Path.Combine(_directory.FullName, "file.xml");
        await File.WriteAllTextAsync(
            file,
            "<server-data xmlns='urn:xmpp:pie:0'><host jid='elsewhere.example'><user name='paris'/></host><host jid='localhost'><user name='@'/>"
            + "<user name='romeo' password='wherefore art thou'><unheard-of xmlns='urn:x'/><archive xmlns='urn:xmpp:pie:0#mam'><result xmlns='urn:xmpp:mam:2'/></archive>"
            + "<presence xmlns='jabber:client' type='subscribe' from='juliet@localhost'/></user></host></server-data>",
            TestContext.Current.CancellationToken);
        var data = Path.Combine(_directory.FullName, "new");
        var remarks = await ImportAsync(data, file);
        Assert.Equal(4, remarks.Count);
        await using var server = await TestServer.StartAsync(null, data);
        await using var romeo = await server.ConnectAsync();
        await romeo.LoginAsync("romeo", "wherefore art thou", "garden");
        await romeo.SendAsync("<presence/>");
        await romeo.AwaitAsync("<presence type='subscribe' from='juliet@localhost'/>");
    }

    static async Task FurnishAsync(TestServer server)
    {
        await using var romeo = await server.LoginAsync("romeo", "old");
        foreach (var request in (string[])
            ["<query xmlns='jabber:iq:roster'><item jid='juliet@localhost' name='Juliet'><group>Capulets</group></item></query>",
            "<vCard xmlns='vcard-temp'><FN>Romeo</FN></vCard>", "<block xmlns='urn:xmpp:blocking'><item jid='tybalt@localhost'/></block>",
            "<query xmlns='jabber:iq:private'><a xmlns='urn:a'>kept</a></query>",
            "<pubsub xmlns='http://jabber.org/protocol/pubsub'><create node='n'/><configure><x xmlns='jabber:x:data' type='submit'><field var='pubsub#access_model'><value>whitelist</value></field><field var='pubsub#max_items'><value>max</value></field></x></configure></pubsub>",
            "<pubsub xmlns='http://jabber.org/protocol/pubsub'><publish node='n'><item id='one'><a xmlns='x'>&lt;</a></item></publish></pubsub>",
            "<pubsub xmlns='http://jabber.org/protocol/pubsub'><publish node='n'><item id='two'><b xmlns='x'/></item></publish></pubsub>",
            "<pubsub xmlns='http://jabber.org/protocol/pubsub#owner'><affiliations node='n'><affiliation jid='juliet@localhost' affiliation='member'/></affiliations></pubsub>"])
        {
            await romeo.SendAsync($"<iq type='set' id='f'>{request}</iq>");
            await romeo.AwaitAsync("<iq type='result' id='f'/>");
        }

        await romeo.SendAsync("<message type='chat' to='romeo@localhost'><body>to myself</body></message>");
        await romeo.ExpectNothingAsync();
    }

    static async Task AskAsync(Wire wire, string request, string answer)
    {
        await wire.SendAsync($"<iq type='get' id='a'>{request}</iq>");
        await wire.AwaitAsync($"<iq type='result' id='a'>{answer}</iq>");
    }

    static async Task<IReadOnlyList<string>> ImportAsync(string data, string file)
    {
        await using var store = await SqliteStore.OpenAsync(data, TimeProvider.System, NullLogger.Instance);
        return (await new UserImport(store, new ServerOptions { Domain = "localhost", WebAddress = "http://localhost" }, TimeProvider.System).ReadAsync(file)).Remarks;
    }
}
