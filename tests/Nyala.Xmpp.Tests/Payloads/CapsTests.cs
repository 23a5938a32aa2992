using System.Text;
using Nyala.Xmpp.Payloads;
using Nyala.Xmpp.Stanzas;
using Xunit;

namespace Nyala.Xmpp.Tests.Payloads;

public sealed class CapsTests
{
    const string Exodus = """
        <query xmlns='http://jabber.org/protocol/disco#info'>
          <identity category='client' name='Exodus 0.9.1' type='pc'/>
          <feature var='http://jabber.org/protocol/muc'/>
          <feature var='http://jabber.org/protocol/caps'/>
          <feature var='http://jabber.org/protocol/disco#items'/>
          <feature var='http://jabber.org/protocol/disco#info'/>
        </query>
        """;

    const string Psi = """
        <query xmlns='http://jabber.org/protocol/disco#info'>
          <identity xml:lang='en' category='client' name='Psi 0.11' type='pc'/>
          <identity xml:lang='el' category='client' name='&#936; 0.11' type='pc'/>
          <feature var='http://jabber.org/protocol/caps'/>
          <feature var='http://jabber.org/protocol/disco#info'/>
          <feature var='http://jabber.org/protocol/disco#items'/>
          <feature var='http://jabber.org/protocol/muc'/>
          <x xmlns='jabber:x:data' type='result'>
            <field var='os'><value>Mac</value></field>
            <field var='FORM_TYPE' type='hidden'><value>urn:xmpp:dataforms:softwareinfo</value></field>
            <field var='ip_version' type='text-multi'><value>ipv6</value><value>ipv4</value></field>
            <field var='os_version'><value>10.5.1</value></field>
            <field var='software'><value>Psi</value></field>
            <field var='software_version'><value>0.11</value></field>
          </x>
        </query>
        """;

    /// <summary>XEP-0115 §5.2.</summary>
    [Fact]
    public void The_simple_example_of_XEP_0115_has_its_ver() => Assert.Equal("QgayPKawpkPSDYmwT/WM94uAlu0=", Caps.Ver(Parse(Exodus)));

    /// <summary>XEP-0115 §5.3.</summary>
    [Fact]
    public void The_complex_example_of_XEP_0115_has_its_ver() =>
        Assert.Equal("q07IKJEyjvHSyhy//CH0CxmKi8w=", Caps.Ver(Parse(Psi)));

    /// <summary>XEP-0390 §4.4: the hash of the input it prints.</summary>
    [Fact]
    public void The_simple_example_of_XEP_0390_has_its_hash()
    {
        string[] features =
        [
            "http://jabber.org/protocol/si", "http://jabber.org/protocol/bytestreams", "http://jabber.org/protocol/chatstates",
            "http://jabber.org/protocol/disco#info", "http://jabber.org/protocol/disco#items", "urn:xmpp:ping", "jabber:iq:time",
            "jabber:iq:privacy", "jabber:iq:version", "http://jabber.org/protocol/rosterx", "urn:xmpp:time", "jabber:x:oob",
            "http://jabber.org/protocol/ibb", "http://jabber.org/protocol/si/profile/file-transfer", "urn:xmpp:receipts",
            "jabber:iq:roster", "jabber:iq:last",
        ];
        var info = new DiscoInfo([new DiscoIdentity("client", "mobile", "BombusMod")], features, []);
        Assert.Equal("kzBZbkqJ3ADrj7v08reD1qcWUwNGHaidNUgD7nHpiw8=", Caps.Hash(info));
        Assert.Equal("urn:xmpp:caps#sha-256.kzBZbkqJ3ADrj7v08reD1qcWUwNGHaidNUgD7nHpiw8=", Caps.Node(Caps.Hash(info)!));
    }

    /// <summary>XEP-0390 §4.4, from its second example: identities in languages, and a form.</summary>
    [Fact]
    public void Identities_and_forms_stand_in_the_hash_input_as_XEP_0390_prints_them()
    {
        var form = new DataForm("result", "urn:xmpp:dataforms:softwareinfo")
            .Add(new DataFormField("software", null, ["Tkabber"]))
            .Add(new DataFormField("software_version", null, ["0.11.1-svn-20111216-mod (Tcl/Tk 8.6b2)"]))
            .Add(new DataFormField("os", null, ["Windows"]))
            .Add(new DataFormField("os_version", null, ["XP"]));
        var info = new DiscoInfo(
            [new DiscoIdentity("client", "pc", "\u0422\u043A\u0430\u0431\u0431\u0435\u0440", "ru"), new DiscoIdentity("client", "pc", "Tkabber", "en")],
            ["x"], [form]);
        Assert.Equal(
            "x\u001F\u001C"
            + "client\u001Fpc\u001Fen\u001FTkabber\u001F\u001E" + "client\u001Fpc\u001Fru\u001F\u0422\u043A\u0430\u0431\u0431\u0435\u0440\u001F\u001E\u001C"
            + "FORM_TYPE\u001Furn:xmpp:dataforms:softwareinfo\u001F\u001E" + "os\u001FWindows\u001F\u001E" + "os_version\u001FXP\u001F\u001E"
            + "software\u001FTkabber\u001F\u001E" + "software_version\u001F" + "0.11.1-svn-20111216-mod (Tcl/Tk 8.6b2)\u001F\u001E\u001D\u001C",
            Encoding.UTF8.GetString(Caps.HashInput(info)!));
    }

    [Fact]
    public void What_says_something_twice_has_no_ver()
    {
        var identity = new DiscoIdentity("client", "pc");
        Assert.Null(Caps.Ver(new DiscoInfo([identity, identity], [], [])));
        Assert.Null(Caps.Ver(new DiscoInfo([identity], ["a", "a"], [])));
        Assert.Null(Caps.Ver(new DiscoInfo([identity], [], [new DataForm("result", "a"), new DataForm("result", "a")])));
        Assert.Null(Caps.Ver(new DiscoInfo([identity], [], [new DataForm("result").Add("FORM_TYPE", "hidden", "a", "b")])));
    }

    [Fact]
    public void A_form_without_hidden_type_counts_for_nothing_in_0115_and_is_an_error_in_0390()
    {
        var plain = new DiscoInfo([new DiscoIdentity("client", "pc")], ["a"], []);
        var odd = plain with { Forms = [new DataForm("result").Add("FORM_TYPE", "text-single", "a")] };
        Assert.Equal(Caps.Ver(plain), Caps.Ver(odd));
        Assert.Null(Caps.Hash(odd));
        Assert.Null(Caps.Hash(plain with { Forms = [new DataForm("result", "a").Report(new DataFormField("b", null, []))] }));
    }

    [Fact]
    public void What_was_written_is_read()
    {
        var info = Parse(Psi);
        Assert.True(DiscoInfo.TryParse(info.ToElement("node"), null, out var again));
        Assert.Equal(Caps.Ver(info), Caps.Ver(again));
        Assert.Equal(Caps.Hash(info), Caps.Hash(again));
    }

    [Theory]
    [InlineData("<query xmlns='http://jabber.org/protocol/disco#info'><identity type='pc'/></query>")]
    [InlineData("<query xmlns='http://jabber.org/protocol/disco#info'><feature/></query>")]
    [InlineData("<query xmlns='http://jabber.org/protocol/disco#info'><x xmlns='jabber:x:data' type='odd'/></query>")]
    [InlineData("<query xmlns='http://jabber.org/protocol/disco#items'/>")]
    public void What_is_malformed_is_refused(string xml) =>
        Assert.False(DiscoInfo.TryParse(Stanza.Parse(Encoding.UTF8.GetBytes(xml)).ToElement(), null, out _));

    [Fact]
    public void The_language_around_counts()
    {
        var xml = "<query xmlns='http://jabber.org/protocol/disco#info'><identity category='client' type='pc'/></query>"u8.ToArray();
        Assert.True(DiscoInfo.TryParse(Stanza.Parse(xml).ToElement(), "de", out var info));
        Assert.Equal("de", info.Identities[0].Lang);
    }

    [Fact]
    public void Strings_are_ordered_as_their_bytes()
    {
        string[] texts = ["\uFFFD", "\U00010000", "\uD7FF", "b", "a", "ab", "", "\U0001F600", "\uE000"];
        var expected = texts.OrderBy(text => Convert.ToHexString(Encoding.UTF8.GetBytes(text)), StringComparer.Ordinal);
        Assert.Equal(expected, texts.Order(OctetOrder.Instance));
    }

    static DiscoInfo Parse(string xml)
    {
        Assert.True(DiscoInfo.TryParse(Stanza.Parse(Encoding.UTF8.GetBytes(xml)).ToElement(), null, out var info));
        return info;
    }
}
