// HOT PATH
using System.Buffers;

namespace Nyala.Xmpp.Xml;

/// <summary>The bytes of an element that is not complete yet, in a pooled buffer that grows; between elements there is none.</summary>
struct PendingInput
{
    byte[]? _buffer;

    public int Length { get; private set; }

    public readonly ReadOnlySpan<byte> Bytes => _buffer.AsSpan(0, Length);

    public void Append(ReadOnlySpan<byte> data)
    {
        var needed = Length + data.Length;
        if (needed > (_buffer?.Length ?? 0))
        {
            var larger = ArrayPool<byte>.Shared.Rent(Math.Max(needed, Length * 2));
            Bytes.CopyTo(larger);
            GiveBack();
            _buffer = larger;
        }

        data.CopyTo(_buffer.AsSpan(Length));
        Length = needed;
    }

    public void Release()
    {
        GiveBack();
        _buffer = null;
        Length = 0;
    }

    readonly void GiveBack()
    {
        if (_buffer is not null)
        {
            ArrayPool<byte>.Shared.Return(_buffer);
        }
    }
}
