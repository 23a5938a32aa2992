using System.Buffers;
using System.Diagnostics.CodeAnalysis;

namespace Nyala.Features.Files;

/// <summary>What kind a file is said to be (RFC 9110 §8.3.1), without its parameters.</summary>
public static class MediaTypes
{
    /// <summary>What is said of a file of which nothing is said (XEP-0363 §7).</summary>
    public const string Unknown = "application/octet-stream";

    const int MaxLength = 100;

    static readonly SearchValues<char> Token = SearchValues.Create("!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyz");

    /// <summary>Type and subtype in small letters; false for what is none.</summary>
    public static bool TryParse(string text, [NotNullWhen(true)] out string? type)
    {
        type = null;
        var end = text.IndexOf(';', StringComparison.Ordinal);
        var essence = (end < 0 ? text : text[..end]).Trim(' ', '\t').ToLowerInvariant();
        var slash = essence.IndexOf('/', StringComparison.Ordinal);
        if (slash <= 0 || slash == essence.Length - 1 || essence.Length > MaxLength
            || essence.AsSpan(0, slash).ContainsAnyExcept(Token) || essence.AsSpan(slash + 1).ContainsAnyExcept(Token))
        {
            return false;
        }

        type = essence;
        return true;
    }
}
