using System.Globalization;
using System.Text;
using Nyala.Core.Sessions;
using Nyala.Testing;
using Nyala.Xmpp;
using Nyala.Xmpp.Stanzas;
using Xunit;

namespace Nyala.Server.Tests.Delivery;

/// <summary>The other end of a session: counts what it gets (XEP-0198), answers nothing by itself.</summary>
sealed class Player(Stage stage, Session session)
{
    public Session Session { get; private set; } = session;

    public FakeConnection Connection { get; private set; } = null!;

    /// <summary>The resumption id.</summary>
    public string Stream { get; private set; } = "";

    /// <summary>Stanzas received since counting began.</summary>
    public uint Handled { get; set; }

    /// <summary>The last count the server told.</summary>
    public uint? Told { get; private set; }

    public int Asked { get; private set; }

    /// <summary>What <c>&lt;failed/&gt;</c> said was handled when the stream could not be resumed.</summary>
    public uint? HandledWhenFailed { get; private set; }

    public string Address => Session.Jid.ToString();

    /// <summary>For messages of tests that fail.</summary>
    public string State =>
        $"ended {Session.HasEnded}, connected {Session.IsConnected}, reads the log {Session.Outbox.ReadsLog}, "
        + $"pending {Session.Account.Mailbox.HasPending}, unacknowledged {Session.Outbox.HasUnacknowledged}, handled {Handled}";

    public void Connect()
    {
        Connection = new() { Handler = Session };
        stage.Server.Sessions.Start(Session, Connection);
    }

    public async Task EnableAsync()
    {
        await SendAsync("<enable xmlns='urn:xmpp:sm:3' resume='true'/>");
        var enabled = await NextAsync();
        Assert.Equal("enabled", enabled.Name);
        Stream = enabled.Attribute("id")!;
        Handled = 0;
    }

    /// <summary>Hands over elements as they would be read; completes when the server would read on.</summary>
    public async Task SendAsync(params string[] elements)
    {
        foreach (var element in elements)
        {
            await Session.ReceivedAsync(Connection, Stanza.Parse(Encoding.UTF8.GetBytes(element))).AsTask().WaitAsync(Wire.Patience, TimeProvider.System);
        }

        Session.ReadCompleted(Connection);
    }

    public Task MessageAsync(string to, string body, string? id = null) =>
        SendAsync($"<message to='{to}' type='chat'{(id is null ? "" : $" id='{id}'")}><body>{body}</body></message>");

    /// <summary>The next element that is neither a request to acknowledge nor a server's ping; those are noted.</summary>
    public async Task<Stanza> NextAsync()
    {
        while (true)
        {
            var stanza = await Connection.Sent.ReadAsync(TestContext.Current.CancellationToken).AsTask().WaitAsync(Wire.Patience, TimeProvider.System);
            if (stanza.Kind != StanzaKind.Nonza)
            {
                Handled++;
            }

            if (stanza.Namespace == Ns.StreamManagement && stanza.Name == "a")
            {
                Told = uint.Parse(stanza.Attribute("h")!, CultureInfo.InvariantCulture);
            }

            if ((stanza.Namespace == Ns.StreamManagement && stanza.Name == "r") || (stanza.Kind == StanzaKind.Iq && stanza.Id == Session.PingId))
            {
                Asked++;
                continue;
            }

            return stanza;
        }
    }

    /// <summary>The next message's body; acknowledgements and presence on the way are passed over.</summary>
    public async Task<string> BodyAsync() => BodyOf(await NextMessageAsync());

    public async Task<Stanza> NextMessageAsync()
    {
        while (true)
        {
            var stanza = await NextAsync();
            if (stanza.Kind == StanzaKind.Message)
            {
                return stanza;
            }
        }
    }

    public async Task ExpectBodiesAsync(params string[] bodies)
    {
        foreach (var body in bodies)
        {
            Assert.Equal(body, await BodyAsync());
        }
    }

    /// <summary>The server's next <c>&lt;a/&gt;</c>.</summary>
    public async Task<uint> AckAsync()
    {
        while (true)
        {
            var element = await NextAsync();
            if (element.Kind == StanzaKind.Nonza && element.Name == "a")
            {
                return Told!.Value;
            }
        }
    }

    public Task AcknowledgeAsync() => SendAsync($"<a xmlns='urn:xmpp:sm:3' h='{Handled}'/>");

    /// <summary>Everything sent so far is handled, and what that caused has been flushed; returns what came meanwhile.</summary>
    public async Task<IReadOnlyList<Stanza>> SettleAsync()
    {
        var id = Guid.NewGuid().ToString("N");
        var before = new List<Stanza>();
        await SendAsync($"<iq type='get' id='{id}' to='{Stage.Domain}'><ping xmlns='urn:xmpp:ping'/></iq>");
        while (true)
        {
            var stanza = await NextAsync();
            if (stanza.Id == id)
            {
                return before;
            }

            before.Add(stanza);
        }
    }

    /// <summary>No message comes, also none from the log.</summary>
    public async Task ExpectNothingAsync()
    {
        while (Session.Outbox.ReadsLog || (Session.IsAvailable && Session.Priority >= 0 && Session.Account.Mailbox.HasPending))
        {
            TestContext.Current.CancellationToken.ThrowIfCancellationRequested();
            await Task.Yield();
        }

        Assert.DoesNotContain(await SettleAsync(), stanza => stanza.Kind == StanzaKind.Message);
    }

    /// <summary>The network is gone.</summary>
    public async Task CutAsync()
    {
        Connection.Abort(Core.Connections.EndReason.ConnectionLost);
        while (Session.IsConnected)
        {
            await Task.Yield();
        }
    }

    /// <summary>Takes the stream up again on a new connection; what the server counted, or null when it could not be resumed.</summary>
    public async Task<uint?> ResumeAsync(uint? handled = null)
    {
        var account = await stage.AccountAsync(Session.Jid.Local!);
        var (found, count) = await stage.Server.Sessions.ResumeAsync(account, Stream).AsTask().WaitAsync(Wire.Patience, TimeProvider.System);
        if (found is null)
        {
            HandledWhenFailed = count;
            return null;
        }

        Session = found;
        Connection = new() { Handler = found };
        var error = stage.Server.Sessions.Continue(found, Connection, handled ?? Handled);
        if (error is not null)
        {
            Connection.End(Core.Connections.EndReason.ProtocolError, error);
        }

        return count;
    }

    /// <summary>The body, also of a message inside a carbon or an archive's result.</summary>
    public static string BodyOf(Stanza message) => message.ToString().Split("<body>")[1].Split("</body>")[0];
}
