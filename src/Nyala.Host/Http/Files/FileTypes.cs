using System.Collections.Frozen;
using Microsoft.Net.Http.Headers;
using Nyala.Features.Files;

namespace Nyala.Host.Http.Files;

/// <summary>
/// Which types browsers are told. What a sender claims is believed only where it does no harm: types that can act (HTML, SVG,
/// XML, scripts) are never said, and only pictures, sound and film are shown instead of saved.
/// </summary>
static class FileTypes
{
    static readonly FrozenSet<string> Shown = FrozenSet.ToFrozenSet(
        [
            "image/jpeg", "image/png", "image/gif", "image/webp", "image/avif", "image/heic", "image/heif", "image/bmp", "image/jxl",
            "video/mp4", "video/webm", "video/ogg", "video/quicktime", "video/3gpp", "video/x-matroska",
            "audio/mpeg", "audio/mp4", "audio/m4a", "audio/x-m4a", "audio/aac", "audio/ogg", "audio/opus", "audio/webm", "audio/wav", "audio/x-wav",
            "audio/flac", "audio/x-flac", "audio/amr", "audio/3gpp",
        ],
        StringComparer.Ordinal);

    static readonly FrozenSet<string> Saved = FrozenSet.ToFrozenSet(
        [
            "text/plain", "text/csv", "text/markdown", "text/calendar", "text/vcard", "application/pdf", "application/json", "application/zip",
            "application/gzip", "application/x-tar", "application/x-7z-compressed", "application/epub+zip", "application/gpx+xml", "application/rtf",
            "application/msword", "application/vnd.ms-excel", "application/vnd.ms-powerpoint",
            "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
            "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
            "application/vnd.openxmlformats-officedocument.presentationml.presentation",
            "application/vnd.oasis.opendocument.text", "application/vnd.oasis.opendocument.spreadsheet", "application/vnd.oasis.opendocument.presentation",
        ],
        StringComparer.Ordinal);

    /// <summary>The Content-Type of an answer.</summary>
    public static string Served(string claimed) => Shown.Contains(claimed) || Saved.Contains(claimed) ? claimed : MediaTypes.Unknown;

    /// <summary>The Content-Disposition (RFC 6266): whether it is shown, and what it is called when it is saved.</summary>
    public static string Disposition(string claimed, string name)
    {
        var header = new ContentDispositionHeaderValue(Shown.Contains(claimed) ? "inline" : "attachment");
        header.SetHttpFileName(name);
        return header.ToString();
    }
}
