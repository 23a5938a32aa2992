// HOT PATH
using System.Buffers;

namespace Nyala.Xmpp.Xml;

/// <summary>A growing buffer to put bytes together in, one per thread and used again: for results of unknown length.</summary>
sealed class ScratchBuffer : IBufferWriter<byte>
{
    const int LargestKept = 64 * 1024;

    [ThreadStatic]
    static ScratchBuffer? Spare;

    byte[] _bytes = new byte[1024];

    ScratchBuffer()
    {
    }

    public int Length { get; private set; }

    public ReadOnlySpan<byte> Written => _bytes.AsSpan(0, Length);

    public static ScratchBuffer Rent()
    {
        var buffer = Spare ?? new ScratchBuffer();
        Spare = null;
        buffer.Length = 0;
        return buffer;
    }

    public void Return()
    {
        if (_bytes.Length <= LargestKept)
        {
            Spare = this;
        }
    }

    public void Advance(int count) => Length += count;

    /// <summary>Takes back the last bytes.</summary>
    public void Retreat(int count) => Length -= count;

    public Memory<byte> GetMemory(int sizeHint = 0)
    {
        Reserve(sizeHint);
        return _bytes.AsMemory(Length);
    }

    public Span<byte> GetSpan(int sizeHint = 0)
    {
        Reserve(sizeHint);
        return _bytes.AsSpan(Length);
    }

    public void Write(ReadOnlySpan<byte> bytes)
    {
        Reserve(bytes.Length);
        bytes.CopyTo(_bytes.AsSpan(Length));
        Length += bytes.Length;
    }

    void Reserve(int size)
    {
        if (_bytes.Length - Length < Math.Max(size, 1))
        {
            Array.Resize(ref _bytes, Math.Max(_bytes.Length * 2, Length + size));
        }
    }
}
