using System.Text;
using Nyala.Core.Connections;
using Nyala.Core.Sessions.Negotiation;
using Nyala.Features.Registration;
using Nyala.Server.Tests.Delivery;
using Nyala.Storage;
using Nyala.Testing;
using Nyala.Xmpp;
using Nyala.Xmpp.Stanzas;
using Xunit;

namespace Nyala.Server.Tests.Negotiation;

/// <summary>The moment between binding and the session's first stanza, looked at where no socket hides it.</summary>
public sealed class StartingTests
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Who_hears_that_it_is_bound_can_be_written_to_already(bool bind2)
    {
        await using var stage = await Stage.OpenAsync();
        var credentials = PasswordRules.TryDerive(TestServer.Password, stage.Options.ScramIterations)!;
        await stage.Server.Store.Accounts.CreateAsync("romeo", credentials, AccountRole.User, null, stage.Time.GetUtcNow());
        var negotiations = await NegotiationServices.CreateAsync(stage.Server, new Admission(stage.Options.Limits, stage.Server.Timers));
        var connection = new FakeConnection { Handler = negotiations.NewHandler() };
        bool? reached = null;
        connection.Flushing = sent =>
        {
            if (sent.Any(element => element is { Kind: StanzaKind.Iq, Id: "b" } || element.Has("bound", Ns.Bind2) || element.Child("bound", Ns.Bind2) is not null))
            {
                reached = stage.Server.Sessions.All.Single().IsConnected;
            }
        };

        await OpenAsync(connection);
        if (bind2)
        {
            await SendAsync(connection, Logins.Authenticate(Logins.Plain("romeo"), Logins.Bind2));
        }
        else
        {
            await SendAsync(connection, Logins.Auth("PLAIN", Logins.Plain("romeo")));
            await OpenAsync(connection);
            await SendAsync(connection, $"<iq type='set' id='b'><bind xmlns='{Ns.Bind}'/></iq>");
        }

        Assert.True(reached);
    }

    static async Task OpenAsync(FakeConnection connection)
    {
        await connection.Handler.OpenedAsync(connection, new(Stage.Domain, null, "1.0", null, null, Ns.Client));
        connection.Handler.ReadCompleted(connection);
    }

    static async Task SendAsync(FakeConnection connection, string element)
    {
        await connection.Handler.ReceivedAsync(connection, Stanza.Parse(Encoding.UTF8.GetBytes(element)));
        connection.Handler.ReadCompleted(connection);
    }
}
