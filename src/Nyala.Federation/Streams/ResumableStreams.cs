using System.Security.Cryptography;

namespace Nyala.Federation.Streams;

/// <summary>
/// The counts of streams that other servers have opened, kept for a while after the connection is lost, so that a peer goes on
/// where it was and sends nothing twice (XEP-0198 §5). Safe from any thread.
/// </summary>
/// <param name="time">The clock.</param>
/// <param name="most">How many are kept at most; a stream beyond that cannot be resumed.</param>
sealed class ResumableStreams(TimeProvider time, int most)
{
    /// <summary>How long a stream without a connection can be resumed.</summary>
    public static readonly TimeSpan Keeping = TimeSpan.FromMinutes(10);

    readonly Lock _gate = new();
    readonly Dictionary<string, Kept> _streams = new(StringComparer.Ordinal);
    readonly Queue<(string Id, int Loss)> _lost = new();
    int _losses;

    /// <summary>A new stream; returns its id, or null when there are too many.</summary>
    public string? Add(StanzaCounter counter, string from, string to)
    {
        var id = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(16));
        lock (_gate)
        {
            Expire();
            if (_streams.Count >= most)
            {
                return null;
            }

            _streams.Add(id, new(counter, from, to, 0, 0));
            return id;
        }
    }

    /// <summary>The count of a stream of a pair of domains, which has a connection again from now on; null when there is none.</summary>
    public StanzaCounter? Take(string id, string from, string to)
    {
        lock (_gate)
        {
            Expire();
            if (!_streams.TryGetValue(id, out var kept) || (kept.From, kept.To) != (from, to))
            {
                return null;
            }

            _streams[id] = kept with { Loss = 0 };
            return kept.Counter;
        }
    }

    /// <summary>The stream has lost its connection.</summary>
    public void Lost(string id)
    {
        lock (_gate)
        {
            if (_streams.TryGetValue(id, out var kept))
            {
                _streams[id] = kept with { Loss = ++_losses, LostAt = time.GetTimestamp() };
                _lost.Enqueue((id, _losses));
            }

            Expire();
        }
    }

    /// <summary>The stream was closed in good order.</summary>
    public void Forget(string id)
    {
        lock (_gate)
        {
            _streams.Remove(id);
        }
    }

    void Expire()
    {
        while (_lost.TryPeek(out var oldest))
        {
            var isCurrent = _streams.TryGetValue(oldest.Id, out var kept) && kept.Loss == oldest.Loss;
            if (isCurrent && time.GetElapsedTime(kept!.LostAt) < Keeping)
            {
                return;
            }

            _lost.Dequeue();
            if (isCurrent)
            {
                _streams.Remove(oldest.Id);
            }
        }
    }

    /// <param name="Counter">What is counted.</param>
    /// <param name="From">The peer's domain.</param>
    /// <param name="To">Ours.</param>
    /// <param name="Loss">The number of its last loss; 0 while it has a connection.</param>
    /// <param name="LostAt">In ticks of the clock.</param>
    sealed record Kept(StanzaCounter Counter, string From, string To, int Loss, long LostAt);
}
