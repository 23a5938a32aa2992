using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Xml.Linq;
using Nyala.Testing;
using Nyala.Xmpp.Sasl;
using Xunit;

namespace Nyala.Server.Tests.Negotiation;

/// <summary>Steps of logging in that several scenes share, written as they go over the wire.</summary>
static class Logins
{
    public const string Sasl = "urn:ietf:params:xml:ns:xmpp-sasl";
    public const string Sasl2 = "urn:xmpp:sasl:2";

    /// <summary>What Bind 2 is asked for where a scene needs a session and nothing special.</summary>
    public const string Bind2 = "<bind xmlns='urn:xmpp:bind:0'><enable xmlns='urn:xmpp:sm:3' resume='true'/></bind>";

    /// <summary>Base64 of text, as SASL sends it.</summary>
    public static string Encode(string text) => Convert.ToBase64String(Encoding.UTF8.GetBytes(text));

    /// <summary>PLAIN's only message.</summary>
    public static string Plain(string username, string password = TestServer.Password) => Encode($"\0{username}\0{password}");

    public static string Auth(string mechanism, string data) => $"<auth xmlns='{Sasl}' mechanism='{mechanism}'>{data}</auth>";

    /// <summary>A request of SASL2 with PLAIN or a token.</summary>
    public static string Authenticate(string data, string inline, string mechanism = "PLAIN") =>
        $"<authenticate xmlns='{Sasl2}' mechanism='{mechanism}'><initial-response>{data}</initial-response>{inline}</authenticate>";

    /// <summary>The connection must be told this failure of SASL, and goes on.</summary>
    public static Task<XElement> ExpectFailureAsync(this Wire wire, string condition, string profile = Sasl) =>
        wire.ExpectAsync($"<failure xmlns='{profile}'><{condition} xmlns='{Sasl}'/></failure>");

    public static async Task<Wire> OpenedAsync(this TestServer server)
    {
        var wire = await server.ConnectAsync();
        await wire.OpenAsync();
        return wire;
    }

    /// <summary>A stream inside direct TLS, the data of its channel binding, and what was announced.</summary>
    public static async Task<(Wire Wire, byte[] Channel, XElement Features)> OpenedTlsAsync(this TestServer server)
    {
        var wire = await Wire.ConnectAsync(server.XmppTls, server.Domain);
        using X509Certificate2 certificate = await wire.AuthenticateTlsAsync("xmpp-client");
        var features = await wire.OpenAsync();
        return (wire, ChannelBinding.TlsServerEndPoint(certificate)!, features);
    }

    /// <summary>Logs in with SCRAM; returns the answer to the last message: success or failure.</summary>
    public static async Task<XElement> ScramAsync(this Wire wire, string profile, string mechanism, ScramClient client)
    {
        var first = Convert.ToBase64String(client.First());
        await wire.SendAsync(profile == Sasl
            ? Auth(mechanism, first)
            : Authenticate(first, "", mechanism));
        var challenge = await wire.ExpectAsync($"<challenge xmlns='{profile}'/>");
        Assert.True(client.TryRespond(Convert.FromBase64String(challenge.Value), out var last), client.Problem);
        await wire.SendAsync($"<response xmlns='{profile}'>{Convert.ToBase64String(last)}</response>");
        return await wire.ReceiveAsync();
    }

    /// <summary>SASL2 with PLAIN and this inline; returns <c>success</c>.</summary>
    public static async Task<XElement> LogIn2Async(this Wire wire, string username, string inline)
    {
        await wire.SendAsync(Authenticate(Plain(username), inline));
        return await wire.ExpectAsync($"<success xmlns='{Sasl2}'/>");
    }

    /// <summary>Authenticated with SASL and the stream opened again, nothing bound.</summary>
    public static async Task<Wire> AuthenticatedAsync(this TestServer server, string username)
    {
        var wire = await server.OpenedAsync();
        await wire.SendAsync(Auth("PLAIN", Plain(username)));
        await wire.ExpectAsync($"<success xmlns='{Sasl}'/>");
        await wire.OpenAsync();
        return wire;
    }

    /// <summary>A session with stream management; returns the id to resume it by.</summary>
    public static async Task<(Wire Wire, string Id)> ManagedAsync(this TestServer server, string username, string resource)
    {
        var wire = await server.LoginAsync(username, resource);
        await wire.SendAsync("<enable xmlns='urn:xmpp:sm:3' resume='true'/>");
        var enabled = await wire.ExpectAsync("<enabled xmlns='urn:xmpp:sm:3' id='*' resume='true'/>");
        return (wire, enabled.Attribute("id")!.Value);
    }

    /// <summary>Sends all of it and nothing after it; returns everything that comes until the server ends the connection.</summary>
    public static async Task<string> TalkAsync(this TestServer server, byte[] sent)
    {
        using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(server.Xmpp);
        var answer = new List<byte>();
        var buffer = new byte[4096];
        try
        {
            await socket.SendAsync(sent);
            socket.Shutdown(SocketShutdown.Send);
            int count;
            while ((count = await socket.ReceiveAsync(buffer).WaitAsync(Wire.Patience, TimeProvider.System)) > 0)
            {
                answer.AddRange(buffer.AsSpan(0, count));
            }
        }
        catch (SocketException)
        {
            // The server need not read to the end what it has refused.
        }

        return Encoding.UTF8.GetString([.. answer]);
    }
}
