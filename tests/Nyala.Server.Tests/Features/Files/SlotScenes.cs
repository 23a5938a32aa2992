using System.Globalization;
using System.Net;
using System.Xml.Linq;
using Microsoft.Extensions.Time.Testing;
using Nyala.Server.Tests.Routing;
using Nyala.Testing;
using Xunit;

namespace Nyala.Server.Tests.Features.Files;

/// <summary>Asking for slots (XEP-0363 §§3–6).</summary>
public sealed class SlotScenes(SharedServer shared) : Scene(shared)
{
    [Fact]
    public async Task The_service_is_found_and_says_how_large_a_file_may_be()
    {
        var romeo = await LoginAsync(Romeo);
        await AskAsync(romeo, "get", "<query xmlns='http://jabber.org/protocol/disco#items'/>",
            $"<query xmlns='http://jabber.org/protocol/disco#items'><item jid='{FileStage.Service}' name='HTTP File Upload'/></query>", "localhost");
        await AskAsync(romeo, "get", "<query xmlns='http://jabber.org/protocol/disco#info'/>",
            $"""
            <query xmlns='http://jabber.org/protocol/disco#info'>
            <identity category='store' type='file' name='HTTP File Upload'/>
            <feature var='{FileStage.Ns}'/><feature var='{FileStage.Purpose}#ephemeral'/><feature var='{FileStage.Purpose}#message'/><feature var='{FileStage.Purpose}#profile'/>
            <x xmlns='jabber:x:data' type='result'><field var='FORM_TYPE' type='hidden'><value>{FileStage.Ns}</value></field><field var='max-file-size'><value>104857600</value></field></x>
            </query>
            """, FileStage.Service);
        await AskAsync(romeo, "get", "<query xmlns='http://jabber.org/protocol/disco#items'/>", to: FileStage.Service);
        await AskAsync(romeo, "get", "<ping xmlns='urn:xmpp:ping'/>", to: FileStage.Service);
        await RefusedAsync(romeo, "get", "<query xmlns='http://jabber.org/protocol/disco#info' node='x'/>", "item-not-found", FileStage.Service);
        await RefusedAsync(romeo, "get", "<query xmlns='jabber:iq:last'/>", "service-unavailable", FileStage.Service);
        await RefusedAsync(romeo, "get", FileStage.Request("a", 1), "service-unavailable", "somebody@" + FileStage.Service);
        await romeo.SendAsync($"<message to='{FileStage.Service}' id='m1'><body>Hello?</body></message>");
        await romeo.AwaitAsync("<message type='error' id='m1'><error><service-unavailable xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></message>");
        await romeo.SendAsync($"<presence to='{FileStage.Service}'/>");
        await SettleAsync(romeo);
    }

    [Theory]
    [InlineData("très cool.jpg", "tr%C3%A8s%20cool.jpg")]
    [InlineData("/home/romeo/../letter.pdf", "letter.pdf")]
    [InlineData(@"C:\Users\romeo\letter.pdf", "letter.pdf")]
    [InlineData("..", "file")]
    [InlineData("  .. ", "file")]
    [InlineData(".htaccess", "htaccess")]
    [InlineData("gpj.\u202Eexe.png", "gpj.exe.png")]
    [InlineData("a%2Fb?c#d&amp;e+f.png", "a%252Fb_c%23d%26e%2Bf.png")]
    [InlineData("tab&#9;and&#10;line.txt", "tabandline.txt")]
    [InlineData("invitation.apk.jpg", "invitation.apk.jpg")]
    [InlineData("e\u0301.png", "%C3%A9.png")]
    public async Task A_name_becomes_the_end_of_the_address_and_works(string claimed, string end)
    {
        var romeo = await LoginAsync(Romeo);
        var slot = await romeo.SlotAsync(claimed, 3);
        Assert.EndsWith("/" + end, slot.Put.OriginalString, StringComparison.Ordinal);
        Assert.StartsWith(new Uri(Server.Web, "/files/").ToString(), slot.Put.ToString(), StringComparison.Ordinal);
        Assert.Equal(slot.Put, slot.Get);
        Assert.Equal(HttpStatusCode.Created, await slot.PutAsync([1, 2, 3]));
        Assert.Equal(HttpStatusCode.OK, await slot.Get.StatusAsync());
    }

    [Fact]
    public async Task A_long_name_is_shortened_and_keeps_its_ending()
    {
        var romeo = await LoginAsync(Romeo);
        var slot = await romeo.SlotAsync(new string('ü', 500) + ".png", 3);
        var name = Uri.UnescapeDataString(slot.Get.Segments[^1]);
        Assert.InRange(System.Text.Encoding.UTF8.GetByteCount(name), 150, 200);
        Assert.EndsWith("ü.png", name, StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.Created, await slot.PutAsync([1, 2, 3]));
        Assert.Equal(HttpStatusCode.OK, await slot.Get.StatusAsync());
    }

    [Theory]
    [InlineData("size='1'", "", "bad-request")]
    [InlineData("filename='' size='1'", "", "bad-request")]
    [InlineData("filename='a'", "", "bad-request")]
    [InlineData("filename='a' size='0'", "", "bad-request")]
    [InlineData("filename='a' size='-1'", "", "bad-request")]
    [InlineData("filename='a' size='1.5'", "", "bad-request")]
    [InlineData("filename='a' size='99999999999999999999'", "", "bad-request")]
    [InlineData("filename='a' size='1' content-type='picture'", "", "bad-request")]
    [InlineData("filename='a' size='1' content-type='a/b/c'", "", "bad-request")]
    [InlineData("filename='a' size='1'", "<permanent xmlns='urn:xmpp:http:upload:purpose:0'/>", "feature-not-implemented")]
    [InlineData("filename='a' size='1'", "<message xmlns='urn:xmpp:http:upload:purpose:0'/><profile xmlns='urn:xmpp:http:upload:purpose:0'/>", "bad-request")]
    [InlineData("filename='a' size='1'", "<ephemeral xmlns='urn:xmpp:http:upload:purpose:0'/>", "bad-request")]
    [InlineData("filename='a' size='1'", "<ephemeral xmlns='urn:xmpp:http:upload:purpose:0' expire-before='tomorrow'/>", "bad-request")]
    [InlineData("filename='a' size='1'", "<ephemeral xmlns='urn:xmpp:http:upload:purpose:0' expire-before='2001-01-01T00:00:00Z'/>", "not-acceptable")]
    public async Task A_request_that_is_wrong_gets_no_slot(string attributes, string inner, string condition)
    {
        var romeo = await LoginAsync(Romeo);
        await RefusedAsync(romeo, "get", $"<request xmlns='{FileStage.Ns}' {attributes}>{inner}</request>", condition, FileStage.Service);
    }

    [Fact]
    public async Task A_file_that_is_too_large_is_told_what_is_not()
    {
        var romeo = await LoginAsync(Romeo);
        async Task RefusesAsync(long size, string inner, long most)
        {
            await romeo.SendAsync($"<iq type='get' id='big' to='{FileStage.Service}'>{FileStage.Request("a.png", size, inner: inner)}</iq>");
            await romeo.AwaitAsync(
                $"<iq type='error' id='big'><error type='modify'><not-acceptable xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/><file-too-large xmlns='{FileStage.Ns}'><max-file-size>{most}</max-file-size></file-too-large></error></iq>");
        }

        await RefusesAsync(104_857_601, "", 104_857_600);
        await RefusesAsync(10_485_761, $"<profile xmlns='{FileStage.Purpose}'/>", 10_485_760);
        await romeo.SlotAsync("a.png", 104_857_600);
        await romeo.SlotAsync("a.png", 10_485_760, inner: $"<profile xmlns='{FileStage.Purpose}'/>");
    }

    [Fact]
    public async Task A_full_quota_says_when_there_is_room_again()
    {
        var time = new FakeTimeProvider(new(2026, 1, 2, 3, 4, 5, TimeSpan.Zero));
        await using var server = await TestServer.StartAsync(time, null, "Files:Quota=300K", "Files:MaxBytes=200K", "Files:Expiry=1h", "Files:SlotTime=1m");
        await server.AddUserAsync("romeo");
        await using var romeo = await server.LoginAsync("romeo", "garden");
        await romeo.UploadAsync(FileStage.Bytes(200 * 1_024));
        var early = await romeo.SlotAsync("early.png", 100 * 1_024);
        var late = await romeo.SlotAsync("late.png", 100 * 1_024);
        Assert.Equal(HttpStatusCode.Created, await early.PutAsync(FileStage.Bytes(100 * 1_024)));
        Assert.Equal(HttpStatusCode.InsufficientStorage, await late.PutAsync(FileStage.Bytes(100 * 1_024)));
        await romeo.SendAsync($"<iq type='get' id='full' to='{FileStage.Service}'>{FileStage.Request("a.png", 1)}</iq>");
        var refused = await romeo.AwaitAsync($"<iq type='error' id='full'><error type='wait'><resource-constraint xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/><retry xmlns='{FileStage.Ns}'/></error></iq>");
        var stamp = refused.Descendants(XName.Get("retry", FileStage.Ns)).Single().Attribute("stamp")!.Value;
        time.Advance(DateTimeOffset.Parse(stamp, CultureInfo.InvariantCulture) - time.GetUtcNow());
        await using var later = await server.LoginAsync("romeo", "garden");
        await later.UploadAsync(FileStage.Bytes(1));
    }

    [Fact]
    public async Task Avatars_make_room_for_newer_ones_and_do_not_expire()
    {
        var time = new FakeTimeProvider(new(2026, 1, 2, 3, 4, 5, TimeSpan.Zero));
        await using var server = await TestServer.StartAsync(time, null, "Files:ProfileQuota=128K", "Files:Expiry=1h");
        await server.AddUserAsync("romeo");
        var avatars = new List<GivenSlot>();
        for (var i = 0; i < 3; i++)
        {
            await using var romeo = await server.LoginAsync("romeo", "garden");
            avatars.Add(await romeo.UploadAsync(FileStage.Bytes(1_000), inner: $"<profile xmlns='{FileStage.Purpose}'/>"));
            time.Advance(TimeSpan.FromHours(2));
        }

        Assert.Equal(HttpStatusCode.NotFound, await avatars[0].Get.StatusAsync());
        Assert.Equal(HttpStatusCode.OK, await avatars[1].Get.StatusAsync());
        Assert.Equal(HttpStatusCode.OK, await avatars[2].Get.StatusAsync());
        Assert.Equal(HttpStatusCode.Gone, await avatars[0].PutAsync(FileStage.Bytes(1_000)));
    }

    [Fact]
    public async Task A_slot_lasts_for_its_time_and_a_file_for_its_own()
    {
        var time = new FakeTimeProvider(new(2026, 1, 2, 3, 4, 5, TimeSpan.Zero));
        await using var server = await TestServer.StartAsync(time, null, "Files:Expiry=2d");
        await server.AddUserAsync("romeo");
        await using var romeo = await server.LoginAsync("romeo", "garden");
        var (used, unused) = (await romeo.SlotAsync("a.png", 3), await romeo.SlotAsync("b.png", 3));
        var brief = await romeo.SlotAsync("c.png", 3, inner: $"<ephemeral xmlns='{FileStage.Purpose}' expire-before='2026-01-02T03:05:05Z'/>");
        Assert.Equal(HttpStatusCode.Created, await brief.PutAsync([1, 2, 3]));
        using (var response = await brief.Get.GetAsync())
        {
            Assert.Equal(TimeSpan.FromMinutes(1), response.Headers.CacheControl!.MaxAge);
        }

        time.Advance(TimeSpan.FromMinutes(5) - TimeSpan.FromSeconds(1));
        Assert.Equal(HttpStatusCode.NotFound, await brief.Get.StatusAsync());
        Assert.Equal(HttpStatusCode.Gone, await brief.PutAsync([1, 2, 3]));
        Assert.Equal(HttpStatusCode.Created, await used.PutAsync([1, 2, 3]));
        time.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(HttpStatusCode.Gone, await unused.PutAsync([1, 2, 3]));
        time.Advance(TimeSpan.FromDays(2) - TimeSpan.FromSeconds(2));
        Assert.Equal(HttpStatusCode.OK, await used.Get.StatusAsync());
        time.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(HttpStatusCode.NotFound, await used.Get.StatusAsync());
    }

    [Fact]
    public async Task A_disk_that_is_nearly_full_is_left_to_messages()
    {
        await using var server = await TestServer.StartAsync(settings: "Files:KeepFree=1024T");
        await server.AddUserAsync("romeo");
        await using var romeo = await server.LoginAsync("romeo", "garden");
        await RefusedAsync(romeo, "get", FileStage.Request("a.png", 1), "resource-constraint", FileStage.Service);
    }

    [Fact]
    public async Task Who_is_from_elsewhere_sees_the_service_and_gets_no_slot()
    {
        await using var world = await FakeWorld.StartAsync();
        const string Stranger = "juliet@example.com/b";
        await world.Others.SendAsync($"<iq from='{Stranger}' to='{FileStage.Service}' type='get' id='i1'><query xmlns='http://jabber.org/protocol/disco#info'/></iq>");
        Assert.Contains("max-file-size", await world.Others.NextAsync(), StringComparison.Ordinal);
        await world.Others.SendAsync($"<iq from='{Stranger}' to='{FileStage.Service}' type='get' id='i2'>{FileStage.Request("a.png", 1)}</iq>");
        var answer = await world.Others.NextAsync();
        Assert.StartsWith($"<iq from='{FileStage.Service}' to='{Stranger}' type='error' id='i2'>", answer, StringComparison.Ordinal);
        Assert.Contains("<forbidden", answer, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Switched_off_there_is_neither_service_nor_address()
    {
        await using var server = await TestServer.StartAsync(settings: "Files:Host=off");
        await server.AddUserAsync("romeo");
        await using var romeo = await server.LoginAsync("romeo", "garden");
        await RefusedAsync(romeo, "get", FileStage.Request("a.png", 1), "remote-server-not-found", FileStage.Service);
        Assert.Equal(HttpStatusCode.NotFound, await new Uri(server.Web, "/files/abcdef0123456789abcdef0123456789abcdef01/a.png").StatusAsync());
        using var put = await new Uri(server.Web, "/files/a/b").SendAsync(HttpMethod.Put);
        Assert.Equal(HttpStatusCode.NotFound, put.StatusCode);
    }

    [Fact]
    public async Task A_proxys_address_is_given_out()
    {
        await using var server = await TestServer.StartAsync(settings: ["Files:Address=https://files.example.org", "Files:Host=share.localhost"]);
        await server.AddUserAsync("romeo");
        await using var romeo = await server.LoginAsync("romeo", "garden");
        await romeo.SendAsync($"<iq type='get' id='s' to='share.localhost'>{FileStage.Request("a.png", 1)}</iq>");
        var answer = await romeo.AwaitAsync("<iq type='result' id='s'/>");
        Assert.Contains("url=\"https://files.example.org/files/", answer.ToString(), StringComparison.Ordinal);
    }
}
