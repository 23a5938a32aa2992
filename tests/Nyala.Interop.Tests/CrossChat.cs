using System.Collections.Concurrent;
using Nyala.Interop.Tests.Stage;
using Xunit;

namespace Nyala.Interop.Tests;

/// <summary>Every client, logged in once and shared by all pairs.</summary>
public sealed class Cast(Server server) : IAsyncLifetime
{
    readonly ConcurrentDictionary<string, Lazy<Task<ChatClient>>> _clients = new(StringComparer.Ordinal);

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public Task<ChatClient> GetAsync(ClientKind kind) =>
        _clients.GetOrAdd(kind.Name, _ => new Lazy<Task<ChatClient>>(() => LoginAsync(kind))).Value;

    public async ValueTask DisposeAsync()
    {
        foreach (var login in _clients.Values.Where(client => client.Value.IsCompletedSuccessfully))
        {
            await (await login.Value).DisposeAsync();
        }
    }

    async Task<ChatClient> LoginAsync(ClientKind kind) =>
        await ChatClient.LoginAsync(server, kind, await server.AddAsync(Path.GetFileNameWithoutExtension(kind.Script)));
}

/// <summary>Two different clients talk, in every pair: what one of them sends the other one shows, and the other way round.</summary>
public sealed class CrossChat(Cast cast) : IClassFixture<Cast>
{
    public static IEnumerable<TheoryDataRow<string, string>> Pairs =>
        from one in ClientKind.All.Index()
        from other in ClientKind.All.Index()
        where one.Index < other.Index
        select new TheoryDataRow<string, string>(one.Item.Name, other.Item.Name);

    [Theory]
    [MemberData(nameof(Pairs))]
    public async Task Two_different_clients_talk(string one, string other)
    {
        var romeo = await EnterAsync(one);
        var juliet = await EnterAsync(other);
        await TellAsync(romeo, juliet);
        await TellAsync(juliet, romeo);
    }

    static async Task TellAsync(ChatClient sender, ChatClient receiver)
    {
        var body = $"{sender.Kind.Name} to {receiver.Kind.Name}: <b> & \"ü\" 😀";
        await sender.SendAsync(receiver.Person, body);
        await receiver.ExpectAsync(sender, body);
    }

    Task<ChatClient> EnterAsync(string name)
    {
        var kind = ClientKind.All.First(kind => kind.Name == name);
        Tool.Need(kind.Needs);
        return cast.GetAsync(kind);
    }
}
