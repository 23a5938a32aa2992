using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Security.Cryptography;
using Nyala.Xmpp.Xml;

namespace Nyala.Xmpp.Payloads;

/// <summary>A small picture of a person, in the two shapes clients know: XEP-0084 and the photo of a vCard (XEP-0153).</summary>
/// <param name="Hash">SHA-1 of the picture in lower-case hexadecimal digits.</param>
/// <param name="Type">Its media type as claimed.</param>
/// <param name="Data">The picture.</param>
public sealed record Avatar(string Hash, string Type, byte[] Data)
{
    const int LongestType = 100;

    /// <summary>A picture of unknown hash.</summary>
    public static Avatar Of(string type, byte[] data) => new(HashOf(data), type.Length is > 0 and <= LongestType ? type : "image/png", data);

    /// <summary>The picture in a vCard; false when there is none, or its data is elsewhere or no base64.</summary>
    public static bool TryReadPhoto(Element card, [NotNullWhen(true)] out Avatar? avatar)
    {
        avatar = card.Child("PHOTO") is { } photo && TryDecode(photo.Child("BINVAL")?.Text, out var data)
            ? Of(photo.Child("TYPE")?.Text.Trim() ?? "", data)
            : null;
        return avatar is not null;
    }

    /// <summary>The picture in the payload of the data node, which must be that of the hash.</summary>
    public static bool TryReadData(Element data, string hash, string type, [NotNullWhen(true)] out Avatar? avatar)
    {
        avatar = data.Is("data", Ns.AvatarData) && TryDecode(data.Text, out var bytes) && Of(type, bytes) is var read && read.Hash == hash ? read : null;
        return avatar is not null;
    }

    /// <summary>What a metadata payload says of the picture that is in the data node (XEP-0398 §3.1: the one without a URL).</summary>
    public static (string Hash, string Type)? ReadMetadata(Element metadata)
    {
        var info = metadata.Children.FirstOrDefault(child => child.Is("info", Ns.AvatarMetadata) && child["url"] is null);
        return info?["id"]?.ToLowerInvariant() is { Length: 40 } hash && hash.All(char.IsAsciiHexDigit) && info["type"] is { Length: > 0 and <= LongestType } type ? (hash, type) : null;
    }

    /// <summary>The payload of the data node.</summary>
    public Element ToData() => new Element("data", Ns.AvatarData).AddText(Convert.ToBase64String(Data));

    /// <summary>The payload of the metadata node.</summary>
    public Element ToMetadata() => new Element("metadata", Ns.AvatarMetadata).Add(new Element("info", Ns.AvatarMetadata)
        .Set("id", Hash).Set("type", Type).Set("bytes", Data.Length.ToString(CultureInfo.InvariantCulture)));

    /// <summary>The photo of a vCard.</summary>
    public Element ToPhoto() => new Element("PHOTO", Ns.VCard).Add("TYPE", Type).Add("BINVAL", Convert.ToBase64String(Data));

    static string HashOf(byte[] data) =>
        Convert.ToHexStringLower(CryptographicOperations.HashData(HashAlgorithmName.SHA1, data));

    /// <summary>Line feeds are accepted (XEP-0084 §5.1).</summary>
    static bool TryDecode(string? text, [NotNullWhen(true)] out byte[]? data)
    {
        data = null;
        if (string.IsNullOrWhiteSpace(text))
        {
            return false;
        }

        var buffer = ArrayPool<byte>.Shared.Rent(text.Length);
        var decoded = Convert.TryFromBase64String(text, buffer, out var length) && length > 0;
        data = decoded ? buffer.AsSpan(0, length).ToArray() : null;
        ArrayPool<byte>.Shared.Return(buffer);
        return decoded;
    }
}
