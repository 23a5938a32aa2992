using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging.Abstractions;
using Nyala.Host.Administration;
using Nyala.Storage.Sqlite;
using Nyala.Testing;
using Xunit;

namespace Nyala.Server.Tests.Features.Administration;

/// <summary>Account removal that really removes: afterwards no table names the account, except what belongs to others.</summary>
public sealed class RemovalTests : IDisposable
{
    /// <summary>Rows that others own: their archives, and their own lists of contacts and of whom they block.</summary>
    static readonly string[] Others = ["message", "roster", "roster_removed", "blocked"];

    readonly DirectoryInfo _data = Directory.CreateTempSubdirectory("nyala-removal-");

    public void Dispose() => _data.Delete(recursive: true);

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Nothing_names_an_account_that_is_gone(bool whileRunning)
    {
        long id;
        await using (var server = await TestServer.StartAsync(null, _data.FullName))
        {
            await server.AddUserAsync("romeo");
            await server.AddUserAsync("juliet");
            await LiveAsync(server);
            id = (await server.Store.Accounts.FindAsync("romeo"))!.Id;
            if (whileRunning)
            {
                await server.RemoveUserAsync("romeo");
            }
        }

        await using (var store = await SqliteStore.OpenAsync(_data.FullName, TimeProvider.System, NullLogger.Instance))
        {
            if (!whileRunning)
            {
                var options = new Core.ServerOptions { Domain = "localhost", WebAddress = "http://localhost" };
                await new AdministrationService(store, options, TimeProvider.System, NullLogger.Instance, by: "test").RemoveUserAsync("romeo");
            }

            await store.MaintainAsync(TestContext.Current.CancellationToken);
        }

        using var database = new SqliteConnection($"Data Source={Path.Combine(_data.FullName, SqliteFiles.Name)};Pooling=False");
        database.Open();
        var named = new List<string>();
        foreach (var table in Strings(database, "select name from sqlite_master where type = 'table' and name not like 'sqlite_%'"))
        {
            foreach (var column in Strings(database, $"select name from pragma_table_info('{table}')"))
            {
                var isOwner = column is "account" or "reporter" or "inviter" or "sender" or "recipient";
                var condition = isOwner ? $"{column} = {id}"
                    : Others.Contains(table, StringComparer.Ordinal) ? "0"
                    : $"instr(lower(cast({column} as text)), 'romeo') > 0";
                if (Strings(database, $"select count(*) from {table} where {condition}").Single() != "0")
                {
                    named.Add($"{table}.{column}");
                }
            }
        }

        Assert.Empty(named);
    }

    /// <summary>Everything an account can leave behind.</summary>
    static async Task LiveAsync(TestServer server)
    {
        var romeo = (await server.Store.Accounts.FindAsync("romeo"))!;
        var now = TimeProvider.System.GetUtcNow();
        await server.InviteAsync(from: "romeo");
        await server.Store.Tokens.AddAsync(new(romeo.Id, "phone", "HT-SHA-256-NONE", [1], now, now.AddDays(1), 0));
        await server.Store.Directory.SetAsync(romeo.Id, new("Romeo", "Montague", "romeo"));
        await using var wire = await server.LoginAsync("romeo", "garden");
        await using var juliet = await server.LoginAsync("juliet", "balcony");
        await wire.SendAsync("<presence/>");
        await juliet.SendAsync("<presence/>");
        await wire.SendAsync("<presence to='square@rooms.localhost/Romeo'><x xmlns='http://jabber.org/protocol/muc'/></presence>");
        await wire.AwaitAsync("<presence from='square@rooms.localhost/Romeo'/>");
        foreach (var (to, request) in ((string, string)[])
        [
            ("square@rooms.localhost", "<query xmlns='http://jabber.org/protocol/muc#owner'><x xmlns='jabber:x:data' type='submit'><field var='FORM_TYPE'><value>http://jabber.org/protocol/muc#roomconfig</value></field><field var='muc#roomconfig_persistentroom'><value>1</value></field></x></query>"),
            ("square@rooms.localhost", "<query xmlns='http://jabber.org/protocol/muc#admin'><item jid='juliet@localhost' affiliation='owner'/></query>"),
            ("", "<query xmlns='jabber:iq:roster'><item jid='juliet@localhost' name='Juliet'/></query>"),
            ("", "<query xmlns='jabber:iq:roster'><item jid='tybalt@localhost'/></query>"),
            ("", "<query xmlns='jabber:iq:roster'><item jid='tybalt@localhost' subscription='remove'/></query>"),
            ("", "<vCard xmlns='vcard-temp'><FN>Romeo</FN></vCard>"),
            ("", "<query xmlns='jabber:iq:private'><a xmlns='urn:a'>romeo</a></query>"),
            ("", "<block xmlns='urn:xmpp:blocking'><item jid='tybalt@localhost'><report xmlns='urn:xmpp:reporting:1' reason='urn:xmpp:reporting:abuse'/></item></block>"),
            ("", "<pubsub xmlns='http://jabber.org/protocol/pubsub'><publish node='n'><item id='one'><a xmlns='x'/></item></publish></pubsub>"),
            ("pubsub.localhost", "<pubsub xmlns='http://jabber.org/protocol/pubsub'><create node='romeos'/></pubsub>"),
        ])
        {
            await RequestAsync(wire, to, request);
        }

        await RequestAsync(juliet, "pubsub.localhost", "<pubsub xmlns='http://jabber.org/protocol/pubsub'><create node='news'/></pubsub>");
        await RequestAsync(wire, "pubsub.localhost", "<pubsub xmlns='http://jabber.org/protocol/pubsub'><subscribe node='news' jid='romeo@localhost'/></pubsub>");
        await RequestAsync(juliet, "pubsub.localhost", "<pubsub xmlns='http://jabber.org/protocol/pubsub#owner'><affiliations node='news'><affiliation jid='romeo@localhost' affiliation='publisher'/></affiliations></pubsub>");
        await wire.SendAsync("<message type='chat' to='juliet@localhost'><body>hello</body></message><message type='chat' to='romeo@localhost'><body>note</body></message>");
        await juliet.AwaitAsync("<message><body>hello</body></message>");
        await RequestAsync(juliet, "", "<block xmlns='urn:xmpp:blocking'><item jid='romeo@localhost'><report xmlns='urn:xmpp:reporting:1' reason='urn:xmpp:reporting:spam'/></item></block>");
    }

    static async Task RequestAsync(Wire wire, string to, string request)
    {
        await wire.SendAsync($"<iq type='set' id='q'{(to.Length == 0 ? "" : $" to='{to}'")}>{request}</iq>");
        await wire.AwaitAsync("<iq type='result' id='q'/>");
    }

    static List<string> Strings(SqliteConnection database, string sql)
    {
        using var command = database.CreateCommand();
        command.CommandText = sql;
        using var reader = command.ExecuteReader();
        var rows = new List<string>();
        while (reader.Read())
        {
            rows.Add(reader.GetString(0));
        }

        return rows;
    }
}
