using System.Security.Cryptography;
using System.Text;
using System.Xml.Linq;
using Nyala.Server.Tests.Federation;
using Nyala.Testing;

namespace Nyala.Server.Tests.Features.Components;

/// <summary>A component in a test's hands. What it receives is compared as if it were in the namespace of clients.</summary>
sealed class ComponentWire : IAsyncDisposable
{
    public const string Domain = "irc.localhost";
    public const string Secret = "whisper into the dark";

    /// <summary>The settings of a server that has it.</summary>
    public const string Setting = $"Components:{Domain}:Secret={Secret}";

    readonly OtherWire _wire;

    ComponentWire(OtherWire wire) => _wire = wire;

    public static async Task<ComponentWire> ConnectAsync(TestServer server) => new(await OtherWire.ConnectAsync(server.Components));

    /// <summary>Connected and accepted.</summary>
    public static async Task<ComponentWire> LoginAsync(TestServer server, string domain = Domain, string secret = Secret)
    {
        var wire = await ConnectAsync(server);
        await wire.OpenAsync(domain);
        await wire.ShakeHandsAsync(secret);
        await wire.ExpectAsync("<handshake/>");
        return wire;
    }

    public XElement? Header => _wire.Header;

    public Task SendAsync(string text) => _wire.SendAsync(text);

    public async Task OpenAsync(string to, string ns = "jabber:component:accept")
    {
        await SendAsync($"<stream:stream xmlns='{ns}' xmlns:stream='http://etherx.jabber.org/streams' to='{to}'>");
        await _wire.ReadHeaderAsync();
    }

#pragma warning disable CA5350 // XEP-0114 §3 knows nothing but SHA-1.
    public Task ShakeHandsAsync(string secret) =>
        SendAsync($"<handshake>{Convert.ToHexStringLower(SHA1.HashData(Encoding.UTF8.GetBytes(Header!.Attribute("id")!.Value + secret)))}</handshake>");
#pragma warning restore CA5350

    public async Task<XElement> ReceiveAsync()
    {
        var element = await _wire.ReceiveAsync();
        foreach (var part in element.DescendantsAndSelf().Where(part => part.Name.NamespaceName == "jabber:component:accept"))
        {
            part.Name = XName.Get(part.Name.LocalName, "jabber:client");
        }

        return element;
    }

    public async Task<XElement> ExpectAsync(string pattern)
    {
        var element = await ReceiveAsync();
        ElementPattern.Parse(pattern).Require(element);
        return element;
    }

    /// <summary>The next element that matches.</summary>
    public async Task<XElement> AwaitAsync(string pattern)
    {
        var wanted = ElementPattern.Parse(pattern);
        while (true)
        {
            var element = await ReceiveAsync();
            if (wanted.Mismatch(element) is null)
            {
                return element;
            }
        }
    }

    /// <summary>Proves that nothing more comes.</summary>
    public async Task ExpectNothingAsync()
    {
        await SendAsync($"<iq type='get' id='nothing' from='{Domain}' to='localhost'><ping xmlns='urn:xmpp:ping'/></iq>");
        await ExpectAsync("<iq id='nothing'/>");
    }

    public Task ExpectErrorAsync(string condition) => _wire.ExpectErrorAsync(condition);

    public ValueTask DisposeAsync() => _wire.DisposeAsync();
}
