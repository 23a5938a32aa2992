// HOT PATH
using System.Buffers.Text;
using System.Diagnostics;
using System.Text;
using Nyala.Load.Measure;
using Nyala.Load.Wire;

namespace Nyala.Load.Scenarios;

/// <summary>
/// One sender and one receiver. The message is rendered once; sending fills in its number and the moment it was due, and
/// receiving finds them again without parsing. Counters are written by one side each and read by the scenario.
/// </summary>
sealed class ChatPair : IReceiver
{
    const int Digits = 20;

    readonly byte[] _message;
    readonly byte[] _mark;
    readonly int _idAt;
    readonly int _numberAt;
    readonly LeanClient _receiver;
    readonly Lock _sending = new();
    long _sent;
    long _delivered;
    int _window;

    public ChatPair(LoadOptions options, int number, LeanClient sender, LeanClient receiver)
    {
        Sender = sender;
        _receiver = receiver;
        var run = Guid.NewGuid().ToString("N")[..12];
        _mark = Encoding.UTF8.GetBytes($"<body>~~{run} ");
        var zeros = new string('0', Digits);
        var text = $"<message type='chat' to='{receiver.User}@{options.Domain}' id='{run}-{number}-{zeros}'><body>~~{run} {zeros} {zeros} {new string('x', options.Size)}</body></message>"
            + (sender.Managed ? "<r xmlns='urn:xmpp:sm:3'/>" : "");
        _message = Encoding.UTF8.GetBytes(text);
        _idAt = text.IndexOf(zeros, StringComparison.Ordinal);
        _numberAt = text.IndexOf("~~", StringComparison.Ordinal) + 2 + run.Length + 1;
    }

    public LeanClient Sender { get; }

    public long Sent => Interlocked.Read(ref _sent);

    public long Delivered => Interlocked.Read(ref _delivered);

    /// <summary>Messages that were not the one expected next.</summary>
    public long OutOfOrder { get; private set; }

    /// <summary>Where latencies go while measuring.</summary>
    public Latencies? Latencies { get; set; }

    /// <summary>Called for each message that arrives, with when it was due and how long it took, in <see cref="Stopwatch"/> ticks.</summary>
    public Action<long, long>? Arrived { get; set; }

    /// <summary>Begins to read on both sides.</summary>
    public Task[] Start() => [Sender.RunAsync(Nobody.Instance), _receiver.RunAsync(this)];

    /// <summary>Closed loop: keeps so many messages under way; 0 stops sending.</summary>
    public void Open(int window)
    {
        Volatile.Write(ref _window, window);
        for (var i = 0; i < window; i++)
        {
            Send(Stopwatch.GetTimestamp());
        }
    }

    /// <param name="due">When it should leave, in <see cref="Stopwatch"/> ticks.</param>
    public void Send(long due)
    {
        lock (_sending)
        {
            var number = _sent + 1;
            Write(number, _message.AsSpan(_idAt, Digits));
            Write(number, _message.AsSpan(_numberAt, Digits));
            Write(due, _message.AsSpan(_numberAt + Digits + 1, Digits));
            Interlocked.Exchange(ref _sent, number);
            Sender.Send(_message);
        }
    }

    public void Received(LeanClient client, ReadOnlySpan<byte> element)
    {
        // What an earlier run left behind has another mark.
        var body = element.IndexOf(_mark);
        if (element[1] != 'm' || body < 0)
        {
            return;
        }

        var text = element[(body + _mark.Length)..];
        if (!Utf8Parser.TryParse(text, out long number, out _) || !Utf8Parser.TryParse(text[(Digits + 1)..], out long due, out _) || number != _delivered + 1)
        {
            OutOfOrder++;
            return;
        }

        Interlocked.Exchange(ref _delivered, number);
        var took = Stopwatch.GetTimestamp() - due;
        Latencies?.Add(took);
        Arrived?.Invoke(due, took);
        if (Volatile.Read(ref _window) > 0)
        {
            Send(Stopwatch.GetTimestamp());
        }
    }

    static void Write(long value, Span<byte> digits)
    {
        for (var i = digits.Length - 1; i >= 0; i--)
        {
            digits[i] = (byte)('0' + (value % 10));
            value /= 10;
        }
    }
}
