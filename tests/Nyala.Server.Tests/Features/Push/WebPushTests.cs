using System.Buffers.Text;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using FsCheck;
using FsCheck.Fluent;
using Nyala.Features.Outside;
using Nyala.Features.Push;
using Nyala.Xmpp;
using Nyala.Xmpp.Payloads;
using Xunit;

namespace Nyala.Server.Tests.Features.Push;

/// <summary>RFC 8291, RFC 8292 and what a browser's subscription may be.</summary>
public sealed class WebPushTests
{
    [Fact]
    public void The_example_of_RFC_8291_comes_out()
    {
        // RFC 8291 §5 and Appendix A.
        var point = Decode("BP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A8");
        var parameters = WebPushEncryption.PublicKey(point);
        parameters.D = Decode("yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw");
        using var own = ECDiffieHellman.Create(parameters);
        var output = WebPushEncryption.Encrypt(
            "When I grow up, I want to be a watermelon"u8,
            Decode("BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4"),
            Decode("BTBZMqHH6r4Tts7J_aSIgg"), own, Decode("DGv6ra1nlYgDCS1FRnbzlw"), padded: 0);
        Assert.Equal(
            "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A_yl95bQpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN",
            Base64Url.EncodeToString(output));
    }

    [Fact]
    public void Whatever_is_encrypted_the_browser_reads() => Prop.ForAll(
        Gen.Choose(0, 255).ArrayOf().Select(bytes => bytes.Select(value => (byte)value).ToArray()).ToArbitrary(), Gen.Choose(0, 5_000).ToArbitrary(), (message, padded) =>
    {
        using var browser = new Browser();
        var record = WebPushEncryption.Encrypt(message, browser.Point, browser.Secret, padded);
        return browser.Read(record).AsSpan().SequenceEqual(message) && record.Length <= 4_096
            && record.Length == 86 + Math.Max(message.Length, Math.Min(padded, WebPushEncryption.MostBytes)) + 17;
    }).Check(Config.QuickThrowOnFailure);

    [Fact]
    public void A_message_that_is_too_long_is_not_sent()
    {
        using var browser = new Browser();
        Assert.Throws<ArgumentOutOfRangeException>(() => WebPushEncryption.Encrypt(new byte[WebPushEncryption.MostBytes + 1], browser.Point, browser.Secret));
    }

    [Fact]
    public void The_server_says_who_it_is_with_a_signature()
    {
        var time = TimeProvider.System;
        foreach (var secret in (byte[][])[RandomNumberGenerator.GetBytes(32), new byte[32], [.. Enumerable.Repeat((byte)255, 32)]])
        {
            var vapid = new Vapid(secret, "mailto:a@b.example", time);
            Assert.Equal(vapid.PublicKey, new Vapid(secret, "", time).PublicKey);
            var header = vapid.Authorize(new("https://push.example:8443/send/abc?x=1"));
            var (token, key) = (header.Split("t=")[1].Split(',')[0].Split('.'), header.Split("k=")[1]);
            Assert.StartsWith("vapid t=", header, StringComparison.Ordinal);
            Assert.Equal(vapid.PublicKey, key);
            using var verifier = ECDsa.Create(WebPushEncryption.PublicKey(Decode(key)));
            Assert.True(verifier.VerifyData(Encoding.ASCII.GetBytes($"{token[0]}.{token[1]}"), Decode(token[2]), HashAlgorithmName.SHA256));
            var claims = JsonDocument.Parse(Decode(token[1])).RootElement;
            Assert.Equal("https://push.example:8443", claims.GetProperty("aud").GetString());
            Assert.Equal("mailto:a@b.example", claims.GetProperty("sub").GetString());
            Assert.InRange(claims.GetProperty("exp").GetInt64() - time.GetUtcNow().ToUnixTimeSeconds(), 1, 86_400);
        }
    }

    [Theory]
    [InlineData("93.184.216.34", true)]
    [InlineData("2606:2800:220:1:248:1893:25c8:1946", true)]
    [InlineData("::ffff:93.184.216.34", true)]
    [InlineData("64:ff9b::5db8:d822", true)]
    [InlineData("127.0.0.1", false)]
    [InlineData("127.9.9.9", false)]
    [InlineData("0.0.0.0", false)]
    [InlineData("10.1.2.3", false)]
    [InlineData("100.64.0.1", false)]
    [InlineData("169.254.169.254", false)]
    [InlineData("172.16.0.1", false)]
    [InlineData("172.31.255.255", false)]
    [InlineData("192.168.1.1", false)]
    [InlineData("224.0.0.1", false)]
    [InlineData("255.255.255.255", false)]
    [InlineData("::1", false)]
    [InlineData("::", false)]
    [InlineData("::127.0.0.1", false)]
    [InlineData("::ffff:10.0.0.1", false)]
    [InlineData("64:ff9b::a00:1", false)]
    [InlineData("64:ff9b:1::1", false)]
    [InlineData("2002:7f00:1::1", false)]
    [InlineData("fd00::1", false)]
    [InlineData("fe80::1", false)]
    [InlineData("ff02::1", false)]
    public void Only_public_addresses_are_reached(string address, bool isPublic) => Assert.Equal(isPublic, PublicAddresses.IsPublic(IPAddress.Parse(address)));

    [Fact]
    public void A_subscription_is_read_as_it_was_written_and_nothing_makes_it_throw()
    {
        using var browser = new Browser();
        string[] endpoints = [browser.Endpoint, "http://a.example/", "https://u@a.example/", "https://a.example/#x", "https:///", "a", "", "https://" + new string('a', 2_100)];
        string[] keys = [Base64Url.EncodeToString(browser.Point), Base64Url.EncodeToString(new byte[65]), Base64Url.EncodeToString([4, .. new byte[64]]), "AAAA", "", "%"];
        string[] secrets = [Base64Url.EncodeToString(browser.Secret), Convert.ToBase64String(browser.Secret), "AAAA", "", "\0"];
        Prop.ForAll(Gen.Choose(0, 999).ArrayOf(6).ToArbitrary(), dice =>
        {
            var form = new DataForm(dice[4] % 9 == 0 ? "form" : "submit", dice[5] % 9 == 0 ? "urn:example" : Ns.WebPush)
                .Add("endpoint", "text-single", endpoints[dice[0] % endpoints.Length]).Add("p256dh", "text-single", keys[dice[1] % keys.Length]);
            if (dice[3] % 5 != 0)
            {
                form.Add("auth", "text-single", secrets[dice[2] % secrets.Length]);
            }

            var isGood = dice[0] % endpoints.Length == 0 && dice[1] % keys.Length == 0 && dice[2] % secrets.Length is 0 && dice[3] % 5 != 0 && dice[4] % 9 != 0 && dice[5] % 9 != 0;
            return WebPushSubscription.TryParse(form, out var subscription)
                ? WebPushSubscription.TryParse(subscription.ToForm().ToElement().ToUtf8(), out var again) && again.Endpoint == subscription.Endpoint
                    && again.PublicKey.AsSpan().SequenceEqual(browser.Point) && again.Secret.AsSpan().SequenceEqual(browser.Secret) && again.Node == subscription.Node
                : !isGood;
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(3_000));
    }

    static byte[] Decode(string text) => Base64Url.DecodeFromChars(text);
}
