using System.Text;
using FsCheck;
using FsCheck.Fluent;
using Nyala.Xmpp.Sasl;
using Xunit;

namespace Nyala.Fuzz;

/// <summary>Whatever strangers send, nothing throws and nobody gets in.</summary>
public sealed class SaslProperties
{
    static readonly string[] Pieces =
    [
        "n", "y", "p", "=", ",", ",,", "tls-server-end-point", "n=", "r=", "c=", "a=", "p=", "m=", "juliet", "biws", "=2C", "=3D", "\0",
        "\u00E9", "AAAA", "nonce", "juliet@example.com", "@", "v=", "e=", "i=4096", "s=AAAA", "h=",
    ];

    static readonly Config Many = Config.QuickThrowOnFailure.WithMaxTest(5000);

    static readonly SaslOffer Offer = new("example.com", ["SCRAM-SHA-1", "SCRAM-SHA-1-PLUS"], ["tls-server-end-point"], new byte[] { 1 });

    static readonly ScramKeys Keys = ScramKeys.Derive(ScramHash.Sha1, "pencil", 4096)!;

    /// <summary>Random bytes half of the time, and pieces of the grammar otherwise.</summary>
    static Arbitrary<byte[]> Messages { get; } = Gen.OneOf(
        ArbMap.Default.GeneratorFor<byte[]>(),
        Gen.Choose(1, 12).SelectMany(length => Gen.Elements(Pieces).ArrayOf(length))
            .Select(pieces => Encoding.UTF8.GetBytes(string.Concat(pieces)))).ToArbitrary();

    [Fact]
    public void No_first_message_makes_SCRAM_throw() => Prop.ForAll(Messages, message =>
    {
        var plain = new ScramServer(ScramHash.Sha1, plus: false, Offer);
        var bound = new ScramServer(ScramHash.Sha1, plus: true, Offer);
        return (plain.Start(message) is not null || plain.UserName.Length > 0) & (bound.Start(message) is not null || bound.UserName.Length > 0);
    }).Check(Many);

    [Fact]
    public void No_last_message_gets_in_without_the_password() => Prop.ForAll(Messages, message =>
    {
        var server = new ScramServer(ScramHash.Sha1, plus: false, Offer);
        Assert.Null(server.Start("n,,n=juliet,r=nonce"u8));
        var challenge = server.Challenge(Keys);
        byte[] final = [.. "c=biws,"u8, .. challenge.AsSpan(0, challenge.AsSpan().IndexOf((byte)',')), .. message];
        return server.Finish(final, out var serverFinal) is not null && serverFinal.Length == 0;
    }).Check(Many);

    [Fact]
    public void A_message_with_one_byte_changed_does_not_get_in() => Prop.ForAll(ArbMap.Default.ArbFor<(int At, byte Bits)>(), change =>
    {
        var client = new ScramClient(ScramHash.Sha1, "juliet", "pencil");
        var server = new ScramServer(ScramHash.Sha1, plus: false, Offer);
        Assert.Null(server.Start(client.First()));
        Assert.True(client.TryRespond(server.Challenge(Keys), out var final));
        final[(uint)change.At % final.Length] ^= (byte)(change.Bits | 1);
        return server.Finish(final, out _) is not null;
    }).Check(Config.QuickThrowOnFailure.WithMaxTest(200));

    [Fact]
    public void No_server_makes_the_client_throw() => Prop.ForAll(Messages, message =>
    {
        var client = new ScramClient(ScramHash.Sha1, "juliet", "pencil");
        client.First();
        return !client.TryRespond(message, out _) && !client.TryFinish(message) && client.Problem is not null;
    }).Check(Many);

    [Fact]
    public void No_message_makes_PLAIN_or_a_token_throw() => Prop.ForAll(Messages, message =>
    {
        var plain = Plain.Read(message, "example.com", out var request);
        var token = HashedToken.Read(message, "example.com", out var hashed);
        return (plain is null) == (request is not null) && (token is null) == (hashed is not null)
            && hashed?.Verify("token"u8, []) is not true;
    }).Check(Many);

    [Fact]
    public void Base64_comes_back() => Prop.ForAll(ArbMap.Default.ArbFor<byte[]>(), bytes =>
        SaslData.TryDecode(SaslData.Encode(bytes), out var again) && again.AsSpan().SequenceEqual(bytes)).Check(Many);
}
