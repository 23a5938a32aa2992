using Xunit;

namespace Nyala.Server.Tests.Features;

/// <summary>RFC 6121 §2 on the wire.</summary>
public sealed class RosterScenes(SharedServer shared) : Scene(shared)
{
    const string Empty = "<query xmlns='jabber:iq:roster'><item xmlns='!jabber:iq:roster'/></query>";

    [Fact]
    public async Task A_contact_is_added_changed_and_removed_before_the_eyes_of_interested_sessions()
    {
        var phone = await LoginAsync(Romeo);
        var tablet = await LoginAsync(Romeo, "tablet");
        var indifferent = await LoginAsync(Romeo, "watch");
        await RosterAsync(phone, Empty);
        await RosterAsync(tablet, Empty);
        await AskAsync(phone, "set", $"<query xmlns='jabber:iq:roster'><item jid='{Juliet}/balcony' name='Jule' subscription='both' ask='subscribe' approved='true'><group>Verona</group><group>Love</group></item></query>");
        await tablet.ExpectAsync($"<iq type='set' to='{tablet.Address}' from='-'><query xmlns='jabber:iq:roster' ver='*'><item jid='{Juliet}' name='Jule' subscription='none' ask='-' approved='-'><group>Verona</group><group>Love</group></item></query></iq>");
        await AskAsync(tablet, "set", $"<query xmlns='jabber:iq:roster'><item jid='{Juliet}'/></query>");
        await RosterAsync(phone, $"<query xmlns='jabber:iq:roster'><item jid='{Juliet}' name='-'><group xmlns='!jabber:iq:roster'/></item></query>");
        await AskAsync(phone, "set", $"<query xmlns='jabber:iq:roster'><item jid='{Juliet}' subscription='remove'/></query>");
        await tablet.AwaitAsync($"<iq type='set'><query xmlns='jabber:iq:roster'><item jid='{Juliet}' subscription='remove'/></query></iq>");
        await RosterAsync(phone, Empty);
        await indifferent.ExpectNothingAsync();
    }

    [Theory]
    [InlineData("<query xmlns='jabber:iq:roster'/>", "bad-request")]
    [InlineData("<query xmlns='jabber:iq:roster'><item/></query>", "bad-request")]
    [InlineData("<query xmlns='jabber:iq:roster'><item jid='a@localhost'/><item jid='b@localhost'/></query>", "bad-request")]
    [InlineData("<query xmlns='jabber:iq:roster'><item jid='a@localhost'><group>A</group><group>A</group></item></query>", "bad-request")]
    [InlineData("<query xmlns='jabber:iq:roster'><item jid='a@localhost'><group/></item></query>", "not-acceptable")]
    [InlineData("<query xmlns='jabber:iq:roster'><item jid='@localhost'/></query>", "jid-malformed")]
    [InlineData("<query xmlns='jabber:iq:roster'><item jid='nobody@localhost' subscription='remove'/></query>", "item-not-found")]
    public async Task What_is_wrong_with_a_change_is_said_as_the_RFC_does(string query, string condition)
    {
        var romeo = await LoginAsync(Romeo);
        await RefusedAsync(romeo, "set", query, condition);
    }

    [Fact]
    public async Task Names_and_groups_are_bounded()
    {
        var romeo = await LoginAsync(Romeo);
        var name = new string('x', 1024);
        await RefusedAsync(romeo, "set", $"<query xmlns='jabber:iq:roster'><item jid='a@localhost' name='{name}'/></query>", "not-acceptable");
        await RefusedAsync(romeo, "set", $"<query xmlns='jabber:iq:roster'><item jid='a@localhost'><group>{name}</group></item></query>", "not-acceptable");
    }

    [Fact]
    public async Task A_full_roster_takes_no_more_contacts_but_strangers_do_not_fill_it()
    {
        var romeo = await LoginAsync(Romeo);
        var juliet = await ArriveAsync(Juliet);
        await juliet.SendAsync($"<presence type='subscribe' to='{Romeo}'/>");
        await SettleAsync(juliet);
        for (var i = 0; i < 10; i++)
        {
            await AskAsync(romeo, "set", $"<query xmlns='jabber:iq:roster'><item jid='c{i}@localhost'/></query>");
        }

        await RefusedAsync(romeo, "set", "<query xmlns='jabber:iq:roster'><item jid='c10@localhost'/></query>", "resource-constraint");
        await AskAsync(romeo, "set", "<query xmlns='jabber:iq:roster'><item jid='c9@localhost' name='still here'/></query>");
        await romeo.SendAsync($"<presence type='subscribe' to='{Juliet}'/>");
        await romeo.AwaitAsync("<presence type='error'><error><resource-constraint xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></presence>");
    }

    [Fact]
    public async Task Nobody_reads_or_writes_another_ones_roster()
    {
        var romeo = await LoginAsync(Romeo);
        foreach (var to in (string[])[Juliet, "nobody@localhost"])
        {
            await RefusedAsync(romeo, "get", "<query xmlns='jabber:iq:roster'/>", "service-unavailable", to);
            await RefusedAsync(romeo, "set", $"<query xmlns='jabber:iq:roster'><item jid='{Romeo}'/></query>", "forbidden", to);
        }
    }

    [Fact]
    public async Task Who_knows_a_version_gets_only_what_changed_since()
    {
        var romeo = await LoginAsync(Romeo);
        foreach (var name in (string[])["a", "b", "c"])
        {
            await AskAsync(romeo, "set", $"<query xmlns='jabber:iq:roster'><item jid='{name}@localhost'/></query>");
        }

        var full = await AskAsync(romeo, "get", "<query xmlns='jabber:iq:roster' ver=''/>", "<query xmlns='jabber:iq:roster' ver='*'><item/><item/><item/></query>");
        var known = full.Elements().Single().Attribute("ver")!.Value;
        await AskAsync(romeo, "set", "<query xmlns='jabber:iq:roster'><item jid='a@localhost' subscription='remove'/></query>");
        await AskAsync(romeo, "set", "<query xmlns='jabber:iq:roster'><item jid='b@localhost' name='B'/></query>");
        await AskAsync(romeo, "set", "<query xmlns='jabber:iq:roster'><item jid='c@localhost' subscription='remove'/></query>");
        await AskAsync(romeo, "set", "<query xmlns='jabber:iq:roster'><item jid='c@localhost' name='C'/></query>");

        var again = await LoginAsync(Romeo, "tablet");
        await again.SendAsync($"<iq type='get' id='v'><query xmlns='jabber:iq:roster' ver='{known}'/></iq>");
        await again.ExpectAsync("<iq type='result' id='v'><query xmlns='!jabber:iq:roster'/></iq>");
        // In the order of the changes, and each brings the client to where it is then.
        var first = await again.ExpectAsync("<iq type='set'><query xmlns='jabber:iq:roster' ver='*'><item jid='a@localhost' subscription='remove'/></query></iq>");
        await again.ExpectAsync("<iq type='set'><query xmlns='jabber:iq:roster' ver='*'><item jid='b@localhost' name='B'/></query></iq>");
        var last = await again.ExpectAsync("<iq type='set'><query xmlns='jabber:iq:roster' ver='*'><item jid='c@localhost' name='C'/></query></iq>");
        var current = last.Elements().Single().Attribute("ver")!.Value;
        var between = first.Elements().Single().Attribute("ver")!.Value;
        Assert.Distinct([known, between, current]);
        await again.SendAsync($"<iq type='get' id='u'><query xmlns='jabber:iq:roster' ver='{between}'/></iq>");
        await again.ExpectAsync("<iq type='result' id='u'><query xmlns='!jabber:iq:roster'/></iq>");
        await again.ExpectAsync("<iq type='set'><query xmlns='jabber:iq:roster'><item jid='b@localhost' name='B'/></query></iq>");
        await again.ExpectAsync("<iq type='set'><query xmlns='jabber:iq:roster'><item jid='c@localhost' name='C'/></query></iq>");
        await again.SendAsync($"<iq type='get' id='w'><query xmlns='jabber:iq:roster' ver='{current}'/></iq>");
        var nothing = await again.ExpectAsync("<iq type='result' id='w'/>");
        Assert.Empty(nothing.Elements());
        await again.ExpectNothingAsync();
        await AskAsync(again, "get", "<query xmlns='jabber:iq:roster' ver='not ours'/>", "<query xmlns='jabber:iq:roster' ver='*'><item/><item/></query>");
        var plain = await AskAsync(again, "get", "<query xmlns='jabber:iq:roster'/>", "<query xmlns='jabber:iq:roster' ver='-'/>");
        Assert.Equal(2, plain.Elements().Single().Elements().Count());
    }

    [Fact]
    public async Task A_change_is_pushed_before_it_is_answered()
    {
        var phone = await LoginAsync(Romeo);
        await RosterAsync(phone, "<query xmlns='jabber:iq:roster' ver='-'/>");
        await phone.SendAsync($"<iq type='set' id='s'><query xmlns='jabber:iq:roster'><item jid='{Juliet}' name='Juliet'><group>Verona</group></item></query></iq>");
        await phone.ExpectAsync($"<iq type='set' id='*'><query xmlns='jabber:iq:roster' ver='*'><item jid='{Juliet}' name='Juliet' subscription='none' ask='-'><group>Verona</group></item></query></iq>");
        await phone.ExpectAsync("<iq type='result' id='s'/>");
        await RosterAsync(phone, $"<query xmlns='jabber:iq:roster'><item jid='{Juliet}' name='Juliet'/></query>");
    }

    [Fact]
    public async Task A_contact_that_another_session_added_is_among_what_changed()
    {
        var phone = await LoginAsync(Romeo);
        var full = await AskAsync(phone, "get", "<query xmlns='jabber:iq:roster' ver=''/>", "<query xmlns='jabber:iq:roster' ver='*'/>");
        var again = $"<iq type='get' id='v'><query xmlns='jabber:iq:roster' ver='{full.Elements().Single().Attribute("ver")!.Value}'/></iq>";
        var laptop = await LoginAsync(Romeo, "laptop");
        await AskAsync(laptop, "set", "<query xmlns='jabber:iq:roster'><item jid='nurse@localhost'/></query>");
        await SettleAsync(phone);
        await phone.SendAsync(again);
        await phone.ExpectAsync("<iq type='result' id='v'><absent:query xmlns:absent='!jabber:iq:roster'/></iq>");
        await phone.ExpectAsync("<iq type='set'><query xmlns='jabber:iq:roster' ver='*'><item jid='nurse@localhost'/></query></iq>");
        await phone.ExpectNothingAsync();
    }

    [Fact]
    public async Task Nobody_is_a_contact_of_oneself() => await RefusedAsync(
        await LoginAsync(Romeo), "set", $"<query xmlns='jabber:iq:roster'><item jid='{Romeo}'/></query>", "not-allowed");
}
