using Nyala.Testing;
using Xunit;

namespace Nyala.Server.Tests.Features;

/// <summary>What service discovery says of who runs the server and what becomes of data (XEP-0157, XEP-0504), beside what is set.</summary>
public sealed class ServerInformationScenes
{
    const string Info = "<query xmlns='http://jabber.org/protocol/disco#info'/>";

    [Fact]
    public async Task Files_are_kept_as_long_as_is_told()
    {
        await using var server = await TestServer.StartAsync(settings: "Files:Expiry=90m");
        await server.AddUserAsync("romeo");
        await using var romeo = await server.LoginAsync("romeo", "garden");
        await romeo.SendAsync($"<iq type='get' id='d1' to='upload.localhost'>{Info}</iq>");
        await romeo.AwaitAsync(
            """
            <iq type='result' id='d1'><query xmlns='http://jabber.org/protocol/disco#info'>
            <x xmlns='jabber:x:data' type='result'><field var='FORM_TYPE' type='hidden'><value>urn:xmpp:data-policy:0</value></field>
            <field var='data_retention'><value>2</value></field></x>
            </query></iq>
            """);
    }

    [Fact]
    public async Task What_is_not_set_is_not_told()
    {
        await using var server = await TestServer.StartAsync();
        await server.AddUserAsync("romeo");
        await using var romeo = await server.LoginAsync("romeo", "garden");
        await romeo.SendAsync($"<iq type='get' id='d1' to='localhost'>{Info}</iq>");
        var answer = (await romeo.AwaitAsync("<iq type='result' id='d1'/>")).ToString();
        Assert.DoesNotContain("serverinfo", answer, StringComparison.Ordinal);
        Assert.DoesNotContain("access_policy", answer, StringComparison.Ordinal);
        Assert.DoesNotContain("backup", answer, StringComparison.Ordinal);
        Assert.Contains("urn:xmpp:data-policy:0", answer, StringComparison.Ordinal);
    }
}
