using Nyala.Core.Routing;

namespace Nyala.Features.Push;

/// <summary>One message that a device may not have.</summary>
/// <param name="Position">In the log.</param>
/// <param name="Chat">With whom: a bare address.</param>
/// <param name="Kind">What it is to people.</param>
/// <param name="Sender">Who has sent it.</param>
/// <param name="Due">When the device is to be told.</param>
/// <param name="Expires">When it is too old for that.</param>
sealed record WaitingRow(long Position, string Chat, PushKind Kind, string Sender, TimeSpan Due, TimeSpan Expires);

/// <summary>What a device is to be told in one notification.</summary>
/// <param name="Rows">The messages it covers.</param>
/// <param name="Chat">Their chat; of all chats where services are not told of chats: that of the last one.</param>
/// <param name="Unseen">Messages the device does not have, those it was told of before included.</param>
sealed record DueRows(IReadOnlyList<WaitingRow> Rows, string Chat, int Unseen)
{
    public PushKind Kind => Rows.Max(row => row.Kind);

    public string Sender => Rows[^1].Sender;
}

/// <summary>
/// What a device does not have, what of it it was told, and when it is to be told of the rest, as rules without clock, input or output
/// (R13). Times are since any fixed moment. Not for two threads at once.
/// </summary>
/// <param name="mark">Up to here all is settled.</param>
/// <param name="spacing">The least time between two notifications of one chat.</param>
/// <param name="perChat">Each chat has notifications of its own.</param>
sealed class WaitingRows(long mark, TimeSpan spacing, bool perChat)
{
    /// <summary>Rows kept of one device. Of more the oldest is forgotten: the chat it belongs to, most likely, was told of.</summary>
    public const int Most = 100;

    readonly List<Entry> _entries = [];

    /// <summary>What was acknowledged before it was known here, which a quick client can do.</summary>
    readonly HashSet<long> _early = [];

    readonly Dictionary<string, TimeSpan> _toldAt = new(StringComparer.Ordinal);
    readonly long _begin = mark;
    long _passed = mark;

    /// <summary>Up to here the device has everything that concerns it, or was told of it, or it is too late.</summary>
    public long Mark => _entries.Find(entry => !entry.Told) is { } first ? Math.Min(_passed, first.Row.Position - 1) : _passed;

    /// <summary>Whether there is anything to be told.</summary>
    public bool IsIdle => _entries.TrueForAll(entry => entry.Told);

    /// <summary>Messages the device does not have.</summary>
    public int Unseen => _entries.Count;

    /// <summary>A message that concerns the device.</summary>
    public void Add(WaitingRow row)
    {
        var index = _entries.FindLastIndex(entry => entry.Row.Position <= row.Position);
        if (row.Position <= _begin || (index >= 0 && _entries[index].Row.Position == row.Position))
        {
            return;
        }

        if (!_early.Remove(row.Position))
        {
            _entries.Insert(index + 1, new(row));
            if (_entries.Count > Most)
            {
                _entries.RemoveAt(Math.Max(0, _entries.FindIndex(entry => entry.Told)));
            }
        }

        Passed(row.Position);
    }

    /// <summary>All up to here was looked at.</summary>
    public void Passed(long position)
    {
        if (position > _passed)
        {
            _passed = position;
            _early.RemoveWhere(early => early < position);
        }
    }

    /// <summary>The device has a message; true when it was waiting.</summary>
    public bool Acknowledge(long position)
    {
        var index = _entries.FindIndex(entry => entry.Row.Position == position);
        if (index >= 0)
        {
            _entries.RemoveAt(index);
            return true;
        }

        if (position > _passed)
        {
            if (_early.Count >= Most)
            {
                _early.Clear();
            }

            _early.Add(position);
        }

        return false;
    }

    /// <summary>When there is something to do next; null: nothing waits.</summary>
    public TimeSpan? Next() => _entries.Where(entry => !entry.Told).Select(entry => (TimeSpan?)DueAt(entry.Row)).Min();

    /// <summary>What the device is to be told now, or null. It counts as told only by <see cref="Told"/>.</summary>
    public DueRows? Take(TimeSpan now)
    {
        foreach (var late in _entries.Where(entry => !entry.Told && entry.Row.Expires <= now))
        {
            late.Told = true;
        }

        if (_entries.Find(entry => !entry.Told && DueAt(entry.Row) <= now) is not { } first)
        {
            return null;
        }

        // What is not due yet comes along: it is in the same notification.
        var rows = _entries.Where(entry => !entry.Told && (!perChat || entry.Row.Chat == first.Row.Chat)).Select(entry => entry.Row).ToList();
        return new(rows, rows[^1].Chat, perChat ? _entries.Count(entry => entry.Row.Chat == first.Row.Chat) : _entries.Count);
    }

    /// <summary>The device was told of these, or it is of no use.</summary>
    public void Told(DueRows rows, TimeSpan now)
    {
        foreach (var entry in _entries.Where(entry => rows.Rows.Contains(entry.Row)))
        {
            entry.Told = true;
        }

        foreach (var (chat, at) in _toldAt.ToList())
        {
            if (at + spacing <= now)
            {
                _toldAt.Remove(chat);
            }
        }

        foreach (var chat in rows.Rows.Select(row => row.Chat).Distinct(StringComparer.Ordinal))
        {
            _toldAt[chat] = now;
        }
    }

    /// <summary>Calls do not wait for what was told before.</summary>
    TimeSpan DueAt(WaitingRow row) =>
        row.Kind != PushKind.Call && _toldAt.TryGetValue(row.Chat, out var at) && at + spacing > row.Due ? at + spacing : row.Due;

    sealed class Entry(WaitingRow row)
    {
        public WaitingRow Row => row;

        public bool Told { get; set; }
    }
}
