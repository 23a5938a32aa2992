using System.Collections.Concurrent;
using System.Globalization;
using Nyala.Client;
using Nyala.Xmpp.Stanzas;

namespace Nyala.Drills.Stage;

/// <summary>A message as the drills know it: by the sender's own number in its body, never by an id of the server (R16).</summary>
/// <param name="From">The sender.</param>
/// <param name="To">The recipient.</param>
/// <param name="Number">Counts from 1 for each sender and recipient.</param>
readonly record struct Numbered(string From, string To, int Number)
{
    const string Mark = "drill ";

    public string Body(int size) => string.Create(CultureInfo.InvariantCulture, $"{Mark}{From} {To} {Number} {new string('.', size)}");

    public static Numbered? Read(Stanza stanza)
    {
        if (stanza.Kind != StanzaKind.Message || stanza.Type == StanzaType.Error || stanza.Body() is not { } body || !body.StartsWith(Mark, StringComparison.Ordinal))
        {
            return null;
        }

        var parts = body.Split(' ');
        return new Numbered(parts[1], parts[2], int.Parse(parts[3], CultureInfo.InvariantCulture));
    }
}

/// <summary>What was sent, what was refused, and everything that was wrong. Safe from any thread.</summary>
sealed class Ledger
{
    readonly ConcurrentDictionary<(string From, string To), int> _sent = new();
    readonly ConcurrentDictionary<Numbered, bool> _refused = new();
    readonly ConcurrentQueue<string> _faults = new();
    int _acknowledged;
    int _faultCount;

    public int Acknowledged => _acknowledged;

    public int Sent => _sent.Values.Sum();

    public int Refused => _refused.Count;

    public int FaultCount => _faultCount;

    /// <summary>The first faults.</summary>
    public IReadOnlyCollection<string> Faults => _faults;

    public Numbered Next(string from, string to) => new(from, to, _sent.AddOrUpdate((from, to), 1, (_, last) => last + 1));

    public void Acknowledge() => Interlocked.Increment(ref _acknowledged);

    /// <summary>The sender was told that the message was not stored: it may not arrive.</summary>
    public void Refuse(Numbered message) => _refused[message] = true;

    public bool IsRefused(Numbered message) => _refused.ContainsKey(message);

    public void Fault(string sentence)
    {
        if (Interlocked.Increment(ref _faultCount) <= 20)
        {
            _faults.Enqueue(sentence);
        }
    }

    /// <summary>How many messages an account has to have got (or sent).</summary>
    public int Expected(string account, bool sent) => Pairs(account, sent).Sum(pair => pair.Value) - _refused.Keys.Count(message => (sent ? message.From : message.To) == account);

    /// <summary>Compares what somebody sees with what was sent, and notes every difference.</summary>
    public void Check(View view, string account, bool sent)
    {
        foreach (var ((from, to), last) in Pairs(account, sent))
        {
            var seen = view.Numbers(from, to);
            for (var number = 1; number <= last; number++)
            {
                var refused = IsRefused(new Numbered(from, to, number));
                if (seen.Contains(number) == refused)
                {
                    Fault(refused
                        ? $"{view.Name} has message {number} of {from} to {to}, which the server had refused."
                        : $"{view.Name} lacks message {number} of {from} to {to}.");
                }
            }
        }
    }

    IEnumerable<KeyValuePair<(string From, string To), int>> Pairs(string account, bool sent) =>
        _sent.Where(pair => (sent ? pair.Key.From : pair.Key.To) == account);
}

/// <summary>What one device, or one archive, has seen of the conversation. Safe from any thread.</summary>
sealed class View(string name, Ledger ledger)
{
    readonly Lock _gate = new();
    readonly HashSet<string> _ids = new(StringComparer.Ordinal);
    readonly Dictionary<(string From, string To), (HashSet<int> Seen, int Last)> _pairs = [];

    public string Name => name;

    public int Count { get; private set; }

    /// <summary>Copies that came with an archive id seen before and were dropped, as every client does.</summary>
    public int Duplicates { get; private set; }

    /// <summary>The archive id of the newest message: where to catch up from.</summary>
    public string? LastId { get; private set; }

    /// <param name="message">The message.</param>
    /// <param name="id">Its archive id (XEP-0359).</param>
    public void Add(Numbered message, string? id)
    {
        lock (_gate)
        {
            if (id is not null && !_ids.Add(id))
            {
                Duplicates++;
                return;
            }

            var pair = (message.From, message.To);
            if (!_pairs.TryGetValue(pair, out var seen))
            {
                seen = ([], 0);
            }

            if (!seen.Seen.Add(message.Number))
            {
                ledger.Fault($"{name} got message {message.Number} of {message.From} to {message.To} twice (id {id ?? "none"}).");
                return;
            }

            if (message.Number < seen.Last)
            {
                ledger.Fault($"{name} got message {message.Number} of {message.From} to {message.To} after {seen.Last}.");
            }

            if (id is null)
            {
                ledger.Fault($"{name} got message {message.Number} of {message.From} to {message.To} without a stanza-id.");
            }

            _pairs[pair] = (seen.Seen, Math.Max(seen.Last, message.Number));
            LastId = id ?? LastId;
            Count++;
        }
    }

    public HashSet<int> Numbers(string from, string to)
    {
        lock (_gate)
        {
            return _pairs.TryGetValue((from, to), out var seen) ? [.. seen.Seen] : [];
        }
    }
}
