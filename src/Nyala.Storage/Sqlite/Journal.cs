// HOT PATH
using System.Buffers.Binary;
using System.IO.Hashing;
using Microsoft.Win32.SafeHandles;

namespace Nyala.Storage.Sqlite;

/// <summary>
/// The file in which a batch of messages is durable before the database has it: a few kilobytes, written in place and
/// synced, where a commit of the database writes a page for every row and index it touches. Not thread-safe.
/// </summary>
/// <remarks>
/// Blocks stand behind each other, each on pages of its own, so that a write cut short by a power failure damages none that
/// was synced before. A block belongs to a generation; generations take turns in the two halves of the file, so that one can
/// be written while the database takes in the one before. The database names the oldest that it does not have. Checksums
/// start from the generation: what an earlier one left behind, or half a block, does not look like a block.
/// </remarks>
sealed class Journal : IDisposable
{
    public const string Name = "nyala.journal";

    const uint Magic = 0x4A4C594E;
    const int HeaderSize = 20;
    const int Page = 4096;

    readonly SafeFileHandle _file;
    readonly long _half;
    byte[] _block = new byte[4 * Page];
    int _length = HeaderSize;
    long _end;
    bool _suspect;

    Journal(SafeFileHandle file, long size)
    {
        _file = file;
        _half = size / 2 / Page * Page;
    }

    /// <summary>What is written now belongs to it.</summary>
    public long Generation { get; private set; }

    /// <summary>Nothing was written in this generation.</summary>
    public bool IsEmpty => _end == 0 && !_suspect;

    /// <summary>Opens the journal of a data directory, making it, with all its space, when it is not there.</summary>
    /// <exception cref="IOException">It cannot be made.</exception>
    public static Journal Open(string dataDirectory, long size)
    {
        var path = Path.Combine(dataDirectory, Name);
        var isNew = !File.Exists(path);
        SqliteFiles.CreatePrivate(path, mustBeNew: false);
        var file = File.OpenHandle(path, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite);
        try
        {
            // Written through once, so that no later write has to find space or to change the file's shape.
            var zeros = new byte[64 * 1024];
            for (var at = RandomAccess.GetLength(file); at < size; at += zeros.Length)
            {
                RandomAccess.Write(file, zeros.AsSpan(0, (int)Math.Min(zeros.Length, size - at)), at);
            }

            RandomAccess.FlushToDisk(file);
            if (isNew)
            {
                FileSync.Directory(path);
            }

            return new Journal(file, size);
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <summary>The payloads of a generation's blocks, oldest first.</summary>
    public static IEnumerable<byte[]> Read(string dataDirectory, long generation)
    {
        var path = Path.Combine(dataDirectory, Name);
        if (!File.Exists(path))
        {
            yield break;
        }

        using var file = File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        var half = RandomAccess.GetLength(file) / 2 / Page * Page;
        for (long at = 0; ReadBlock(file, generation, at, half) is { } block; at += Padded(block.Length))
        {
            yield return block[HeaderSize..];
        }
    }

    /// <summary>Starts a generation, over the one before the last.</summary>
    public void Begin(long generation)
    {
        Generation = generation;
        _end = 0;
        _suspect = false;
    }

    /// <summary>Starts the next block.</summary>
    public void BeginBlock() => _length = HeaderSize;

    /// <summary>Space for so many bytes at the end of the block.</summary>
    public Span<byte> Extend(int bytes)
    {
        if (_block.Length - _length < bytes + Page)
        {
            Array.Resize(ref _block, Math.Max(_block.Length * 2, _length + bytes + (2 * Page)));
        }

        var span = _block.AsSpan(_length, bytes);
        _length += bytes;
        return span;
    }

    /// <summary>Whether a block with so many bytes of payload can be appended.</summary>
    public bool HasRoomFor(long bytes) => !_suspect && _end + Padded(HeaderSize + bytes) <= _half;

    /// <summary>Appends the block; it is durable when this returns.</summary>
    /// <exception cref="IOException">The disk refused, and whether it has the block is not known: nothing more is appended in this generation.</exception>
    public void Commit()
    {
        BinaryPrimitives.WriteUInt32LittleEndian(_block, Magic);
        BinaryPrimitives.WriteInt64LittleEndian(_block.AsSpan(4), _length - HeaderSize);
        BinaryPrimitives.WriteUInt64LittleEndian(_block.AsSpan(12), Checksum(_block.AsSpan(0, _length), Generation, _end));
        var padded = (int)Padded(_length);
        _block.AsSpan(_length, padded - _length).Clear();
        _suspect = true;
        RandomAccess.Write(_file, _block.AsSpan(0, padded), Start(Generation, _half) + _end);
        FileSync.Data(_file);
        _suspect = false;
        _end += padded;
    }

    public void Dispose() => _file.Dispose();

    /// <summary>Over the length and the payload; where the block is and when are in it too.</summary>
    static ulong Checksum(ReadOnlySpan<byte> block, long generation, long at) =>
        XxHash3.HashToUInt64(block[HeaderSize..], generation ^ (at << 20) ^ block.Length);

    static byte[]? ReadBlock(SafeFileHandle file, long generation, long at, long half)
    {
        var header = new byte[HeaderSize];
        var start = Start(generation, half) + at;
        if (at + HeaderSize > half || RandomAccess.Read(file, header, start) != HeaderSize || BinaryPrimitives.ReadUInt32LittleEndian(header) != Magic)
        {
            return null;
        }

        var size = BinaryPrimitives.ReadInt64LittleEndian(header.AsSpan(4));
        if (size < 0 || size > half - at - HeaderSize)
        {
            return null;
        }

        var block = new byte[HeaderSize + size];
        return RandomAccess.Read(file, block, start) == block.Length
            && Checksum(block, generation, at) == BinaryPrimitives.ReadUInt64LittleEndian(header.AsSpan(12)) ? block : null;
    }

    static long Start(long generation, long half) => (generation & 1) * half;

    static long Padded(long bytes) => (bytes + Page - 1) / Page * Page;
}
