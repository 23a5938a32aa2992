namespace Nyala.Features.Rooms;

/// <summary>
/// The last messages of a room in memory, so that who enters sees them between the presence of others and what is said next
/// without waiting for anything. Touched only under the room's gate.
/// </summary>
sealed class RoomHistory
{
    /// <summary>Messages at most; who wants more reads the archive.</summary>
    public const int Most = 50;

    const int MostBytes = 262_144;

    readonly Queue<Entry> _entries = [];
    int _bytes;

    /// <summary>Oldest first.</summary>
    public IReadOnlyCollection<Entry> Entries => _entries;

    public void Add(Entry entry)
    {
        _entries.Enqueue(entry);
        _bytes += entry.Stanza.Length;
        while (_entries.Count > Most || _bytes > MostBytes)
        {
            _bytes -= _entries.Dequeue().Stanza.Length;
        }
    }

    /// <summary>A message is no more what it was (a tombstone), or with null is gone.</summary>
    public void Replace(long position, byte[]? stanza)
    {
        Entry[] entries = [.. _entries];
        _entries.Clear();
        _bytes = 0;
        foreach (var entry in entries)
        {
            if (entry.Position != position)
            {
                Add(entry);
            }
            else if (stanza is not null)
            {
                Add(entry with { Stanza = stanza });
            }
        }
    }

    /// <param name="Position">Of its row.</param>
    /// <param name="At">Milliseconds since 1970.</param>
    /// <param name="Stanza">As it was sent to all, with stanza-id, without <c>to</c>.</param>
    public sealed record Entry(long Position, long At, byte[] Stanza);
}
