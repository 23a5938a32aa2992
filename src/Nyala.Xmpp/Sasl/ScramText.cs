using System.Buffers.Text;
using System.Diagnostics.CodeAnalysis;

namespace Nyala.Xmpp.Sasl;

/// <summary>SCRAM messages as bytes (RFC 5802 §7).</summary>
static class ScramText
{
    /// <summary>The longest message that is looked at; ours stay far below.</summary>
    public const int MaxMessage = 4096;

    /// <summary>Takes <c>name=value</c> off the front, up to the next comma; false when something else stands there.</summary>
    public static bool TryTake(ref ReadOnlySpan<byte> rest, byte name, out ReadOnlySpan<byte> value)
    {
        value = default;
        if (rest.Length < 2 || rest[0] != name || rest[1] != '=')
        {
            return false;
        }

        var comma = rest.IndexOf((byte)',');
        value = comma < 0 ? rest[2..] : rest[2..comma];
        // A comma must have something behind it, which the next one to look will notice.
        rest = comma < 0 ? default : rest[comma..];
        return true;
    }

    /// <summary>Takes a comma off the front.</summary>
    public static bool TryComma(ref ReadOnlySpan<byte> rest)
    {
        if (rest is not [(byte)',', ..])
        {
            return false;
        }

        rest = rest[1..];
        return true;
    }

    /// <summary>
    /// Whether what is left is optional attributes only, each with its comma before it; calls back with each. A mandatory
    /// extension (<c>m=</c>) is none of ours, and whoever does not know it must fail (§5.1).
    /// </summary>
    public static bool AreExtensions(ReadOnlySpan<byte> rest)
    {
        while (!rest.IsEmpty)
        {
            if (!TryComma(ref rest) || rest.IsEmpty || !char.IsAsciiLetter((char)rest[0]) || rest[0] == 'm'
                || !TryTake(ref rest, rest[0], out var value) || value.IsEmpty || value.Contains((byte)0))
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>§7: printable ASCII without the comma.</summary>
    public static bool IsNonce(ReadOnlySpan<byte> nonce) =>
        !nonce.IsEmpty && !nonce.ContainsAnyExceptInRange((byte)'!', (byte)'~') && !nonce.Contains((byte)',');

    /// <summary>Reads a saslname: <c>=2C</c> is a comma, <c>=3D</c> an equals sign, and nothing else may follow an equals sign.</summary>
    public static bool TryName(ReadOnlySpan<byte> bytes, [NotNullWhen(true)] out string? name)
    {
        name = null;
        if (bytes.IsEmpty || bytes.Contains((byte)0) || !SaslData.TryUtf8(bytes, out var text))
        {
            return false;
        }

        for (var at = text.IndexOf('=', StringComparison.Ordinal); at >= 0; at = text.IndexOf('=', at + 1))
        {
            if (!text.AsSpan(at).StartsWith("=2C") && !text.AsSpan(at).StartsWith("=3D"))
            {
                return false;
            }
        }

        name = text.Contains('=', StringComparison.Ordinal) ? text.Replace("=2C", ",", StringComparison.Ordinal).Replace("=3D", "=", StringComparison.Ordinal) : text;
        return true;
    }

    /// <summary>The opposite of <see cref="TryName"/>.</summary>
    public static string Escape(string name) =>
        name.Replace("=", "=3D", StringComparison.Ordinal).Replace(",", "=2C", StringComparison.Ordinal);

    /// <summary>Decodes strict base64 that fits into <paramref name="output"/>.</summary>
    public static bool TryBase64(ReadOnlySpan<byte> text, Span<byte> output, out int written)
    {
        written = 0;
        return !text.ContainsAny(" \t\r\n"u8) && Base64.DecodeFromUtf8(text, output, out var consumed, out written) == System.Buffers.OperationStatus.Done
            && consumed == text.Length;
    }
}
