namespace Nyala.Core.Connections.Bosh;

/// <summary>
/// Output that waits for a request to be answered. The frames of a WebSocket that only open or close a stream become attributes of
/// the answer. All members under the connection's gate.
/// </summary>
sealed class BoshOutput(BoshConnection owner) : Output(owner)
{
    /// <summary>A buffer that grew beyond this is let go of once it is empty.</summary>
    const int KeptBuffer = 16_384;

    byte[] _buffer = [];
    int _length;
    int _began;

    /// <summary>Our side of the stream is closed: the next answer is the last.</summary>
    public bool HasEnded { get; private set; }

    /// <summary>It was closed because of an error, which is in the content.</summary>
    public bool HasFailed { get; private set; }

    /// <summary>Some of the content has the prefix <c>stream</c>.</summary>
    public bool UsesStreamPrefix { get; private set; }

    public bool HasContent => _length > 0;

    public ReadOnlySpan<byte> Content => _buffer.AsSpan(0, _length);

    // The end waits too, even if it has no words.
    public override long Pending => _length + (HasEnded ? 1 : 0);

    public override void Advance(int count) => _length += count;

    public override Memory<byte> GetMemory(int sizeHint = 0)
    {
        Reserve(sizeHint);
        return _buffer.AsMemory(_length);
    }

    public override Span<byte> GetSpan(int sizeHint = 0)
    {
        Reserve(sizeHint);
        return _buffer.AsSpan(_length);
    }

    public override void BeginMessage() => _began = _length;

    public override void EndMessage()
    {
        var message = _buffer.AsSpan(_began, _length - _began);
        if (message.StartsWith("<open xmlns='urn:ietf:params:xml:ns:xmpp-framing'"u8))
        {
            _length = _began;
        }
        else if (message.StartsWith("<close xmlns='urn:ietf:params:xml:ns:xmpp-framing'"u8))
        {
            _length = _began;
            HasEnded = true;
        }
        else if (message.StartsWith("<stream:"u8))
        {
            UsesStreamPrefix = true;
            HasFailed |= message.StartsWith("<stream:error"u8);
        }
    }

    public override void Flush()
    {
        if (!Failed)
        {
            owner.Exchange.Serve();
        }
    }

    /// <summary>The content is on its way.</summary>
    public void Taken()
    {
        _length = 0;
        UsesStreamPrefix = false;
        if (_buffer.Length > KeptBuffer)
        {
            _buffer = [];
        }
    }

    /// <summary>So is the end.</summary>
    public void EndTaken()
    {
        HasEnded = false;
        Drained();
    }

    void Reserve(int sizeHint)
    {
        var needed = _length + Math.Max(sizeHint, 1);
        if (_buffer.Length < needed)
        {
            Array.Resize(ref _buffer, Math.Max(needed, Math.Max(1_024, _buffer.Length * 2)));
        }
    }
}
