namespace Nyala.Interop.Tests.Stage;

/// <summary>
/// The server for programs in windows, which can only be told a domain: on the ports that they try, with a certificate of an
/// authority that their machine trusts (clients/desktop.py makes it so).
/// </summary>
public sealed class DesktopServer : Server
{
    const string Domain = "verona.test";

    readonly string _data;

    public DesktopServer()
        : this(Directory.CreateTempSubdirectory("nyala-desktops-").FullName, Ports.WellKnown())
    {
    }

    DesktopServer(string data, Ports ports)
        : base(data, ports, Domain,
            $"Tls:Certificate={Path.Combine(data, Domain)}.crt", $"Tls:Key={Path.Combine(data, Domain)}.key", $"Files:Address=https://{Domain}:{ports.Https}") =>
        _data = data;

    /// <summary>The domain of groups.</summary>
    public const string Groups = "rooms." + Domain;

    public override async ValueTask InitializeAsync()
    {
        using var authority = new Authority();
        await File.WriteAllTextAsync(Path.Combine(_data, "roots.crt"), authority.Root);
        authority.Issue(Domain, _data);
        await base.InitializeAsync();
    }
}
