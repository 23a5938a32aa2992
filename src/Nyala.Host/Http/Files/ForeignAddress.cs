using System.Diagnostics.CodeAnalysis;

namespace Nyala.Host.Http.Files;

/// <summary>Which addresses of files on other servers are asked for at all; that they lead to public machines is looked at when connecting.</summary>
static class ForeignAddress
{
    const int MaxLength = 2_048;
    const int FirstFreePort = 1_024;
    const int HttpsPort = 443;

    /// <summary>Reads an address: https, without a name and password, at a port where websites are and mail or the like is not.</summary>
    public static bool TryRead(string text, [NotNullWhen(true)] out Uri? address)
    {
        address = text.Length <= MaxLength && Uri.TryCreate(text, UriKind.Absolute, out var uri) && IsGood(uri) ? uri : null;
        return address is not null;
    }

    /// <summary>Where an answer leads on to; null when that is no address of this kind.</summary>
    public static Uri? Redirection(Uri from, Uri? location) =>
        location is not null && Uri.TryCreate(from, location, out var to) && to.OriginalString.Length <= MaxLength && IsGood(to) ? to : null;

    static bool IsGood(Uri uri) =>
        uri.Scheme == Uri.UriSchemeHttps && uri.UserInfo.Length == 0 && uri.Host.Length > 0 && (uri.Port is HttpsPort or >= FirstFreePort);
}
