using System.Net;
using Microsoft.Extensions.Time.Testing;
using Nyala.Core;
using Nyala.Core.Connections;
using Nyala.Core.Diagnostics;
using Nyala.Core.Sessions.Negotiation;
using Nyala.Features;
using Nyala.Server.Tests.Connections;
using Nyala.Storage;
using Nyala.Storage.Sqlite;
using Nyala.Testing;
using Nyala.Xmpp.Sasl;
using Xunit;
using Wire = Nyala.Server.Tests.Connections.Wire;

namespace Nyala.Server.Tests.Negotiation;

/// <summary>Who may try to log in, and when: what takes addresses or a queue that no client of the whole server can have.</summary>
public sealed class AdmissionTests
{
    [Fact]
    public async Task Who_guesses_waits_longer_and_longer_and_others_do_not()
    {
        var guesser = new IPEndPoint(IPAddress.Parse("192.0.2.66"), 1);
        await using var fixture = await Fixture.OpenAsync(new() { FailedLogins = 3 });
        using var wire = await fixture.OpenStreamAsync(guesser);
        for (var i = 0; i < 3; i++)
        {
            Assert.Equal("not-authorized", await TryAsync(wire, "wrong"));
        }

        Assert.Equal("temporary-auth-failure", await TryAsync(wire));
        using var other = await fixture.OpenStreamAsync(new(IPAddress.Parse("192.0.2.67"), 1));
        Assert.Equal("success", await TryAsync(other));

        fixture.Time.Advance(TimeSpan.FromSeconds(6));
        using var again = await fixture.OpenStreamAsync(guesser);
        Assert.Equal("not-authorized", await TryAsync(again, "wrong"));
        fixture.Time.Advance(TimeSpan.FromSeconds(6));
        Assert.Equal("temporary-auth-failure", await TryAsync(again));
        fixture.Time.Advance(TimeSpan.FromSeconds(5));
        Assert.Equal("success", await TryAsync(again));
    }

    [Fact]
    public async Task A_login_that_is_not_admitted_in_time_is_told_to_come_back_later()
    {
        await using var fixture = await Fixture.OpenAsync(new() { ConcurrentLogins = 1 });
        var logins = fixture.Connections.Admission.Logins;
        Assert.True(await logins.EnterAsync(TimeSpan.Zero, CancellationToken.None));
        using var wire = await fixture.OpenStreamAsync();
        var armed = fixture.Connections.Wheel.Armed;
        await wire.SendAsync(Logins.Auth("PLAIN", Logins.Plain("romeo")));
        while (logins.Waiting == 0 || fixture.Connections.Wheel.Armed <= armed)
        {
            await Task.Yield();
        }

        fixture.Time.Advance(TimeSpan.FromSeconds(11));
        Assert.Contains("<resource-constraint ", await wire.ReceiveAsync("</stream:stream>"), StringComparison.Ordinal);

        // And one that gets its turn in time notices nothing.
        using var patient = await fixture.OpenStreamAsync();
        await patient.SendAsync(Logins.Auth("PLAIN", Logins.Plain("romeo")));
        logins.Leave();
        await patient.ReceiveAsync("<success ");
    }

    /// <summary>One attempt; returns what came of it.</summary>
    static async Task<string> TryAsync(Wire wire, string password = TestServer.Password)
    {
        await wire.SendAsync(Logins.Auth("PLAIN", Logins.Plain("romeo", password)));
        var answer = await wire.ReceiveAsync(">");
        return answer.StartsWith("<success", StringComparison.Ordinal)
            ? "success"
            : (await wire.ReceiveAsync("</failure>")).Split('<', '/')[1];
    }

    /// <summary>The server behind connections in memory, a clock that the test moves, one account, romeo.</summary>
    sealed class Fixture : IAsyncDisposable
    {
        readonly DirectoryInfo _data = Directory.CreateTempSubdirectory("nyala-admission-");
        readonly Metrics _metrics = new();
        readonly CollectedLogs _logs = new();
        SqliteStore _store = null!;
        NyalaServer _server = null!;

        Fixture()
        {
        }

        public FakeTimeProvider Time { get; } = new(new DateTimeOffset(2026, 1, 2, 3, 4, 5, TimeSpan.Zero));

        public ConnectionServices Connections { get; private set; } = null!;

        public static async Task<Fixture> OpenAsync(Limits limits)
        {
            var fixture = new Fixture();
            await fixture.StartAsync(new()
            {
                Domain = "localhost",
                WebAddress = "https://localhost",
                ScramIterations = 4096,
                TlsRequired = false,
                Limits = limits,
            });
            return fixture;
        }

        /// <summary>Connects from an address and reads up to the features.</summary>
        public async Task<Wire> OpenStreamAsync(IPEndPoint? remote = null)
        {
            var wire = Wire.Connect(new XmppListener(Connections, directTls: false), remote);
            await wire.SendAsync("<stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' to='localhost' version='1.0'>");
            await wire.ReceiveAsync("</stream:features>");
            return wire;
        }

        public async ValueTask DisposeAsync()
        {
            await _server.DisposeAsync();
            await _store.DisposeAsync();
            _metrics.Dispose();
            _data.Delete(recursive: true);
        }

        async Task StartAsync(ServerOptions options)
        {
            var log = _logs.CreateLogger("admission");
            _store = await SqliteStore.OpenAsync(_data.FullName, Time, log);
            _server = await NyalaServer.CreateAsync(options, _store, Time, log, _metrics, server => FeatureCatalog.Create(server, out _));
            NegotiationServices? negotiations = null;
            Connections = new(options, Time, new TestCertificates(), _metrics, log, _server.Timers) { NewHandler = () => negotiations!.NewHandler() };
            negotiations = await NegotiationServices.CreateAsync(_server, Connections.Admission);
            var keys = ScramKeys.DeriveAll(TestServer.Password, options.ScramIterations)!;
            await _store.Accounts.CreateAsync(
                "romeo", [.. keys.Select(key => new Credential(key.Hash.Mechanism, key.Serialize()))], AccountRole.User, null, Time.GetUtcNow());
        }
    }
}
