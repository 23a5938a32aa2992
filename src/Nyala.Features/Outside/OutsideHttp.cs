using System.Security.Cryptography.X509Certificates;

namespace Nyala.Features.Outside;

/// <summary>How this server asks addresses over HTTP that somebody else has named.</summary>
public static class OutsideHttp
{
    /// <summary>No proxy, no redirection, no cookies, and no address but a public one.</summary>
    /// <param name="allowPrivate">Private and loopback addresses as well.</param>
    /// <param name="roots">Authorities that are trusted beside those of the system.</param>
    public static SocketsHttpHandler Handler(bool allowPrivate, X509Certificate2Collection roots)
    {
        var handler = new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            UseProxy = false,
            UseCookies = false,
            ConnectTimeout = TimeSpan.FromSeconds(10),
            MaxResponseHeadersLength = 16,
            MaxResponseDrainSize = 4_096,
            MaxConnectionsPerServer = 16,
            PooledConnectionLifetime = TimeSpan.FromMinutes(10),
            ConnectCallback = (context, cancellation) => PublicAddresses.ConnectAsync(context.DnsEndPoint, allowPrivate, cancellation),
        };
        if (roots.Count > 0)
        {
            var policy = new X509ChainPolicy { RevocationMode = X509RevocationMode.NoCheck, TrustMode = X509ChainTrustMode.CustomRootTrust };
            policy.CustomTrustStore.AddRange(roots);
            using var system = new X509Store(StoreName.Root, StoreLocation.LocalMachine, OpenFlags.ReadOnly);
            policy.CustomTrustStore.AddRange(system.Certificates);
            handler.SslOptions.CertificateChainPolicy = policy;
        }

        return handler;
    }
}
