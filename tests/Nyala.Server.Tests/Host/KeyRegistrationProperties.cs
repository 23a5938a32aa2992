using System.Text;
using FsCheck;
using FsCheck.Fluent;
using Nyala.Host.Http;
using Nyala.Xmpp.Sasl;
using Xunit;

namespace Nyala.Server.Tests.Host;

/// <summary>Whatever strangers post, reading it does not throw, and what is read can be stored and logged in with.</summary>
public sealed class KeyRegistrationProperties
{
    const int Iterations = 4_096;

    static readonly string[] Pieces =
    [
        "{", "}", "[", "]", ",", ":", "\"", "null", "true", "4096", "1e9", "-1", "\"username\"", "\"keys\"", "\"token\"", "\"mechanism\"", "\"SCRAM-SHA-256\"", "\"SCRAM-SHA-512\"",
        "\"salt\"", "\"iterations\"", "\"storedKey\"", "\"serverKey\"", "\"AAAA\"", "\"=\"", "\"\\ud800\"", "\\", "\0", "ö", "/*", "\"romeo\"",
    ];

    static readonly Config Many = Config.QuickThrowOnFailure.WithMaxTest(5_000);

    static readonly byte[] Good = Encoding.UTF8.GetBytes($$"""
        {"username":"romeo","token":"t","keys":[
        {"mechanism":"SCRAM-SHA-512","salt":"{{Base64(16)}}","iterations":4096,"storedKey":"{{Base64(64)}}","serverKey":"{{Base64(64)}}"},
        {"mechanism":"SCRAM-SHA-256","salt":"{{Base64(16)}}","iterations":4096,"storedKey":"{{Base64(32)}}","serverKey":"{{Base64(32)}}"}]}
        """);

    /// <summary>Random bytes, pieces of the grammar, and a good request with some pieces written over it.</summary>
    static Arbitrary<byte[]> Bodies { get; } = Gen.OneOf(
        ArbMap.Default.GeneratorFor<byte[]>(),
        Gen.Choose(1, 30).SelectMany(length => Gen.Elements(Pieces).ArrayOf(length)).Select(pieces => Encoding.UTF8.GetBytes(string.Concat(pieces))),
        from at in Gen.Choose(0, Good.Length - 1)
        from removed in Gen.Choose(0, 20)
        from piece in Gen.Elements(Pieces)
        select (byte[])[.. Good[..at], .. Encoding.UTF8.GetBytes(piece), .. Good[Math.Min(Good.Length, at + removed)..]]).ToArbitrary();

    [Fact]
    public void A_good_request_is_read()
    {
        Assert.True(KeyRegistration.TryRead(Good, Iterations, out var request, out _));
        Assert.Equal(("romeo", "t", 2), (request.Username, request.Token, request.Credentials.Count));
    }

    [Fact]
    public void No_body_throws_and_what_is_read_is_whole() => Prop.ForAll(Bodies, body =>
        KeyRegistration.TryRead(body, Iterations, out var request, out var problem)
            ? problem is null && request.Username.Length > 0 && KeyRegistration.Required.All(hash => request.Credentials.Any(credential =>
                ScramKeys.TryParse(credential.Keys, out var keys) && keys.Hash == hash && keys.Iterations is >= Iterations and <= Iterations * KeyRegistration.MostTimesIterations))
            : request is null && problem.Length > 0).Check(Many);

    static string Base64(int size) => Convert.ToBase64String(new byte[size]);
}
