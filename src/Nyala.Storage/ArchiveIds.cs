using System.Buffers.Binary;
using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;

namespace Nyala.Storage;

/// <summary>A key of archive ids and the first position it is used for.</summary>
/// <param name="Number">1 for a new installation, one more with each restore from backup.</param>
public sealed record ArchiveEpoch(int Number, long FirstPosition, byte[] Key);

/// <summary>
/// Archive ids (XEP-0359, R6): opaque, unpredictable, never reused, different for each owner of a row, and decodable to a
/// position. A key epoch is added at each restore from backup, so that ids made after it differ from those made before.
/// Safe from any thread.
/// </summary>
/// <remarks>An id is one AES block (position, account, epoch) under the epoch's key, as base64url.</remarks>
public sealed class ArchiveIds : IDisposable
{
    /// <summary>Length of an id in characters (ASCII, URL-safe).</summary>
    public const int Length = 22;

    const int BlockSize = 16;

    readonly ArchiveEpoch[] _epochs;
    readonly ThreadLocal<Coder?[]> _coders;

    /// <param name="epochs">All epochs of the installation, oldest first; at least one.</param>
    public ArchiveIds(IEnumerable<ArchiveEpoch> epochs)
    {
        _epochs = [.. epochs];
        ArgumentOutOfRangeException.ThrowIfZero(_epochs.Length, nameof(epochs));
        _coders = new(() => new Coder?[_epochs.Length], trackAllValues: true);
    }

    /// <summary>Writes the id of a row for one of its owners as <see cref="Length"/> ASCII bytes.</summary>
    public void Encode(long account, long position, Span<byte> ascii)
    {
        Span<byte> block = stackalloc byte[BlockSize];
        EncodeBlock(account, position, block);
        Base64Url.EncodeToUtf8(block, ascii, out _, out _);
    }

    public string Encode(long account, long position)
    {
        Span<byte> block = stackalloc byte[BlockSize];
        EncodeBlock(account, position, block);
        return Base64Url.EncodeToString(block);
    }

    /// <summary>False for anything this installation did not make for this account.</summary>
    public bool TryDecode(long account, ReadOnlySpan<char> id, out long position)
    {
        position = 0;
        Span<byte> ascii = stackalloc byte[Length];
        if (id.Length != Length || !Ascii.IsValid(id) || !Encoding.ASCII.TryGetBytes(id, ascii, out _))
        {
            return false;
        }

        Span<byte> sealedBlock = stackalloc byte[BlockSize];
        // 22 characters hold 132 bits: the last four must be zero, or two spellings would name one row.
        if (!Base64Url.IsValid(ascii, out var length) || length != BlockSize
            || !Base64Url.TryDecodeFromUtf8(ascii, sealedBlock, out var written) || written != BlockSize
            || "AQgw".IndexOf(id[^1], StringComparison.Ordinal) < 0)
        {
            return false;
        }

        Span<byte> block = stackalloc byte[BlockSize];
        for (var i = _epochs.Length - 1; i >= 0; i--)
        {
            CoderOf(i).Decrypt(sealedBlock, block);
            var found = BinaryPrimitives.ReadInt64BigEndian(block);
            if (ReadTail(block) == (account, (ushort)_epochs[i].Number) && found > 0 && EpochOf(found) == i)
            {
                position = found;
                return true;
            }
        }

        return false;
    }

    /// <summary>Ends the cached ciphers.</summary>
    public void Dispose()
    {
        foreach (var coder in _coders.Values.SelectMany(c => c))
        {
            coder?.Dispose();
        }

        _coders.Dispose();
    }

    void EncodeBlock(long account, long position, Span<byte> block)
    {
        var epoch = EpochOf(position);
        Span<byte> plain = stackalloc byte[BlockSize];
        BinaryPrimitives.WriteInt64BigEndian(plain, position);
        BinaryPrimitives.WriteInt64BigEndian(plain[8..], (account << 16) | (ushort)_epochs[epoch].Number);
        CoderOf(epoch).Encrypt(plain, block);
    }

    static (long Account, ushort Epoch) ReadTail(ReadOnlySpan<byte> block)
    {
        var tail = BinaryPrimitives.ReadInt64BigEndian(block[8..]);
        return (tail >> 16, (ushort)tail);
    }

    int EpochOf(long position)
    {
        for (var i = _epochs.Length - 1; i > 0; i--)
        {
            if (position >= _epochs[i].FirstPosition)
            {
                return i;
            }
        }

        return 0;
    }

    Coder CoderOf(int epoch)
    {
        var coders = _coders.Value!;
        return coders[epoch] ??= new Coder(_epochs[epoch].Key);
    }

    /// <summary>One thread's cipher of one epoch. A single block needs no mode: this is AES as a keyed permutation.</summary>
    sealed class Coder : IDisposable
    {
        readonly Aes _aes = Aes.Create();
        readonly ICryptoTransform _encrypt;
        readonly ICryptoTransform _decrypt;
        readonly byte[] _input = new byte[BlockSize];
        readonly byte[] _output = new byte[BlockSize];

        public Coder(byte[] key)
        {
            _aes.Key = key;
            _aes.Mode = CipherMode.ECB;
            _aes.Padding = PaddingMode.None;
            _encrypt = _aes.CreateEncryptor();
            _decrypt = _aes.CreateDecryptor();
        }

        public void Encrypt(ReadOnlySpan<byte> from, Span<byte> to) => Run(_encrypt, from, to);

        public void Decrypt(ReadOnlySpan<byte> from, Span<byte> to) => Run(_decrypt, from, to);

        void Run(ICryptoTransform transform, ReadOnlySpan<byte> from, Span<byte> to)
        {
            from.CopyTo(_input);
            transform.TransformBlock(_input, 0, BlockSize, _output, 0);
            _output.CopyTo(to);
        }

        public void Dispose()
        {
            _encrypt.Dispose();
            _decrypt.Dispose();
            _aes.Dispose();
        }
    }
}
