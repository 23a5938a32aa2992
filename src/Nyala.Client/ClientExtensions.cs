using System.Globalization;
using Nyala.Xmpp;
using Nyala.Xmpp.Stanzas;
using Nyala.Xmpp.Xml;

namespace Nyala.Client;

/// <summary>What scripts say often: presence, messages, roster, pings, registration.</summary>
public static class ClientExtensions
{
    /// <summary>Sends a chat message.</summary>
    /// <returns>Its id.</returns>
    public static async Task<string> SendMessageAsync(this XmppClient client, Jid to, string body, string? id = null, CancellationToken token = default, params Element[] more)
    {
        id ??= client.NewId();
        await client.SendAsync(new Element("message", Ns.Client).Set("type", "chat").Set("to", to.ToString()).Set("id", id).Add("body", body).Add(more), token);
        return id;
    }

    /// <summary>Becomes available.</summary>
    public static Task SendPresenceAsync(this XmppClient client, int priority = 0, string? show = null, Jid? to = null, CancellationToken token = default)
    {
        var presence = new Element("presence", Ns.Client).Set("to", to?.ToString());
        if (show is not null)
        {
            presence.Add("show", show);
        }

        if (priority != 0)
        {
            presence.Add("priority", priority.ToString(CultureInfo.InvariantCulture));
        }

        return client.SendAsync(presence, token);
    }

    /// <summary>Sends presence of a type: unavailable, subscribe, subscribed, unsubscribe, unsubscribed, probe.</summary>
    public static Task SendPresenceAsync(this XmppClient client, string type, Jid? to = null, CancellationToken token = default) =>
        client.SendAsync(new Element("presence", Ns.Client).Set("type", type).Set("to", to?.ToString()), token);

    /// <summary>Sends an iq and returns its payload.</summary>
    /// <returns>The first child of the result; null when it is empty.</returns>
    /// <exception cref="XmppException">The answer is an error.</exception>
    public static async Task<Element?> IqAsync(this XmppClient client, string type, Element payload, Jid? to = null, TimeSpan? timeout = null, CancellationToken token = default)
    {
        var answer = await client.RequestAsync(new Element("iq", Ns.Client).Set("type", type).Set("to", to?.ToString()).Add(payload), timeout, token);
        return answer.Type == StanzaType.Error
            ? throw XmppException.From(answer.Child("error", Ns.Client) ?? answer.ToElement())
            : answer.Payload;
    }

    /// <summary>A round trip to the server: what was sent to this session before has arrived when it is done (R4). An error is an answer too (XEP-0199 §4.2).</summary>
    public static Task PingAsync(this XmppClient client, Jid? to = null, CancellationToken token = default) =>
        client.RequestAsync(
            new Element("iq", Ns.Client).Set("type", "get").Set("to", (to ?? Jid.FromPrepared(null, client.Account.Domain)).ToString()).Add(new Element("ping", Ns.Ping)),
            token: token);

    /// <summary>Enables carbons (XEP-0280 §4) where binding did not.</summary>
    public static async Task EnableCarbonsAsync(this XmppClient client, CancellationToken token = default)
    {
        if (!client.CarbonsEnabled)
        {
            await client.IqAsync("set", new Element("enable", Ns.Carbons), token: token);
        }
    }

    /// <summary>The roster's items (RFC 6121 §2.1).</summary>
    public static async Task<IReadOnlyList<Element>> GetRosterAsync(this XmppClient client, CancellationToken token = default) =>
        [.. (await client.IqAsync("get", new Element("query", Ns.Roster), token: token))?.Children ?? []];

    /// <summary>The message that a carbon carries (XEP-0280 §6, from one's own account only), else the stanza itself.</summary>
    public static Stanza Unwrap(this XmppClient client, Stanza stanza)
    {
        if (stanza.Kind != StanzaKind.Message || !client.Account.Equals(stanza.From))
        {
            return stanza;
        }

        var carbon = stanza.Child("received", Ns.Carbons) ?? stanza.Child("sent", Ns.Carbons);
        return carbon?.Child("forwarded", Ns.Forward)?.Child("message", Ns.Client) is { } message ? Stanza.Of(message) : stanza;
    }

    /// <summary>The text of a message's body, or null.</summary>
    public static string? Body(this Stanza stanza) => stanza.Child("body", Ns.Client)?.Text;

    /// <summary>The id an archive gave a message (XEP-0359), or null.</summary>
    public static string? StanzaId(this Stanza stanza, Jid by) => stanza.ToElement().Children
        .FirstOrDefault(child => child.Is("stanza-id", Ns.StanzaIds) && child["by"] == by.ToString())?["id"];
}
