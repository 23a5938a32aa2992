using Nyala.Server.Tests.Delivery;
using Xunit;

namespace Nyala.Server.Tests.Features;

/// <summary>What an account wants in its archive (XEP-0441).</summary>
public sealed class ArchivePreferencesTests
{
    [Fact]
    public async Task Everything_is_archived_unless_somebody_says_otherwise()
    {
        await using var stage = await Stage.OpenAsync();
        var juliet = await stage.EnterAsync("juliet", "balcony");
        await juliet.SendAsync("<iq type='get' id='p'><prefs xmlns='urn:xmpp:mam:2'/></iq>");

        Assert.Contains("<prefs xmlns='urn:xmpp:mam:2' default='always'><always/><never/></prefs>", (await juliet.NextAsync()).ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("always", "", "", true)]
    [InlineData("never", "", "", false)]
    [InlineData("roster", "", "", false)]
    [InlineData("never", "romeo@capulet.example", "", true)]
    [InlineData("never", "romeo@capulet.example/garden", "", true)]
    [InlineData("never", "romeo@capulet.example/street", "", false)]
    [InlineData("always", "", "romeo@capulet.example", false)]
    [InlineData("always", "", "romeo@capulet.example/street", true)]
    public async Task Messages_are_archived_as_chosen_and_delivered_in_any_case(string standard, string always, string never, bool archived)
    {
        await using var stage = await Stage.OpenAsync();
        var romeo = await stage.EnterAsync("romeo", "garden");
        var juliet = await stage.EnterAsync("juliet", "balcony");
        await ChooseAsync(juliet, standard, always, never);
        await romeo.MessageAsync("juliet@capulet.example", "hello");
        var message = await juliet.NextMessageAsync();
        Assert.Equal(archived, message.Has("stanza-id", "urn:xmpp:sid:0"));
        await romeo.SendAsync("<iq type='set' id='q'><query xmlns='urn:xmpp:mam:2'/></iq>");
        Assert.Equal("hello", await romeo.BodyAsync());
        await juliet.SendAsync("<iq type='set' id='q'><query xmlns='urn:xmpp:mam:2'/></iq>");

        Assert.Equal(archived ? "message" : "iq", (await juliet.NextAsync()).Name);
    }

    [Fact]
    public async Task The_choice_outlives_the_process()
    {
        await using var stage = await Stage.OpenAsync();
        var juliet = await stage.EnterAsync("juliet", "balcony");
        await ChooseAsync(juliet, "roster", "a@capulet.example", "b@capulet.example");
        await stage.RestartAsync(orderly: false);
        juliet = await stage.EnterAsync("juliet", "balcony");
        await juliet.SendAsync("<iq type='get' id='p'><prefs xmlns='urn:xmpp:mam:2'/></iq>");

        Assert.Contains(
            "default='roster'><always><jid>a@capulet.example</jid></always><never><jid>b@capulet.example</jid></never>",
            (await juliet.NextAsync()).ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("<prefs xmlns='urn:xmpp:mam:2'/>", "bad-request")]
    [InlineData("<prefs xmlns='urn:xmpp:mam:2' default='sometimes'/>", "bad-request")]
    [InlineData("<prefs xmlns='urn:xmpp:mam:2' default='always'><never><jid>@</jid></never></prefs>", "jid-malformed")]
    public async Task A_choice_that_is_none_is_refused(string prefs, string condition)
    {
        await using var stage = await Stage.OpenAsync();
        var juliet = await stage.EnterAsync("juliet", "balcony");
        await juliet.SendAsync($"<iq type='set' id='p'>{prefs}</iq>");

        Assert.Contains(condition, (await juliet.NextAsync()).ToString(), StringComparison.Ordinal);
    }

    static async Task ChooseAsync(Player client, string standard, string always, string never)
    {
        static string List(string address) => address.Length == 0 ? "" : $"<jid>{address}</jid>";
        await client.SendAsync(
            $"<iq type='set' id='p'><prefs xmlns='urn:xmpp:mam:2' default='{standard}'><always>{List(always)}</always><never>{List(never)}</never></prefs></iq>");
        Assert.Contains("type='result'", (await client.NextAsync()).ToString(), StringComparison.Ordinal);
    }
}
