using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text.Json;
using Nyala.Interop.Tests.Stage;
using Xunit;

namespace Nyala.Interop.Tests;

/// <summary>
/// Everybody who speaks OMEMO, logged in once on one server and shared by all scenes, and in each other's contacts; all that they send
/// to each other is encrypted, what they send to a group is not.
/// </summary>
public sealed class Confidants : IAsyncLifetime
{
    readonly ConcurrentDictionary<string, Lazy<Task<ChatClient>>> _clients = new(StringComparer.Ordinal);
    readonly Dictionary<string, Person> _people = new(StringComparer.Ordinal);
    readonly string _folder = Directory.CreateTempSubdirectory("nyala-letters-").FullName;
    int _letters;

    /// <summary>
    /// In the order in which they come. Gajim is the last: it asks for a device's keys once, and Dino lists its device before it
    /// has published them.
    /// </summary>
    public static IReadOnlyList<ClientKind> Kinds { get; } = [ClientKind.Converse, ClientKind.Dino, ClientKind.Profanity, ClientKind.Gajim];

    public DesktopServer Server { get; } = new();

    public async ValueTask InitializeAsync()
    {
        await Server.InitializeAsync();
        foreach (var kind in Kinds)
        {
            _people[kind.Name] = await Server.AddAsync(kind.Script.Split('_')[0]);
        }
        if (Tool.HasModule("slixmpp"))
        {
            await Scene.PlayAsync(Server, "contacts.py", _people.Values);
        }
    }

    public async Task<ChatClient> GetAsync(ClientKind kind)
    {
        foreach (var earlier in Kinds.TakeWhile(earlier => earlier != kind).Where(earlier => earlier.Needs.All(Tool.IsHere)))
        {
            await OnceAsync(earlier);
        }

        return await OnceAsync(kind);
    }

    /// <summary>A file that nobody has sent yet: its path, and its SHA-256 as <see cref="Received.Digest"/>.</summary>
    public async Task<(string Path, string Digest)> WriteAsync(ChatClient author)
    {
        var content = RandomNumberGenerator.GetBytes(100_000);
        var path = Path.Combine(_folder, $"{author.Person.Jid.Split('@')[0]}-{Interlocked.Increment(ref _letters)}.pdf");
        await File.WriteAllBytesAsync(path, content);
        return (path, Convert.ToHexStringLower(SHA256.HashData(content)));
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var login in _clients.Values.Where(client => client.Value.IsCompletedSuccessfully))
        {
            await (await login.Value).DisposeAsync();
        }
        await Server.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }

    Task<ChatClient> OnceAsync(ClientKind kind) => _clients.GetOrAdd(kind.Name, _ => new(() => LoginAsync(kind))).Value;

    async Task<ChatClient> LoginAsync(ClientKind kind)
    {
        var client = await ChatClient.LoginAsync(Server, kind, _people[kind.Name], encrypts: true);
        await Scene.PlayAsync(Server, "devices.py", await Server.AddAsync("stranger"), client.Person);
        return client;
    }
}

/// <summary>Programs in windows, a terminal and a browser, on a server that has nothing but its domain and its certificate.</summary>
public sealed class DesktopScenes(Confidants confidants) : IClassFixture<Confidants>
{
    // What is said has only characters that a keyboard has: Dino is typed at.

    /// <summary>Words that only the two who talk may read.</summary>
    const string Secret = "between us";

    public static IEnumerable<TheoryDataRow<string, string>> Pairs =>
        from one in Confidants.Kinds.Index()
        from other in Confidants.Kinds.Index()
        where one.Index < other.Index
        select new TheoryDataRow<string, string>(one.Item.Name, other.Item.Name);

    [Theory]
    [MemberData(nameof(Pairs))]
    public async Task Two_clients_read_what_they_encrypt_for_each_other_and_the_archive_does_not(string one, string other)
    {
        var romeo = await EnterAsync(one);
        var juliet = await EnterAsync(other);
        Assert.True((await TellAsync(romeo, juliet)).IsEncrypted);
        Assert.True((await TellAsync(juliet, romeo)).IsEncrypted);
        await Scene.PlayAsync(confidants.Server, "ciphertext.py", romeo.Person, juliet.Person);
    }

    [Theory]
    [MemberData(nameof(Pairs))]
    public async Task Two_clients_decrypt_the_files_that_they_upload_for_each_other(string one, string other)
    {
        var romeo = await EnterAsync(one);
        var juliet = await EnterAsync(other);
        Assert.True((await HandAsync(romeo, juliet)).IsEncrypted);
        Assert.True((await HandAsync(juliet, romeo)).IsEncrypted);
    }

    [Fact]
    public async Task Everybody_talks_and_sends_files_in_a_private_group_that_Gajim_makes()
    {
        var clients = new List<ChatClient>();
        foreach (var kind in Confidants.Kinds)
        {
            clients.Add(await EnterAsync(kind.Name));
        }
        var room = $"{Guid.NewGuid():N}@{DesktopServer.Groups}";
        var host = clients.Single(client => client.Kind == ClientKind.Gajim);
        var guests = clients.Where(client => client != host).ToList();
        await host.MakeGroupAsync(room, guests.Select(guest => guest.Person));
        foreach (var guest in guests)
        {
            await guest.JoinAsync(room);
        }

        var said = new Dictionary<string, string>(StringComparer.Ordinal);
        var files = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var speaker in clients)
        {
            var name = speaker.Person.Jid.Split('@')[0];
            said[name] = $"{speaker.Kind.Name} to everybody: <b> & \"it's\"";
            await speaker.SendAsync(room, said[name]);
            (var path, files[name]) = await confidants.WriteAsync(speaker);
            await speaker.SendFileAsync(room, path);
            foreach (var listener in clients.Where(client => client != speaker))
            {
                await listener.ExpectInGroupAsync(speaker, room, said[name]);
                await listener.ExpectFileAsync(speaker, speaker.AddressIn(room), files[name]);
            }
        }
        await Scene.PlayAsync(confidants.Server, "group_archive.py", JsonSerializer.Serialize(new { room, said, files }), guests[0].Person);
    }

    [Fact]
    public async Task Gajim_shows_name_presence_picture_and_ticks_and_misses_nothing_of_the_server()
    {
        Tool.Need(["slixmpp", .. ClientKind.Gajim.Needs]);
        await Scene.PlayAsync(confidants.Server, "gajim_window.py", await confidants.Server.AddAsync("romeo"), await confidants.Server.AddAsync("juliet"));
    }

    static async Task<Received> TellAsync(ChatClient sender, ChatClient receiver)
    {
        var body = $"{sender.Kind.Name} to {receiver.Kind.Name}, {Secret}: <b> & \"it's\"";
        await sender.SendAsync(receiver.Person, body);
        return await receiver.ExpectAsync(sender, body);
    }

    async Task<Received> HandAsync(ChatClient sender, ChatClient receiver)
    {
        var (path, digest) = await confidants.WriteAsync(sender);
        await sender.SendFileAsync(receiver.Person.Jid, path);
        return await receiver.ExpectFileAsync(sender, sender.Person.Jid, digest);
    }

    Task<ChatClient> EnterAsync(string name)
    {
        var kind = Confidants.Kinds.First(kind => kind.Name == name);
        Tool.Need(["slixmpp", .. kind.Needs]);
        return confidants.GetAsync(kind);
    }
}
