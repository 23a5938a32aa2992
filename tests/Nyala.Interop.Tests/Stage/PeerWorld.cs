using System.Net;
using Nyala.Testing;
using Xunit;

namespace Nyala.Interop.Tests.Stage;

/// <summary>A server of ours and somebody else's that know where the other one is, with an account each.</summary>
sealed class PeerWorld : IAsyncDisposable
{
    public const string Romeo = "romeo@montague.test";
    public const string Juliet = "juliet@capulet.test";

    readonly string _data = Directory.CreateTempSubdirectory("nyala-peers-").FullName;
    readonly Authority _authority = new();

    PeerWorld(string kind, bool certificates, bool isLinked)
    {
        Ours = new NyalaDomain(_data);
        Theirs = kind == "ejabberd"
            ? new EjabberdDomain(_data, Ours) { IsSecure = certificates }
            : new ProsodyDomain(_data, Ours) { IsSecure = certificates };
        if (isLinked)
        {
            ToOurs = new(Ours.Servers);
            ToTheirs = new(Theirs.Servers);
            Ours.Reached = new(IPAddress.Loopback, ToOurs.Address.Port);
            Theirs.Reached = new(IPAddress.Loopback, ToTheirs.Address.Port);
        }
    }

    public NyalaDomain Ours { get; }

    public DomainServer Theirs { get; }

    /// <summary>What they open to us goes through here, when the world was started so.</summary>
    public FaultyTransport? ToOurs { get; }

    /// <summary>What we open to them goes through here, when the world was started so.</summary>
    public FaultyTransport? ToTheirs { get; }

    /// <param name="kind">Whose the other one is: prosody or ejabberd.</param>
    /// <param name="certificates">Both have one that the other believes, and insist on it; else there is dialback.</param>
    /// <param name="linked">There is a network between them that can be made bad.</param>
    public static async Task<PeerWorld> StartAsync(string kind, bool certificates, bool linked = false)
    {
        Assert.SkipUnless(kind != "ejabberd" || EjabberdDomain.IsPossible, "ejabberd needs to be installed (bench/peers/install), and root to have its own /etc/hosts.");
        Assert.SkipUnless(kind != "prosody" || Tool.Has("prosody"), "prosody is not installed: run bench/peers/install.");
        var world = new PeerWorld(kind, certificates, linked);
        try
        {
            await world.BeginAsync(certificates);
            return world;
        }
        catch
        {
            await world.DisposeAsync();
            throw;
        }
    }

    public Task<Wire> RomeoAsync() => ArriveAsync(Ours, "romeo");

    public Task<Wire> JulietAsync() => ArriveAsync(Theirs, "juliet");

    /// <summary>Nothing gets through any more, and nobody is told so.</summary>
    public void Stall()
    {
        ToOurs!.Stall();
        ToTheirs!.Stall();
    }

    /// <summary>What was under way is lost, and nobody who comes gets through.</summary>
    public void Cut()
    {
        ToOurs!.Refusing = ToTheirs!.Refusing = true;
        ToOurs.Cut();
        ToTheirs.Cut();
    }

    /// <summary>Everything gets through again.</summary>
    public void Resume()
    {
        ToOurs!.Refusing = ToTheirs!.Refusing = false;
        ToOurs.Resume();
        ToTheirs.Resume();
    }

    public static async Task<Wire> ArriveAsync(DomainServer server, string name)
    {
        var wire = await ComeAsync(server, name);
        await wire.AwaitAsync($"<presence from='{wire.Address}'/>");
        return wire;
    }

    /// <summary>The same without reading what comes first: with ejabberd, messages that it has kept.</summary>
    public static async Task<Wire> ComeAsync(DomainServer server, string name)
    {
        var wire = await Wire.ConnectAsync(server.Clients, server.Domain);
        await wire.LoginAsync(name, DomainServer.Password, "here");
        await wire.SendAsync("<iq type='get' id='roster'><query xmlns='jabber:iq:roster'/></iq><presence/>");
        return wire;
    }

    public async ValueTask DisposeAsync()
    {
        await Ours.DisposeAsync();
        await Theirs.DisposeAsync();
        foreach (var link in (FaultyTransport?[])[ToOurs, ToTheirs])
        {
            await (link?.DisposeAsync() ?? ValueTask.CompletedTask);
        }

        _authority.Dispose();
        if (File.Exists(Path.Combine(_data, "ejabberd.log")))
        {
            File.Copy(Path.Combine(_data, "ejabberd.log"), Path.Combine(Folders.Output, "ejabberd.log"), overwrite: true);
        }

        Directory.Delete(_data, recursive: true);
    }

    async Task BeginAsync(bool certificates)
    {
        var roots = Path.Combine(_data, "roots.crt");
        await File.WriteAllTextAsync(roots, _authority.Root);
        _authority.Issue(Theirs.Domain, _data);
        var (certificate, key) = _authority.Issue(Ours.Domain, _data);
        string[] proof = certificates
            ? [$"Tls:Certificate={certificate}", $"Tls:Key={key}", $"Federation:Roots={roots}", "Federation:RequireCertificates=on"]
            : [];
        Ours.Settings = [$"Federation:Hosts={Theirs.Domain}={Theirs.Reached},rooms.{Theirs.Domain}={Theirs.Reached}", .. proof];
        await Ours.AddUserAsync("romeo");
        await Ours.StartAsync();
        await Theirs.StartAsync();
        await Theirs.AddUserAsync("juliet");
    }
}
