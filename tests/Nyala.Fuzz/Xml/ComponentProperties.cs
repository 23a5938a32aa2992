using System.Text;
using FsCheck;
using FsCheck.Fluent;
using Nyala.Xmpp;
using Nyala.Xmpp.Xml;
using Xunit;

namespace Nyala.Fuzz.Xml;

/// <summary>The beginning of a component's stream comes from whoever reaches the port: however it is spoiled, the reader says what it is, in the end.</summary>
public sealed class ComponentProperties
{
    const string Header = "<?xml version='1.0'?><stream:stream xmlns='jabber:component:accept' xmlns:stream='http://etherx.jabber.org/streams' to='irc.example.org'>";
    const string Handshake = "<handshake>aaee83c26aeeafcbabeabfcbcd50df997e0a2a1e</handshake>";
    const string Stanza = "<message from='a@irc.example.org' to='b@example.org'><body>hi</body></message>";

    [Fact]
    public void A_handshake_is_read_as_one_and_stanzas_as_those_of_clients()
    {
        var reader = new XmppReader(Framing.Stream, new ReaderLimits(), betweenServers: true);
        ReadOnlySpan<byte> rest = Encoding.UTF8.GetBytes(Header + Handshake + Stanza);
        Assert.Equal(ReadResult.StreamOpen, reader.Read(rest, out var consumed));
        Assert.Equal(("irc.example.org", Ns.Component, null), (reader.Header.To, reader.Header.DefaultNamespace, reader.Header.Version));
        rest = rest[consumed..];
        Assert.Equal(ReadResult.Stanza, reader.Read(rest, out consumed));
        Assert.Equal(("handshake", Ns.Client), (reader.Stanza.Name, reader.Stanza.Namespace));
        rest = rest[consumed..];
        Assert.Equal(ReadResult.Stanza, reader.Read(rest, out _));
        Assert.Equal(Stanza, reader.Stanza.ToString());
    }

    [Fact]
    public void A_spoiled_beginning_is_survived_however_it_is_cut() => Prop.ForAll(
        (from at in Gen.Choose(0, Header.Length + Handshake.Length - 1)
         from value in Gen.Choose(0, 255)
         from cut in Gen.Choose(1, 60)
         from limit in Gen.Elements(100, 262_144)
         select (at, value, cut, limit)).ToArbitrary(),
        spoiled =>
        {
            var bytes = Encoding.UTF8.GetBytes(Header + Handshake + Stanza + "</stream:stream>");
            bytes[spoiled.at] = (byte)spoiled.value;
            return Read(bytes, bytes.Length, spoiled.limit) == Read(bytes, spoiled.cut, spoiled.limit);
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(ReaderProperties.Runs));

    static string Read(byte[] bytes, int piece, int limit)
    {
        var reader = new XmppReader(Framing.Stream, new ReaderLimits(StanzaBytes: limit), betweenServers: true);
        var told = new StringBuilder();
        for (var at = 0; at < bytes.Length; at += piece)
        {
            ReadOnlySpan<byte> rest = bytes.AsSpan(at, Math.Min(piece, bytes.Length - at));
            while (true)
            {
                var result = reader.Read(rest, out var consumed);
                rest = rest[consumed..];
                if (result == ReadResult.NeedMore)
                {
                    break;
                }

                told.Append(result).Append(result switch
                {
                    ReadResult.Stanza => reader.Stanza.ToString(),
                    ReadResult.StreamOpen => reader.Header.ToString(),
                    ReadResult.Error => reader.Error.Condition,
                    _ => "",
                }).Append('\n');
                if (result == ReadResult.Error)
                {
                    return told.ToString();
                }
            }
        }

        return told.ToString();
    }
}
