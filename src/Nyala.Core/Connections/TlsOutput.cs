using System.Net.Security;

namespace Nyala.Core.Connections;

/// <summary>Output through TLS.</summary>
sealed class TlsOutput(TransportConnection owner, SslStream ssl) : BufferedOutput(owner)
{
    protected override ValueTask SendAsync(ReadOnlyMemory<byte> bytes) => ssl.WriteAsync(bytes);
}
