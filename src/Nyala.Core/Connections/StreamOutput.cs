// HOT PATH
namespace Nyala.Core.Connections;

/// <summary>Output into a stream: the transport itself, or TLS on it.</summary>
sealed class StreamOutput(TransportConnection owner, Stream stream) : BufferedOutput(owner)
{
    protected override ValueTask SendAsync(ReadOnlyMemory<byte> bytes) => stream.WriteAsync(bytes);
}
