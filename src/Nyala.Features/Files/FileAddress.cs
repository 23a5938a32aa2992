using Nyala.Core;

namespace Nyala.Features.Files;

/// <summary>Where files are on the web.</summary>
public static class FileAddress
{
    /// <summary>The path that all of them begin with.</summary>
    public const string Root = "/files";

    /// <summary>The address of a file, for its upload and for everybody (RFC 3986: percent-encoded).</summary>
    public static string Of(ServerOptions options, string key, string name) =>
        $"{options.Uploads.Address ?? options.WebAddress}{Root}/{key}/{Uri.EscapeDataString(name)}";
}
