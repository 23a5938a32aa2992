using System.Text;
using Nyala.Xmpp.Sasl;
using Xunit;

namespace Nyala.Xmpp.Tests.Sasl;

public sealed class ScramTests
{
    static readonly byte[] EndPoint = [1, 2, 3, 4];
    static readonly string[] Announced = ["SCRAM-SHA-256-PLUS", "SCRAM-SHA-256", "SCRAM-SHA-1"];
    static readonly ScramKeys Keys = ScramKeys.Derive(ScramHash.Sha256, "pencil", 4096)!;

    static SaslOffer Bound { get; } = new("example.com", Announced, ["tls-server-end-point"], EndPoint);

    static SaslOffer Unbound { get; } = new("example.com", ["SCRAM-SHA-256", "PLAIN"], [], default);

    [Fact]
    public void The_right_password_opens_the_account_and_proves_the_server()
    {
        var client = new ScramClient(ScramHash.Sha256, "Juliet", "pencil") { AnnouncedMechanisms = Unbound.Mechanisms };
        var server = new ScramServer(ScramHash.Sha256, plus: false, Unbound);
        Assert.Null(Run(client, server, Keys, out var serverFinal));
        Assert.Equal(Jid.Parse("juliet@example.com"), server.Account);
        Assert.True(client.TryFinish(serverFinal));
        Assert.True(client.DowngradeProtected);
    }

    [Fact]
    public void The_channel_binds_with_PLUS()
    {
        var client = new ScramClient(ScramHash.Sha256, "juliet", "pencil")
        {
            Binding = ScramBinding.EndPoint,
            BindingData = EndPoint,
            AnnouncedMechanisms = Announced,
            AnnouncedBindings = ["tls-server-end-point"],
        };
        Assert.Null(Run(client, new ScramServer(ScramHash.Sha256, plus: true, Bound), Keys, out var serverFinal));
        Assert.True(client.TryFinish(serverFinal));
        Assert.True(client.DowngradeProtected);
    }

    [Fact]
    public void Another_channel_is_refused_even_with_the_right_password()
    {
        var client = new ScramClient(ScramHash.Sha256, "juliet", "pencil") { Binding = ScramBinding.EndPoint, BindingData = new byte[] { 9 } };
        Assert.Equal(SaslFailure.NotAuthorized, Run(client, new ScramServer(ScramHash.Sha256, plus: true, Bound), Keys, out var serverFinal));
        Assert.Empty(serverFinal);
    }

    [Theory]
    [InlineData(1, null)]
    [InlineData(2, SaslFailure.NotAuthorized)]
    public void An_older_client_binds_to_the_handshake_and_to_no_other_one(byte seenByTheServer, SaslFailure? failure)
    {
        var client = new ScramClient(ScramHash.Sha256, "juliet", "pencil") { Binding = ScramBinding.Unique, BindingData = new byte[] { 1 } };
        var server = new ScramServer(ScramHash.Sha256, plus: true, Bound) { TlsUnique = () => new[] { seenByTheServer } };
        Assert.Equal(failure, Run(client, server, Keys, out _));
    }

    [Fact]
    public void A_binding_to_the_handshake_is_refused_where_TLS_does_not_end_here()
    {
        var client = new ScramClient(ScramHash.Sha256, "juliet", "pencil") { Binding = ScramBinding.Unique, BindingData = EndPoint };
        Assert.Equal(SaslFailure.NotAuthorized, new ScramServer(ScramHash.Sha256, plus: true, Bound).Start(client.First()));
        var noData = new ScramServer(ScramHash.Sha256, plus: true, Bound) { TlsUnique = () => default };
        Assert.Equal(SaslFailure.NotAuthorized, noData.Start(client.First()));
    }

    [Fact]
    public void The_wrong_password_is_refused()
    {
        var client = new ScramClient(ScramHash.Sha256, "juliet", "pencils");
        Assert.Equal(SaslFailure.NotAuthorized, Run(client, new ScramServer(ScramHash.Sha256, plus: false, Unbound), Keys, out var serverFinal));
        Assert.Empty(serverFinal);
        Assert.False(client.TryFinish(serverFinal));
    }

    [Fact]
    public void Nobody_gets_in_as_a_user_that_does_not_exist()
    {
        var fake = new FakeCredentials(new byte[32], 4096);
        var server = new ScramServer(ScramHash.Sha256, plus: false, Unbound);
        var client = new ScramClient(ScramHash.Sha256, "nobody", "pencil");
        Assert.Null(server.Start(client.First()));
        Assert.True(client.TryRespond(server.Challenge(fake.For(ScramHash.Sha256, server.UserName)), out var final));
        Assert.Equal(SaslFailure.NotAuthorized, server.Finish(final, out _));
    }

    [Fact]
    public void A_user_that_does_not_exist_always_has_the_same_salt()
    {
        var fake = new FakeCredentials(new byte[32], 4096);
        Assert.Equal(fake.For(ScramHash.Sha1, "nobody").Serialize(), new FakeCredentials(new byte[32], 4096).For(ScramHash.Sha1, "nobody").Serialize());
        Assert.NotEqual(fake.For(ScramHash.Sha1, "nobody").Salt, fake.For(ScramHash.Sha1, "noone").Salt);
        Assert.NotEqual(fake.For(ScramHash.Sha1, "nobody").Salt, fake.For(ScramHash.Sha256, "nobody").Salt);
        Assert.NotEqual(fake.For(ScramHash.Sha1, "nobody").Salt, new FakeCredentials([.. new byte[31], 1], 4096).For(ScramHash.Sha1, "nobody").Salt);
        Assert.Equal(fake.For(ScramHash.Sha1, "nobody").Salt, fake.For(ScramHash.Sha1, "NoBody").Salt);
        Assert.NotEqual(fake.For(ScramHash.Sha1, "no body").Salt, fake.For(ScramHash.Sha1, "No body").Salt);
        Assert.Equal(Keys.Salt.Length, fake.For(ScramHash.Sha1, "nobody").Salt.Length);
    }

    [Fact]
    public void A_client_that_was_hidden_the_PLUS_mechanisms_is_warned()
    {
        var client = new ScramClient(ScramHash.Sha256, "juliet", "pencil") { Binding = ScramBinding.NotAnnounced };
        Assert.Equal(SaslFailure.NotAuthorized, new ScramServer(ScramHash.Sha256, plus: false, Bound).Start(client.First()));
        Assert.Null(new ScramServer(ScramHash.Sha256, plus: false, Unbound).Start(client.First()));
    }

    [Fact]
    public void A_client_that_cannot_bind_may_log_in_without()
    {
        var client = new ScramClient(ScramHash.Sha256, "juliet", "pencil");
        Assert.Null(Run(client, new ScramServer(ScramHash.Sha256, plus: false, Bound), Keys, out _));
    }

    [Theory]
    [InlineData("n,a=juliet@example.com,n=juliet,r=x", null)]
    [InlineData("n,a=Juliet@example.com.,n=JULIET,r=x", null)]
    [InlineData("n,a=romeo@example.com,n=juliet,r=x", SaslFailure.InvalidAuthzid)]
    [InlineData("n,a=juliet@example.net,n=juliet,r=x", SaslFailure.InvalidAuthzid)]
    [InlineData("n,a=juliet@example.com/x,n=juliet,r=x", SaslFailure.InvalidAuthzid)]
    [InlineData("n,a=example.com,n=juliet,r=x", SaslFailure.InvalidAuthzid)]
    [InlineData("n,a=juliet,n=juliet,r=x", SaslFailure.InvalidAuthzid)]
    [InlineData("n,a=juliet@example.com,n=ju liet,r=x", SaslFailure.InvalidAuthzid)]
    [InlineData("n,a==2C,n=juliet,r=x", SaslFailure.InvalidAuthzid)]
    [InlineData("n,a=,n=juliet,r=x", SaslFailure.MalformedRequest)]
    public void Nobody_acts_as_somebody_else(string message, SaslFailure? failure) => Assert.Equal(failure, Start(message));

    [Theory]
    [InlineData("n,,n=a=2Cb=3Dc,r=x", "a,b=c")]
    [InlineData("n,,n=J\u00FClia,r=x", "J\u00FClia")]
    [InlineData("n,,n=juliet,r=x,z=1,y=more", "juliet")]
    public void Names_are_unescaped_and_optional_extensions_skipped(string message, string userName)
    {
        var server = new ScramServer(ScramHash.Sha256, plus: false, Unbound);
        Assert.Null(server.Start(Encoding.UTF8.GetBytes(message)));
        Assert.Equal(userName, server.UserName);
    }

    [Fact]
    public void A_name_that_no_account_can_have_is_not_told_apart_from_one_that_does_not_exist()
    {
        var server = new ScramServer(ScramHash.Sha256, plus: false, Unbound);
        Assert.Null(server.Start("n,,n=ju liet,r=x"u8));
        Assert.Null(server.Account);
        Assert.Equal("ju liet", server.UserName);
    }

    [Theory]
    [InlineData("")]
    [InlineData("n")]
    [InlineData("n,")]
    [InlineData("n,,")]
    [InlineData("x,,n=juliet,r=x")]
    [InlineData("n,n=juliet,r=x")]
    [InlineData("n,b=c,n=juliet,r=x")]
    [InlineData("n,,n=juliet")]
    [InlineData("n,,n=juliet,")]
    [InlineData("n,,n=,r=x")]
    [InlineData("n,,r=x,n=juliet")]
    [InlineData("n,,n=juliet,r=")]
    [InlineData("n,,n=juliet,r=a b")]
    [InlineData("n,,n=juliet,r=\u00E9")]
    [InlineData("n,,n=juliet,r=x,")]
    [InlineData("n,,n=juliet,r=x,z")]
    [InlineData("n,,n=juliet,r=x,z=")]
    [InlineData("n,,n=juliet,r=x,m=1")]
    [InlineData("n,,m=1,n=juliet,r=x")]
    [InlineData("n,,n=jul=iet,r=x")]
    [InlineData("n,,n=juliet=,r=x")]
    [InlineData("n,,n=juliet=2c,r=x")]
    [InlineData("n,,n=jul\0iet,r=x")]
    [InlineData("p=tls-server-end-point,,n=juliet,r=x")]
    [InlineData("p=,,n=juliet,r=x")]
    public void A_malformed_first_message_is_called_so(string message) => Assert.Equal(SaslFailure.MalformedRequest, Start(message));

    [Fact]
    public void Names_that_are_not_UTF_8_and_endless_messages_are_malformed()
    {
        Assert.Equal(SaslFailure.MalformedRequest, new ScramServer(ScramHash.Sha256, false, Unbound).Start([.. "n,,n="u8, 0xC3, 0x28, .. ",r=x"u8]));
        Assert.Equal(SaslFailure.MalformedRequest, Start("n,,n=juliet,r=" + new string('x', 5000)));
    }

    [Theory]
    [InlineData("n,,n=juliet,r=x", SaslFailure.MalformedRequest)]
    [InlineData("y,,n=juliet,r=x", SaslFailure.MalformedRequest)]
    [InlineData("p=tls-unique,,n=juliet,r=x", SaslFailure.NotAuthorized)]
    [InlineData("p=tls-exporter,,n=juliet,r=x", SaslFailure.NotAuthorized)]
    public void PLUS_wants_the_binding_that_was_announced(string message, SaslFailure failure) =>
        Assert.Equal(failure, new ScramServer(ScramHash.Sha256, plus: true, Bound).Start(Encoding.UTF8.GetBytes(message)));

    [Theory]
    [InlineData("", SaslFailure.MalformedRequest)]
    [InlineData("c=biws,r={r}", SaslFailure.MalformedRequest)]
    [InlineData("c=biws,p={p}", SaslFailure.MalformedRequest)]
    [InlineData("r={r},c=biws,p={p}", SaslFailure.MalformedRequest)]
    [InlineData("c=,r={r},p={p}", SaslFailure.MalformedRequest)]
    [InlineData("c=bi*s,r={r},p={p}", SaslFailure.MalformedRequest)]
    [InlineData("c=biws,r={r},m=1,p={p}", SaslFailure.MalformedRequest)]
    [InlineData("c=biws,r={r},p={p},z=1", SaslFailure.MalformedRequest)]
    [InlineData("c=biws,r={r},p=***", SaslFailure.MalformedRequest)]
    [InlineData("c=biws,r={r},p=", SaslFailure.NotAuthorized)]
    [InlineData("c=biws,r={r},p=AAAA", SaslFailure.NotAuthorized)]
    [InlineData("c=biws,r=x,p={p}", SaslFailure.NotAuthorized)]
    [InlineData("c=biws,r={r}x,p={p}", SaslFailure.NotAuthorized)]
    [InlineData("c=eSws,r={r},p={p}", SaslFailure.NotAuthorized)]
    [InlineData("c=biwsAA==,r={r},p={p}", SaslFailure.NotAuthorized)]
    [InlineData("c=biws,r={r},z=1,p={p}", SaslFailure.NotAuthorized)]
    public void A_last_message_that_was_touched_is_refused(string template, SaslFailure failure)
    {
        var client = new ScramClient(ScramHash.Sha256, "juliet", "pencil");
        var server = new ScramServer(ScramHash.Sha256, plus: false, Unbound);
        Assert.Null(server.Start(client.First()));
        Assert.True(client.TryRespond(server.Challenge(Keys), out var final));
        var good = Encoding.UTF8.GetString(final);
        var nonce = good[(good.IndexOf(",r=", StringComparison.Ordinal) + 3)..good.IndexOf(",p=", StringComparison.Ordinal)];
        var proof = good[(good.IndexOf(",p=", StringComparison.Ordinal) + 3)..];
        var bad = template.Replace("{r}", nonce, StringComparison.Ordinal).Replace("{p}", proof, StringComparison.Ordinal);
        Assert.Equal(failure, server.Finish(Encoding.UTF8.GetBytes(bad), out var serverFinal));
        Assert.Empty(serverFinal);
    }

    [Fact]
    public void A_step_out_of_order_is_our_own_mistake()
    {
        var server = new ScramServer(ScramHash.Sha256, plus: false, Unbound);
        Assert.Throws<InvalidOperationException>(() => server.Challenge(Keys));
        Assert.Throws<InvalidOperationException>(() => server.Finish([], out _));
        Assert.Null(server.Start("n,,n=juliet,r=x"u8));
        Assert.Throws<InvalidOperationException>(() => server.Start("n,,n=romeo,r=x"u8));
        Assert.Throws<InvalidOperationException>(() => server.Challenge(ScramKeys.Derive(ScramHash.Sha1, "pencil", 1)!));
        server.Challenge(Keys);
        Assert.Throws<InvalidOperationException>(() => server.Challenge(Keys));
        Assert.Equal(SaslFailure.MalformedRequest, server.Finish([], out _));
        Assert.Throws<InvalidOperationException>(() => server.Finish([], out _));
    }

    [Fact]
    public void Every_challenge_has_its_own_nonce()
    {
        var nonces = Enumerable.Range(0, 100).Select(_ =>
        {
            var server = new ScramServer(ScramHash.Sha256, plus: false, Unbound);
            Assert.Null(server.Start("n,,n=juliet,r=x"u8));
            return Encoding.UTF8.GetString(server.Challenge(Keys)).Split(',')[0];
        });
        Assert.Equal(100, nonces.Distinct().Count());
    }

    [Fact]
    public void A_check_costs_little_garbage()
    {
        var client = new ScramClient(ScramHash.Sha256, "juliet", "pencil");
        var first = client.First();
        for (var round = 0; ; round++)
        {
            var before = GC.GetAllocatedBytesForCurrentThread();
            var server = new ScramServer(ScramHash.Sha256, plus: false, Unbound);
            Assert.Null(server.Start(first));
            var challenge = server.Challenge(Keys);
            var made = GC.GetAllocatedBytesForCurrentThread() - before;
            Assert.True(client.TryRespond(challenge, out var final));
            before = GC.GetAllocatedBytesForCurrentThread();
            Assert.Null(server.Finish(final, out _));
            made += GC.GetAllocatedBytesForCurrentThread() - before;
            if (round == 3)
            {
                Assert.InRange(made, 1, 1600);
                return;
            }

            client = new ScramClient(ScramHash.Sha256, "juliet", "pencil") { Keys = client.Keys };
            first = client.First();
        }
    }

    static SaslFailure? Start(string message) =>
        new ScramServer(ScramHash.Sha256, plus: false, Unbound).Start(Encoding.UTF8.GetBytes(message));

    static SaslFailure? Run(ScramClient client, ScramServer server, ScramKeys keys, out byte[] serverFinal)
    {
        Assert.Null(server.Start(client.First()));
        Assert.True(client.TryRespond(server.Challenge(keys), out var final), client.Problem);
        return server.Finish(final, out serverFinal);
    }
}
