using Nyala.Client.Login;
using Nyala.Client.Transports;
using Nyala.Xmpp;
using Nyala.Xmpp.Xml;

namespace Nyala.Client;

/// <summary>Makes accounts in-band (XEP-0077), with an invite where one is needed (XEP-0445).</summary>
public static class Registration
{
    /// <summary>Registers <see cref="ClientOptions.Account"/> with its password.</summary>
    /// <exception cref="XmppException">Refused: <c>conflict</c> when the name is taken.</exception>
    public static async Task RegisterAsync(ClientOptions options, string? invite = null, CancellationToken token = default)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(token);
        using var timer = options.Time.CreateTimer(_ => limit.Cancel(), null, options.Timeout, Timeout.InfiniteTimeSpan);
        token = limit.Token;
        using var transport = options.Transport == ClientTransport.WebSocket
            ? await WebSocketTransport.ConnectAsync(options, token)
            : await StreamTransport.ConnectAsync(options, token);
        var negotiation = new Negotiation(options, transport, new LoginMemory(), null, token);
        await negotiation.SecureAsync();
        if (invite is not null)
        {
            await SetAsync(new Element("preauth", Ns.PreAuth).Set("token", invite));
        }

        await SetAsync(new Element("query", Ns.Register).Add("username", options.Account.Local ?? "").Add("password", options.Password));
        await transport.CloseAsync(token);

        async Task SetAsync(Element payload)
        {
            await transport.WriteAsync(new Element("iq", Ns.Client).Set("type", "set").Set("id", payload.Name).Set("to", options.Account.Domain).Add(payload), token);
            var answer = await negotiation.NextAsync();
            if (answer["type"] != "result")
            {
                throw XmppException.From(answer.Child("error") ?? answer);
            }
        }
    }
}
