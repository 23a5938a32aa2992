using System.Text;
using Nyala.Xmpp.Sasl;
using Xunit;

namespace Nyala.Xmpp.Tests.Sasl;

/// <summary>Exchanges whose bytes are published, or were computed by another implementation (SHA-512: Python's hashlib).</summary>
public sealed class ScramVectorTests
{
    public static TheoryData<string, string, string, string, string, string> Exchanges => new()
    {
        {
            "SCRAM-SHA-1", "fyko+d2lbbFgONRv9qkxdawL", "3rfcNHYJY1ZVvWVs7j",
            "s=QSXCR+Q6sek8bf92,i=4096", "v0X8v3Bz2T0CJGbJQyF0X+HI4Ts=", "rmF9pqV8S7suAoZWja4dJRkFsKQ="
        },
        {
            "SCRAM-SHA-256", "rOprNGfwEbeRWgbNEkqO", "%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0",
            "s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096", "dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=", "6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4="
        },
        {
            "SCRAM-SHA-512", "clientnonce", "servernonce",
            "s=AAECAwQFBgcICQoLDA0ODw==,i=4096", "FL9VZnYiWvYjeLVPxqzzWseXabt8lRgyVVlVjeFxeUY0hcI3H6xxlakn62Ax/SeQRSSUQWYY9ENs0FG6d269/A==",
            "+lrzAuCUEi/MvV5q5YwfENh+wQBGcS98g6SyX1hyFUnRh421tFx9wCnQvMdSohoFHRQp8rKpvtjSEonrju/KGA=="
        },
    };

    [Theory]
    [MemberData(nameof(Exchanges))]
    public void The_client_says_what_the_vector_says(string mechanism, string clientNonce, string serverNonce, string saltAndRounds, string proof, string signature)
    {
        var client = new ScramClient(Mechanisms.Scram(mechanism)!, "user", "pencil", clientNonce);
        Assert.Equal($"n,,n=user,r={clientNonce}", Text(client.First()));
        Assert.True(client.TryRespond(Bytes($"r={clientNonce}{serverNonce},{saltAndRounds}"), out var final), client.Problem);
        Assert.Equal($"c=biws,r={clientNonce}{serverNonce},p={proof}", Text(final));
        Assert.True(client.TryFinish(Bytes("v=" + signature)));
        Assert.False(client.DowngradeProtected);
    }

    [Theory]
    [MemberData(nameof(Exchanges))]
    public void The_server_says_what_the_vector_says(string mechanism, string clientNonce, string serverNonce, string saltAndRounds, string proof, string signature)
    {
        var hash = Mechanisms.Scram(mechanism)!;
        var salt = Convert.FromBase64String(saltAndRounds.Split(',')[0][2..]);
        var offer = new SaslOffer("example.com", [mechanism], [], default) { ProtectsFromDowngrade = false };
        var server = new ScramServer(hash, plus: false, offer, serverNonce);
        Assert.Null(server.Start(Bytes($"n,,n=user,r={clientNonce}")));
        Assert.Equal("user", server.UserName);
        Assert.Equal(Jid.Parse("user@example.com"), server.Account);
        Assert.Equal($"r={clientNonce}{serverNonce},{saltAndRounds}", Text(server.Challenge(ScramKeys.Derive(hash, "pencil", salt, 4096)!)));
        Assert.Null(server.Finish(Bytes($"c=biws,r={clientNonce}{serverNonce},p={proof}"), out var serverFinal));
        Assert.Equal("v=" + signature, Text(serverFinal));
    }

    /// <summary>The example of XEP-0474 §6.</summary>
    [Fact]
    public void The_downgrade_hash_is_the_one_of_the_example()
    {
        Assert.Equal("G6k/rBLDqgOhRRaCuuatSDFkJ08=", DowngradeProtection.Hash(
            ScramHash.Sha1, ["SCRAM-SHA-1-PLUS", "SCRAM-SHA-1"], ["tls-server-end-point", "tls-exporter"]));
    }

    static byte[] Bytes(string text) => Encoding.UTF8.GetBytes(text);

    static string Text(byte[] bytes) => Encoding.UTF8.GetString(bytes);
}
