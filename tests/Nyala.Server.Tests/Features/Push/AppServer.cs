using System.Threading.Channels;
using Nyala.Core;
using Nyala.Core.Routing;
using Nyala.Server.Tests.Delivery;
using Nyala.Testing;
using Nyala.Xmpp;
using Nyala.Xmpp.Stanzas;
using Nyala.Xmpp.Xml;
using Xunit;

namespace Nyala.Server.Tests.Features.Push;

/// <summary>An app server that notes what it is asked to push, and answers what the test wants. It outlives the server it belongs to.</summary>
sealed class AppServer : IFeature, IStanzaHost
{
    public const string Address = "app.capulet.example";

    readonly Channel<Stanza> _taken = Channel.CreateUnbounded<Stanza>();
    NyalaServer _server = null!;

    /// <summary>What it answers with; null: a result.</summary>
    public StanzaError? Refusal { get; set; }

    /// <summary>False: it says nothing at all.</summary>
    public bool Answers { get; set; } = true;

    public bool HasNothing => !_taken.Reader.TryPeek(out _);

    public void Register(FeatureBuilder on)
    {
        _server = on.Server;
        on.Host(Address, this);
    }

    public ValueTask<StanzaError?> CheckAsync(MessageEntry message) => new(StanzaError.ServiceUnavailable);

    public void Deliver(MessageEntry message)
    {
    }

    public ValueTask<StanzaError?> PresenceAsync(Stanza presence) => new((StanzaError?)null);

    public ValueTask<StanzaError?> IqAsync(Stanza iq)
    {
        if (iq.Type == StanzaType.Set)
        {
            // Whoever hears of it may want another answer to the next one.
            var (answers, refusal) = (Answers, Refusal);
            _taken.Writer.TryWrite(iq);
            if (answers && refusal is null)
            {
                _server.Router.Send(Stanza.Of(new Element("iq", Ns.Client).Set("type", "result").Set("id", iq.Id)), iq.To!, iq.From!);
            }

            return new(answers ? refusal : null);
        }

        return new(Answers ? Refusal : null);
    }

    /// <summary>Says something as itself.</summary>
    public void Send(string stanza) => _server.Router.Send(Stanza.Parse(System.Text.Encoding.UTF8.GetBytes(stanza)), Jid.Parse(Address), Jid.Parse("juliet@capulet.example"));

    /// <summary>Waits until the server has noted that Juliet's device was told of everything so far: that comes after the answer to a notification.</summary>
    public static async Task NotedAsync(Stage stage)
    {
        var (store, begin) = (stage.Server.Store, TimeProvider.System.GetTimestamp());
        var head = store.Log.Head;
        var registration = Assert.Single(await store.Push.LoadAsync((await stage.AccountAsync("juliet")).Id));
        while (await store.Mailboxes.LoadMarkAsync(registration.Owner) < head)
        {
            Assert.True(TimeProvider.System.GetElapsedTime(begin) < Wire.Patience, "What was told was not noted.");
        }
    }

    /// <summary>The next notification; the clock goes on until it comes, faster and faster.</summary>
    public async Task<Pushed> NextAsync(Stage stage)
    {
        var begin = TimeProvider.System.GetTimestamp();
        var step = TimeSpan.FromMilliseconds(20);
        Stanza? taken;
        while (!_taken.Reader.TryRead(out taken))
        {
            stage.Time.Advance(step);
            step = step < TimeSpan.FromSeconds(5) ? 1.1 * step : step;
            await Task.Delay(TimeSpan.FromMilliseconds(1), TimeProvider.System);
            if (TimeProvider.System.GetElapsedTime(begin) > Wire.Patience)
            {
                throw new TimeoutException("No notification came.");
            }
        }

        return new(taken);
    }
}

/// <summary>A notification as an app server gets it.</summary>
sealed class Pushed(Stanza iq)
{
    readonly Element _pubSub = iq.Payload!;

    public Stanza Iq => iq;

    public string? Node => _pubSub.Child("publish")!["node"];

    public string? Count => Field("message-count");

    public Element? Options => _pubSub.Child("publish-options")?.Child("x", Ns.DataForms);

    public string? Field(string name) => _pubSub.Child("publish")!.Child("item")!.Child("notification", Ns.Push)!.Child("x", Ns.DataForms)!.Children
        .FirstOrDefault(field => field["var"] == name)?.Child("value")?.Text;
}
