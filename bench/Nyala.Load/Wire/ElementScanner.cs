// HOT PATH
namespace Nyala.Load.Wire;

/// <summary>
/// Finds where first-level elements end, and nothing more: no names resolved, no text unescaped. Enough for a load
/// generator that knows what it waits for. Relies on servers escaping '&gt;' in attributes, which all do. Not thread-safe.
/// </summary>
sealed class ElementScanner
{
    byte[] _buffer = new byte[1024];
    int _start;
    int _at;
    int _end;
    int _depth;

    /// <summary>The peer has closed its stream.</summary>
    public bool Closed { get; private set; }

    /// <summary>Where to read the next bytes to; tell how many with <see cref="Added"/>.</summary>
    public Memory<byte> Space()
    {
        if (_start == _end)
        {
            _at = _start = _end = 0;
        }
        else if (_buffer.Length - _end < 512)
        {
            var kept = _end - _start;
            var target = kept > _buffer.Length / 2 ? new byte[_buffer.Length * 2] : _buffer;
            _buffer.AsSpan(_start, kept).CopyTo(target);
            _buffer = target;
            _at -= _start;
            _start = 0;
            _end = kept;
        }

        return _buffer.AsMemory(_end);
    }

    public void Added(int bytes) => _end += bytes;

    /// <summary>A new stream begins in the same connection.</summary>
    public void Restart()
    {
        _depth = 0;
        _at = _start = _end = 0;
    }

    /// <summary>The next complete first-level element or stream header; valid until the next call.</summary>
    public bool TryTake(out ReadOnlyMemory<byte> element)
    {
        while (true)
        {
            var rest = _buffer.AsSpan(_at, _end - _at);
            var open = rest.IndexOf((byte)'<');
            if (open < 0)
            {
                _at = _end;
                if (_depth == 0)
                {
                    _start = _end;
                }

                break;
            }

            if (_depth == 0)
            {
                _start = _at + open;
            }

            var length = rest[open..].IndexOf((byte)'>') + 1;
            if (length == 0)
            {
                _at += open;
                break;
            }

            var tag = rest.Slice(open, length);
            _at += open + length;
            if (Ends(tag))
            {
                element = _buffer.AsMemory(_start, _at - _start);
                _start = _at;
                return true;
            }
        }

        element = default;
        return false;
    }

    bool Ends(ReadOnlySpan<byte> tag)
    {
        if (tag[1] == '/')
        {
            if (_depth == 0)
            {
                Closed = true;
                return false;
            }

            return --_depth == 0;
        }

        if (tag[1] == '?')
        {
            return false;
        }

        if (tag[^2] == '/' || (_depth == 0 && tag.StartsWith("<stream:stream"u8)))
        {
            return _depth == 0;
        }

        _depth++;
        return false;
    }
}
