using System.Buffers.Binary;
using System.Buffers.Text;
using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Text;
using Nyala.Storage;

namespace Nyala.Features.Files;

/// <summary>The right to upload one file.</summary>
/// <param name="Key">What the file will be called in the contents and in its address.</param>
/// <param name="Name">The name in its address (<see cref="FileNames"/>).</param>
/// <param name="Type">What was said of it (<see cref="MediaTypes"/>), or null.</param>
/// <param name="Size">In bytes, exactly.</param>
/// <param name="Account">Who may upload it, and keeps it.</param>
/// <param name="UseBefore">When the upload must have begun.</param>
/// <param name="KeepUntil">When it is to be gone at the latest, if somebody has asked for that.</param>
public sealed record Slot(
    string Key, string Name, string? Type, long Size, long Account, FilePurpose Purpose, DateTimeOffset UseBefore, DateTimeOffset? KeepUntil);

/// <summary>
/// Signs slots into a text that goes with the upload, so that nothing of a slot is kept until it is used. The text holds what is
/// not in the address; key and name are signed with it. HMAC-SHA256 under a key of this installation.
/// </summary>
public sealed class Slots
{
    /// <summary>Longer than any token.</summary>
    const int MaxTokenLength = 400;

    const byte Version = 1;
    const int FixedBytes = 1 + 1 + (4 * 8) + 1;

    readonly byte[] _key;

    Slots(byte[] key) => _key = key;

    public static async ValueTask<Slots> LoadAsync(ISecrets secrets) => new(await secrets.GetOrCreateAsync("file-slots", HMACSHA256.HashSizeInBytes));

    /// <summary>The token of a slot: letters, digits, dashes and underscores.</summary>
    public string Sign(Slot slot)
    {
        var type = Encoding.ASCII.GetBytes(slot.Type ?? "");
        var signed = new byte[FixedBytes + type.Length + HMACSHA256.HashSizeInBytes];
        signed[0] = Version;
        signed[1] = (byte)slot.Purpose;
        var numbers = signed.AsSpan(2);
        BinaryPrimitives.WriteInt64BigEndian(numbers, slot.Size);
        BinaryPrimitives.WriteInt64BigEndian(numbers[8..], slot.Account);
        BinaryPrimitives.WriteInt64BigEndian(numbers[16..], slot.UseBefore.ToUnixTimeMilliseconds());
        BinaryPrimitives.WriteInt64BigEndian(numbers[24..], slot.KeepUntil?.ToUnixTimeMilliseconds() ?? long.MaxValue);
        numbers[32] = (byte)type.Length;
        type.CopyTo(signed, FixedBytes);
        var end = FixedBytes + type.Length;
        Sum(signed.AsSpan(0, end), slot.Key, slot.Name).CopyTo(signed, end);
        return Base64Url.EncodeToString(signed);
    }

    /// <summary>Reads a token that came with an address; false when this installation did not make it for that address.</summary>
    public bool TryRead(string token, string key, string name, [NotNullWhen(true)] out Slot? slot)
    {
        slot = null;
        var signed = new byte[MaxTokenLength];
        if (token.Length > MaxTokenLength || !FileKey.IsOne(key) || !Base64Url.IsValid(token)
            || !Base64Url.TryDecodeFromChars(token, signed, out var length))
        {
            return false;
        }

        var end = length - HMACSHA256.HashSizeInBytes;
        if (end < FixedBytes || signed[0] != Version || end != FixedBytes + signed[FixedBytes - 1]
            || !CryptographicOperations.FixedTimeEquals(Sum(signed.AsSpan(0, end), key, name), signed.AsSpan(end, HMACSHA256.HashSizeInBytes)))
        {
            return false;
        }

        var numbers = signed.AsSpan(2);
        var keepUntil = BinaryPrimitives.ReadInt64BigEndian(numbers[24..]);
        slot = new(
            key,
            name,
            end == FixedBytes ? null : Encoding.ASCII.GetString(signed, FixedBytes, end - FixedBytes),
            BinaryPrimitives.ReadInt64BigEndian(numbers),
            BinaryPrimitives.ReadInt64BigEndian(numbers[8..]),
            (FilePurpose)signed[1],
            DateTimeOffset.FromUnixTimeMilliseconds(BinaryPrimitives.ReadInt64BigEndian(numbers[16..])),
            keepUntil == long.MaxValue ? null : DateTimeOffset.FromUnixTimeMilliseconds(keepUntil));
        return true;
    }

    byte[] Sum(ReadOnlySpan<byte> body, string key, string name)
    {
        // The body tells its own length and a key has a fixed one: there is only one way to read them one after the other.
        using var sum = IncrementalHash.CreateHMAC(HashAlgorithmName.SHA256, _key);
        sum.AppendData(body);
        sum.AppendData(Encoding.UTF8.GetBytes(key + name));
        return sum.GetHashAndReset();
    }
}
