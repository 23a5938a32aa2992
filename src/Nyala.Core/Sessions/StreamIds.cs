using System.Buffers;
using System.Buffers.Binary;
using System.Buffers.Text;
using System.Security.Cryptography;

namespace Nyala.Core.Sessions;

/// <summary>
/// Resumption ids (XEP-0198 §5): they name the account and the stream, survive a restart, and cannot be made by others
/// (one AES block under a key of this installation). Safe from any thread.
/// </summary>
public sealed class StreamIds : IDisposable
{
    const int BlockSize = 16;
    const uint Check = 0x4E59_534D;

    readonly Aes _aes;

    /// <param name="key">16 random bytes, kept by this installation.</param>
    public StreamIds(byte[] key)
    {
        _aes = Aes.Create();
        _aes.Key = key;
    }

    public string Encode(long account, long stream)
    {
        Span<byte> block = stackalloc byte[BlockSize];
        BinaryPrimitives.WriteInt64LittleEndian(block, stream);
        BinaryPrimitives.WriteUInt32LittleEndian(block[8..], checked((uint)account));
        BinaryPrimitives.WriteUInt32LittleEndian(block[12..], Check);
        lock (_aes)
        {
            _aes.EncryptEcb(block, block, PaddingMode.None);
        }

        return Base64Url.EncodeToString(block);
    }

    /// <summary>False for anything this installation did not make.</summary>
    public bool TryDecode(string id, out long account, out long stream)
    {
        Span<byte> block = stackalloc byte[BlockSize];
        account = stream = 0;

        // The method whose name begins with Try throws on characters that are not base64url.
        if (Base64Url.DecodeFromChars(id, block, out _, out var length) != OperationStatus.Done || length != BlockSize)
        {
            return false;
        }

        lock (_aes)
        {
            _aes.DecryptEcb(block, block, PaddingMode.None);
        }

        stream = BinaryPrimitives.ReadInt64LittleEndian(block);
        account = BinaryPrimitives.ReadUInt32LittleEndian(block[8..]);
        return BinaryPrimitives.ReadUInt32LittleEndian(block[12..]) == Check;
    }

    public void Dispose() => _aes.Dispose();
}
