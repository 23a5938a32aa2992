using Nyala.Core.Routing;
using Nyala.Xmpp.Stanzas;
using Xunit;
using Outcome = Nyala.Core.Routing.Delivery;

namespace Nyala.Server.Tests.Routing;

/// <summary>
/// The table of RFC 6121 §8.5.4, with its letters: S ignore silently or answer an error, E error, D to the resource, O offline,
/// M to one or some or all resources of non-negative priority, A to all of them.
/// </summary>
public sealed class DeliveryRulesTests
{
    /// <summary>The account's state; full address with a match, without, or bare (null); then normal, chat, groupchat, headline.</summary>
    public static TheoryData<Presence, bool?, string> Table => new()
    {
        { Presence.NoAccount, null, "SSES" },
        { Presence.NoAccount, false, "SSSS" },

        { Presence.None, null, "OOES" },
        { Presence.None, false, "SOSS" },
        { Presence.None, true, "DDDD" }, // connected but not available: §8.5.3.1 asks for a connected resource

        { Presence.OnlyNegative, null, "OOES" },
        { Presence.OnlyNegative, true, "DDDD" },
        { Presence.OnlyNegative, false, "SOSS" },

        // One and several resources of non-negative priority: "all" is among what M allows, and the same where there is one.
        { Presence.NonNegative, null, "MMEA" },
        { Presence.NonNegative, true, "DDDD" },
        { Presence.NonNegative, false, "SMSS" },
    };

    [Theory]
    [MemberData(nameof(Table))]
    public void A_message_goes_where_the_table_of_the_RFC_says(Presence presence, bool? match, string letters)
    {
        StanzaType[] types = [StanzaType.Normal, StanzaType.Chat, StanzaType.Groupchat, StanzaType.Headline];
        foreach (var (type, letter) in types.Zip(letters))
        {
            var delivery = DeliveryRules.For(type, match is not null, match == true, presence);
            Assert.True(Allowed(letter).Contains(delivery), $"{type}: {delivery} is not among what {letter} allows.");
        }
    }

    [Theory]
    [MemberData(nameof(Table))]
    public void Absent_and_unknown_types_count_as_normal(Presence presence, bool? match, string letters)
    {
        Assert.Equal(4, letters.Length);
        foreach (var type in (StanzaType[])[StanzaType.None, StanzaType.Unknown])
        {
            Assert.Equal(
                DeliveryRules.For(StanzaType.Normal, match is not null, match == true, presence),
                DeliveryRules.For(type, match is not null, match == true, presence));
        }
    }

    [Theory]
    [MemberData(nameof(Table))]
    public void An_error_is_delivered_to_its_resource_or_to_nobody_and_never_answered(Presence presence, bool? match, string letters)
    {
        Assert.Equal(4, letters.Length);
        var delivery = DeliveryRules.For(StanzaType.Error, match is not null, match == true, presence);
        Assert.Equal(match == true ? Outcome.Resource : Outcome.Ignore, delivery);
    }

    [Theory]
    [InlineData(StanzaType.Chat)]
    [InlineData(StanzaType.Normal)]
    public void What_may_be_ignored_or_refused_is_refused_so_that_senders_know(StanzaType type) =>
        Assert.Equal(Outcome.Refuse, DeliveryRules.For(type, toFull: false, matched: false, Presence.NoAccount));

    [Theory]
    [InlineData(Presence.NoAccount)]
    [InlineData(Presence.None)]
    [InlineData(Presence.OnlyNegative)]
    public void A_headline_that_nobody_takes_tells_nothing_about_the_account(Presence presence) =>
        Assert.Equal(Outcome.Ignore, DeliveryRules.For(StanzaType.Headline, toFull: false, matched: false, presence));

    static Outcome[] Allowed(char letter) => letter switch
    {
        'S' => [Outcome.Ignore, Outcome.Refuse],
        'E' => [Outcome.Refuse],
        'D' => [Outcome.Resource],
        'O' => [Outcome.Offline],
        _ => [Outcome.NonNegative],
    };
}
