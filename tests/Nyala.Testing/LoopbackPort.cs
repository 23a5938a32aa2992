using System.Net;
using System.Net.Sockets;

namespace Nyala.Testing;

/// <summary>
/// Ports that a server can be given before it starts, and again after a restart: below the range from which the system
/// takes ports for outgoing connections and for port 0, so that nothing on this machine gets them by chance.
/// </summary>
public static class LoopbackPort
{
    const int First = 12_000;
    const int Count = 18_000;

    static int Next = Random.Shared.Next(Count);

    /// <summary>A port that is free, and never the same twice in this process.</summary>
    public static int Find()
    {
        while (true)
        {
            var port = First + (int)((uint)Interlocked.Increment(ref Next) % Count);
            try
            {
                using var probe = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { ExclusiveAddressUse = true };
                probe.Bind(new IPEndPoint(IPAddress.Loopback, port));
                return port;
            }
            catch (SocketException)
            {
                // Somebody has it.
            }
        }
    }
}
