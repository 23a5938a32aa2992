using Xunit;

namespace Nyala.Server.Tests.Features;

/// <summary>Two contacts of one server: a crash must not leave them with different ideas of each other.</summary>
public sealed class BothSidesTests
{
    [Fact]
    public async Task Whatever_one_does_to_the_other_is_one_write_of_both_rosters()
    {
        await using var stage = await Delivery.Stage.OpenAsync();
        var romeo = await stage.EnterAsync("romeo", "garden", counting: false);
        var juliet = await stage.EnterAsync("juliet", "balcony", counting: false);
        const string Remove = "<iq type='set' id='r'><query xmlns='jabber:iq:roster'><item jid='juliet@capulet.example' subscription='remove'/></query></iq>";
        foreach (var (player, stanza) in ((Delivery.Player, string)[])[
            (romeo, "<presence type='subscribe' to='juliet@capulet.example'/>"),
            (juliet, "<presence type='subscribed' to='romeo@capulet.example'/>"),
            (juliet, "<presence type='unsubscribed' to='romeo@capulet.example'/>"),
            (romeo, "<presence type='subscribed' to='juliet@capulet.example'/>"),
            (juliet, "<presence type='subscribe' to='romeo@capulet.example'/>"),
            (juliet, "<presence type='unsubscribe' to='romeo@capulet.example'/>"),
            (romeo, "<presence type='subscribe' to='juliet@capulet.example'/>"),
            (romeo, Remove),
        ])
        {
            stage.Rosters.Writes.Clear();
            await player.SendAsync(stanza);
            await player.SettleAsync();
            var write = Assert.Single(stage.Rosters.Writes);
            Assert.Equal(stanza.Contains("'subscribed' to='juliet", StringComparison.Ordinal) ? 1 : 2, write.Length);
        }
    }
}
