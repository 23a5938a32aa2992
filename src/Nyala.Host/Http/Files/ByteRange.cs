using Microsoft.Net.Http.Headers;

namespace Nyala.Host.Http.Files;

/// <summary>Bytes of a file that an answer carries.</summary>
readonly record struct ByteRange(long From, long Length)
{
    /// <summary>Reads the Range header of a GET (RFC 9110 §14.1.2, §14.2).</summary>
    /// <param name="header">The header's value, as it came.</param>
    /// <param name="size">Bytes of the file, at least 1.</param>
    /// <param name="range">The part to send.</param>
    /// <returns>True: the part; false: nothing of the file is asked for (416); null: all of it, because the header is none that is understood or names several parts.</returns>
    public static bool? Select(string header, long size, out ByteRange range)
    {
        range = new(0, size);
        if (!RangeHeaderValue.TryParse(header, out var parsed) || !parsed.Unit.Equals("bytes", StringComparison.OrdinalIgnoreCase) || parsed.Ranges.Count != 1)
        {
            return null;
        }

        var (from, to) = (parsed.Ranges.First().From, parsed.Ranges.First().To);
        if (from is null)
        {
            // The last bytes.
            range = new(size - Math.Min(to ?? 0, size), Math.Min(to ?? 0, size));
            return range.Length > 0;
        }

        if (from >= size)
        {
            return false;
        }

        range = new(from.Value, Math.Min(to ?? long.MaxValue, size - 1) - from.Value + 1);
        return true;
    }
}
