using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Xunit;

namespace Nyala.Interop.Tests.Stage;

/// <summary>
/// A name server (RFC 1035) for the few names of a scene, at an address of the loopback network: what the C library of a process
/// asks whose /etc/resolv.conf names it. Needs the right to listen at port 53.
/// </summary>
sealed class NameServer : IAsyncDisposable
{
    const int A = 1;
    const int Aaaa = 28;
    const int Srv = 33;
    const int Broken = 2;
    const int NameUnknown = 3;

    readonly Socket _socket = Open();
    readonly ConcurrentDictionary<string, List<(int Type, byte[] Data)>> _records = new(StringComparer.OrdinalIgnoreCase);
    readonly CancellationTokenSource _stopping = new();
    readonly Task _answering;

    readonly ConcurrentDictionary<string, bool> _broken = new(StringComparer.OrdinalIgnoreCase);

    NameServer() => _answering = AnswerAsync();

    public static IPAddress Address { get; } = IPAddress.Parse("127.0.0.77");

    /// <summary>Begins to answer, or skips the test where that is not possible.</summary>
    public static NameServer Start()
    {
        Assert.SkipUnless(Environment.IsPrivilegedProcess && Tool.Has("unshare"), "A name server and a resolv.conf of one's own need root.");
        Assert.SkipUnless(IsFree(new(Address, 53), SocketType.Dgram), $"Somebody else answers at port 53 of {Address}.");
        return new();
    }

    /// <summary>Whether nobody listens there yet.</summary>
    public static bool IsFree(IPEndPoint place, SocketType type)
    {
        try
        {
            using var socket = new Socket(type, type == SocketType.Dgram ? ProtocolType.Udp : ProtocolType.Tcp);
            socket.Bind(place);
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    /// <summary>The names that were asked for, each with its type.</summary>
    public ConcurrentQueue<(string Name, int Type)> Asked { get; } = [];

    public void AddAddress(string name, IPAddress address) =>
        Add(name, address.AddressFamily == AddressFamily.InterNetworkV6 ? Aaaa : A, address.GetAddressBytes());

    /// <summary>Nobody knows about a name and all below it: whoever asks is told that the server has a problem (SERVFAIL).</summary>
    public void Break(string name) => _broken[name] = true;

    public void AddService(string name, int priority, int port, string target)
    {
        List<byte> data = [0, (byte)priority, 0, 0, (byte)(port >> 8), (byte)port, .. Name(target)];
        Add(name, Srv, [.. data]);
    }

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        await _answering;
        _socket.Dispose();
        _stopping.Dispose();
    }

    static Socket Open()
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        socket.Bind(new IPEndPoint(Address, 53));
        return socket;
    }

    void Add(string name, int type, byte[] data) => _records.GetOrAdd(name, _ => []).Add((type, data));

    async Task AnswerAsync()
    {
        var buffer = new byte[1_500];
        try
        {
            while (true)
            {
                var received = await _socket.ReceiveFromAsync(buffer, new IPEndPoint(IPAddress.Any, 0), _stopping.Token);
                await _socket.SendToAsync(Answer(buffer.AsSpan(0, received.ReceivedBytes)), received.RemoteEndPoint, _stopping.Token);
            }
        }
        catch (OperationCanceledException)
        {
            // The scene is over.
        }
    }

    byte[] Answer(ReadOnlySpan<byte> question)
    {
        const int Header = 12, TypeAndClass = 4, FirstName = 0xC00C, Minute = 60;
        var labels = new List<string>();
        var at = Header;
        for (; question[at] != 0; at += question[at] + 1)
        {
            labels.Add(Encoding.ASCII.GetString(question.Slice(at + 1, question[at])));
        }

        var name = string.Join('.', labels);
        var type = BinaryPrimitives.ReadUInt16BigEndian(question[(at + 1)..]);
        Asked.Enqueue((name, type));
        var isBroken = _broken.Keys.Any(broken => name.EndsWith(broken, StringComparison.OrdinalIgnoreCase));
        var known = _records.TryGetValue(name, out var records);
        var found = (records ?? []).Where(record => record.Type == type).ToList();
        List<byte> answer = [.. question[..2], 0x81, (byte)(0x80 | (isBroken ? Broken : known ? 0 : NameUnknown)), 0, 1, 0, (byte)found.Count, 0, 0, 0, 0];
        answer.AddRange(question[Header..(at + 1 + TypeAndClass)]);
        foreach (var (_, data) in found)
        {
            answer.AddRange([FirstName >> 8, FirstName & 0xFF, 0, (byte)type, 0, 1, 0, 0, 0, Minute, 0, (byte)data.Length, .. data]);
        }

        return [.. answer];
    }

    /// <summary>An empty name is the root: there is no such service (RFC 2782).</summary>
    static IEnumerable<byte> Name(string name) =>
        name.Length == 0 ? [0] : name.Split('.').SelectMany(label => Encoding.ASCII.GetBytes(label).Prepend((byte)label.Length)).Append((byte)0);
}
