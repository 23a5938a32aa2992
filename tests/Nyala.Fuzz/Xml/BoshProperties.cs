using System.Text;
using FsCheck;
using FsCheck.Fluent;
using Nyala.Xmpp;
using Nyala.Xmpp.Xml;
using Xunit;

namespace Nyala.Fuzz.Xml;

/// <summary>Wrappers of BOSH come from strangers: whatever the bytes, reading them ends, and what comes out can be read again.</summary>
public sealed class BoshProperties
{
    const string Start = "<body xmlns='http://jabber.org/protocol/httpbind' xmlns:xmpp='urn:xmpp:xbosh' xmlns:stream='http://etherx.jabber.org/streams' rid='1573741820' sid='SomeSID' xml:lang='en'";

    static readonly string[] Parts =
    [
        "<message to='a@b' id='1'><body>hi <b xmlns='x'/></body></message>", "<iq xmlns='jabber:client' type='get' id='2'><query xmlns='jabber:iq:roster'/></iq>",
        "<stream:error><x xmlns='y' xmpp:a='1'/></stream:error>", "<presence/>", " \n", "<r xmlns='urn:xmpp:sm:3'/>", "<x xmlns=''/>", "<p:x xmlns:p='urn:p' p:a='1'/>",
    ];

    static readonly string[] Mistakes =
    [
        "<", ">", "/>", "</body>", "'", "\"", "&", "&x;", "<!--", "<?x?>", "<![CDATA[", "]]>", " xmlns=''", " rid='2'", " xmpp:restart='true'", "text", "\0", "\uFFFE", "<body>", ":", "=",
    ];

    static readonly Gen<byte[]> Wrappers =
        from declared in Gen.Elements("", "<?xml version='1.0'?>", "<?xml version='2.0'?>", " \r\n")
        from attributes in Gen.Elements("", " type='terminate'", " pause='60'", " xmpp:restart='true'", " rid='99999999999999999999'", " a='1' a='2'")
        from parts in Gen.Elements(Parts).ArrayOf().Resize(6)
        from mistakes in (from at in Gen.Choose(0, 10_000) from mistake in Gen.Elements(Mistakes) from length in Gen.Choose(0, 6) select (at, mistake, length)).ArrayOf().Resize(3)
        select mistakes.Aggregate(Encoding.UTF8.GetBytes(declared + Start + attributes + ">" + string.Concat(parts) + "</body>"), (bytes, mistake) => Spoil(bytes, mistake.at, mistake.mistake, mistake.length));

    [Fact]
    public void A_spoiled_wrapper_is_survived() => Holds(Wrappers);

    [Fact]
    public void Any_bytes_are_survived() => Holds(Gen.Choose(0, 255).Select(value => (byte)value).ArrayOf());

    [Fact]
    public void The_session_of_a_wrapper_is_known_from_its_beginning() => Prop.ForAll(Wrappers.ToArbitrary(), bytes =>
    {
        var limits = new ReaderLimits();
        var body = BoshBody.Read(bytes, limits);
        var end = bytes.AsSpan().IndexOf((byte)'>');
        return body is null || body.Sid == BoshBody.PeekSid(bytes, limits) || end < 0;
    }).Check(Config.QuickThrowOnFailure.WithMaxTest(ReaderProperties.Runs));

    static void Holds(Gen<byte[]> input) => Prop.ForAll(input.ToArbitrary(), bytes =>
    {
        foreach (var limits in (ReaderLimits[])[new(), new(StanzaBytes: 300, Depth: 3, Attributes: 4)])
        {
            BoshBody.PeekSid(bytes, limits);
            if (BoshBody.Read(bytes, limits) is not { } body)
            {
                continue;
            }

            Assert.InRange(body.Rid ?? 1, 1, BoshBody.LargestRid);
            foreach (var element in body.Elements)
            {
                // Each element is one whole message, as over a WebSocket.
                var reader = new XmppReader(Framing.WebSocket, new ReaderLimits());
                reader.Read("<open xmlns='urn:ietf:params:xml:ns:xmpp-framing'/>"u8, out _);
                reader.EndOfMessage();
                if (reader.Read(element, out var consumed) == ReadResult.Stanza)
                {
                    Assert.Equal(element.Length, consumed);
                    Assert.NotEqual(Ns.HttpBind, reader.Stanza.Namespace);
                }
            }
        }
    }).Check(Config.QuickThrowOnFailure.WithMaxTest(ReaderProperties.Runs));

    static byte[] Spoil(byte[] bytes, int place, string mistake, int length)
    {
        var at = place % bytes.Length;
        return [.. bytes.AsSpan(0, at), .. Encoding.UTF8.GetBytes(mistake), .. bytes.AsSpan(Math.Min(bytes.Length, at + length))];
    }
}
