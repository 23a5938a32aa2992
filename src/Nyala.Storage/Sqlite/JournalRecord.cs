// HOT PATH
using System.Buffers.Binary;
using System.Text;

namespace Nyala.Storage.Sqlite;

/// <summary>How entries are written in the journal, and read back when the database has to catch up at a start.</summary>
static class JournalRecord
{
    const byte Row = 1;
    const byte Count = 2;
    const int RowHeader = 1 + (6 * 8) + 16 + 4 + 4 + 4 + 4;
    const int CountSize = 1 + (4 * 8);

    /// <summary>At least as many bytes as the entry takes.</summary>
    public static long MaxSize(LogEntry entry) =>
        RowHeader + Encoding.UTF8.GetMaxByteCount(entry.From.Length) + Encoding.UTF8.GetMaxByteCount(entry.To.Length) + entry.Stanza.Length;

    /// <summary>A message that has its position and time.</summary>
    public static void WriteRow(Journal journal, LogEntry entry)
    {
        var (from, to) = (Encoding.UTF8.GetByteCount(entry.From), Encoding.UTF8.GetByteCount(entry.To));
        var output = new Writer(journal.Extend(RowHeader + from + to + entry.Stanza.Length));
        output.Byte(Row);
        output.Number(entry.Position);
        output.Number(entry.At);
        output.Number(entry.Sender);
        output.Number(entry.Recipient);
        output.Number(entry.Stream);
        output.Number(entry.Handled);
        BinaryPrimitives.WriteUInt128LittleEndian(output.Take(16), entry.Fingerprint);
        output.Length((int)entry.Flags);
        output.Length(from);
        output.Length(to);
        output.Length(entry.Stanza.Length);
        Encoding.UTF8.GetBytes(entry.From, output.Take(from));
        Encoding.UTF8.GetBytes(entry.To, output.Take(to));
        entry.Stanza.Span.CopyTo(output.Take(entry.Stanza.Length));
    }

    /// <summary>The count of a stream that no row carries.</summary>
    public static void WriteCount(Journal journal, LogEntry entry, long at)
    {
        var output = new Writer(journal.Extend(CountSize));
        output.Byte(Count);
        output.Number(entry.Sender);
        output.Number(entry.Stream);
        output.Number(entry.Handled);
        output.Number(at);
    }

    /// <summary>Brings what is in the journal and not in the database into it, inside the open transaction; returns how many rows.</summary>
    public static int Replay(HotStatements database, IEnumerable<byte[]> blocks, long head)
    {
        var rows = 0;
        var entry = new Replayed();
        foreach (var block in blocks)
        {
            for (var input = new Reader(block); !input.IsAtEnd;)
            {
                if (input.Byte() == Count)
                {
                    var (sender, stream, handled) = (input.Number(), input.Number(), (uint)input.Number());
                    database.UpsertHandled(stream, sender, handled, input.Number());
                    continue;
                }

                input.Row(entry);
                if (entry.Position > head)
                {
                    database.Insert(entry, entry.Position, entry.At);
                    rows++;
                }
            }
        }

        return rows;
    }

    sealed class Replayed : LogEntry
    {
        public override void Complete()
        {
        }
    }

    ref struct Writer(Span<byte> output)
    {
        Span<byte> _left = output;

        public Span<byte> Take(int bytes)
        {
            var taken = _left[..bytes];
            _left = _left[bytes..];
            return taken;
        }

        public void Byte(byte value) => Take(1)[0] = value;

        public void Number(long value) => BinaryPrimitives.WriteInt64LittleEndian(Take(8), value);

        public void Length(int value) => BinaryPrimitives.WriteInt32LittleEndian(Take(4), value);
    }

    struct Reader(byte[] block)
    {
        int _at;

        public readonly bool IsAtEnd => _at == block.Length;

        public byte Byte() => block[_at++];

        public long Number() => BinaryPrimitives.ReadInt64LittleEndian(Take(8).Span);

        public void Row(LogEntry entry)
        {
            entry.Position = Number();
            entry.At = Number();
            entry.Sender = Number();
            entry.Recipient = Number();
            entry.Stream = Number();
            entry.Handled = (uint)Number();
            entry.Fingerprint = BinaryPrimitives.ReadUInt128LittleEndian(Take(16).Span);
            entry.Flags = (RowFlags)Length();
            var (from, to, stanza) = (Length(), Length(), Length());
            entry.From = Encoding.UTF8.GetString(Take(from).Span);
            entry.To = Encoding.UTF8.GetString(Take(to).Span);
            entry.Stanza = Take(stanza);
        }

        int Length() => BinaryPrimitives.ReadInt32LittleEndian(Take(4).Span);

        ReadOnlyMemory<byte> Take(int bytes)
        {
            var taken = block.AsMemory(_at, bytes);
            _at += bytes;
            return taken;
        }
    }
}
