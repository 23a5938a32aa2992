using System.Net;
using System.Net.Sockets;

namespace Nyala.Testing;

/// <summary>
/// Ports that a server can be given before it starts, and again after a restart: below the range from which the system
/// takes ports for outgoing connections and for port 0, so that nothing on this machine gets them by chance. Each process
/// that asks has a range of its own, since tests and drills run side by side.
/// </summary>
public static class LoopbackPort
{
    const int First = 12_000;
    const int Ranges = 18;
    const int Count = 1_000;

    static readonly FileStream Claim = ClaimRange();
    static int Next = Random.Shared.Next(Count);

    /// <summary>A port that is free, and not one of the hundreds that this process got last.</summary>
    public static int Find()
    {
        var first = First + (Count * int.Parse(Path.GetExtension(Claim.Name)[1..], System.Globalization.CultureInfo.InvariantCulture));
        while (true)
        {
            var port = first + (int)((uint)Interlocked.Increment(ref Next) % Count);
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

    /// <summary>A locked file says whose a range is; the lock ends with the process.</summary>
    static FileStream ClaimRange()
    {
        for (var range = 0; range < Ranges; range++)
        {
            try
            {
                return new(Path.Combine(Path.GetTempPath(), $"nyala-ports.{range}"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
            }
            catch (IOException)
            {
                // Another process has it.
            }
        }

        throw new InvalidOperationException($"{Ranges} test runs at once have all the ports: wait until one of them ends.");
    }
}
