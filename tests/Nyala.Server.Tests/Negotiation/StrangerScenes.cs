using System.Text;
using Nyala.Testing;
using Xunit;

namespace Nyala.Server.Tests.Negotiation;

/// <summary>Whatever a stranger sends, it does not get in, and the server serves the next one.</summary>
public sealed class StrangerScenes
{
    const string Header = "<stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' version='1.0' to='localhost'>";

    static readonly string[] Mechanisms = ["PLAIN", "SCRAM-SHA-1", "SCRAM-SHA-256", "SCRAM-SHA-512-PLUS", "HT-SHA-256-NONE", "", "X"];

    static readonly string[] Data =
    [
        "", "=", "%", "AAAA", Logins.Encode("\0romeo\0"), Logins.Encode("\0romeo\0wrong"), Logins.Encode("n,,n=romeo,r=abc"), Logins.Encode("c=biws,r=abc,p=AAAA"),
        Logins.Encode("romeo\0" + new string('x', 32)),
    ];

    static readonly string[] Inlines =
    [
        "", Logins.Bind2, "<resume xmlns='urn:xmpp:sm:3' previd='x' h='0'/>", "<fast xmlns='urn:xmpp:fast:0' count='1'/>", "<fast xmlns='urn:xmpp:fast:0' count='-1'/>",
        "<user-agent id='x'/>", "<request-token xmlns='urn:xmpp:fast:0' mechanism='HT-SHA-256-NONE'/>",
    ];

    static readonly string[] Elements =
    [
        Header, "</stream:stream>", "<iq type='set' id='b'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/></iq>", "<iq/>", "<iq type='get'/>",
        "<iq type='set' id='s'><session xmlns='urn:ietf:params:xml:ns:xmpp-session'/></iq>", "<enable xmlns='urn:xmpp:sm:3' resume='true'/>",
        "<resume xmlns='urn:xmpp:sm:3' previd='' h='-1'/>", "<r xmlns='urn:xmpp:sm:3'/>", "<a xmlns='urn:xmpp:sm:3' h='1'/>", "<presence/>", "<message to='romeo@localhost'/>",
        $"<abort xmlns='{Logins.Sasl}'/>", $"<abort xmlns='{Logins.Sasl2}'/>", $"<success xmlns='{Logins.Sasl}'/>", $"<success xmlns='{Logins.Sasl2}'/>",
        "<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>", "<!-- -->", "<![CDATA[x]]>", "&amp;", " ", "\u00E9", "<x", "'",
    ];

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public async Task Random_bytes_and_elements_never_authenticate_and_never_stop_the_server(int seed)
    {
        var random = new Random(seed);
        await using var server = await TestServer.StartAsync();
        await server.AddUserAsync("romeo");
        for (var i = 0; i < 60; i++)
        {
            var sent = Make(random);
            var answer = await server.TalkAsync(sent);
            Assert.False(answer.Contains("<success", StringComparison.Ordinal) || answer.Contains("internal-server-error", StringComparison.Ordinal),
                $"{Encoding.Latin1.GetString(sent)}\nwas answered with\n{answer}");
        }

        Assert.DoesNotContain(server.Logs, line => line.Contains("logged in with", StringComparison.Ordinal) || line.Contains("Exception", StringComparison.Ordinal));
        await using var romeo = await server.LoginAsync("romeo", "garden");
        await romeo.ExpectNothingAsync();
    }

    static byte[] Make(Random random)
    {
        var bytes = new List<byte>();
        if (random.Next(5) > 0)
        {
            bytes.AddRange(Encoding.UTF8.GetBytes(Header));
        }

        for (var count = random.Next(1, 9); count > 0; count--)
        {
            bytes.AddRange(Encoding.UTF8.GetBytes(Piece(random)));
        }

        if (random.Next(4) == 0)
        {
            var noise = new byte[random.Next(1, 200)];
            random.NextBytes(noise);
            bytes.InsertRange(random.Next(bytes.Count + 1), noise);
        }

        return [.. bytes];
    }

    static string Piece(Random random) => random.Next(5) switch
    {
        0 => Logins.Auth(Pick(random, Mechanisms), Pick(random, Data)),
        1 => Logins.Authenticate(Pick(random, Data), Pick(random, Inlines) + Pick(random, Inlines), Pick(random, Mechanisms)),
        2 => $"<response xmlns='{(random.Next(2) == 0 ? Logins.Sasl : Logins.Sasl2)}'>{Pick(random, Data)}</response>",
        _ => Pick(random, Elements),
    };

    static string Pick(Random random, string[] choices) => choices[random.Next(choices.Length)];
}
