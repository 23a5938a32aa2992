using System.Globalization;
using Nyala.Storage;
using Nyala.Xmpp;
using Nyala.Xmpp.Payloads;
using Nyala.Xmpp.Stanzas;
using Nyala.Xmpp.Xml;

namespace Nyala.Features.Files;

/// <summary>What is asked for in a request for a slot (XEP-0363 §4, §5).</summary>
/// <param name="Name">Made harmless (<see cref="FileNames"/>).</param>
/// <param name="Type">A media type, or null.</param>
/// <param name="Size">In bytes, at least 1.</param>
/// <param name="KeepUntil">When the file is to be gone, or null.</param>
sealed record FileRequest(string Name, string? Type, long Size, FilePurpose Purpose, DateTimeOffset? KeepUntil)
{
    /// <summary>The purposes that are understood.</summary>
    public static readonly IReadOnlyList<string> Purposes = ["message", "profile", "ephemeral"];

    /// <summary>Longer than any name somebody gave a file.</summary>
    const int MaxNameLength = 1_024;

    /// <summary>Reads one; returns what is wrong with it, or null.</summary>
    public static StanzaError? Read(Element request, DateTimeOffset now, out FileRequest? read)
    {
        read = null;
        if (request["filename"] is not { Length: > 0 and <= MaxNameLength } name)
        {
            return StanzaError.BadRequest with { Text = "A file needs a name." };
        }

        if (!long.TryParse(request["size"], NumberStyles.None, CultureInfo.InvariantCulture, out var size) || size < 1)
        {
            return StanzaError.BadRequest with { Text = "The size is a number of bytes, at least 1." };
        }

        string? type = null;
        if (request["content-type"] is { } claimed && !MediaTypes.TryParse(claimed, out type))
        {
            return StanzaError.BadRequest with { Text = "The content-type is no media type." };
        }

        if (ReadPurpose(request, now, out var purpose, out var keepUntil) is { } problem)
        {
            return problem;
        }

        read = new(FileNames.Clean(name), type, size, purpose, keepUntil);
        return null;
    }

    static StanzaError? ReadPurpose(Element request, DateTimeOffset now, out FilePurpose purpose, out DateTimeOffset? keepUntil)
    {
        (purpose, keepUntil) = (FilePurpose.Message, null);
        Element[] purposes = [.. request.Children.Where(child => child.Namespace == Ns.UploadPurpose)];
        switch (purposes)
        {
            case []:
            case [{ Name: "message" }]:
                return null;
            case [{ Name: "profile" }]:
                purpose = FilePurpose.Profile;
                return null;
            case [{ Name: "ephemeral" } ephemeral]:
                if (!DateTimeProfile.TryParse(ephemeral["expire-before"], out var until))
                {
                    return StanzaError.BadRequest with { Text = "An ephemeral file needs the time when it expires." };
                }

                keepUntil = until;
                return until > now ? null : StanzaError.NotAcceptable with { Text = "The file would have expired before it is there." };
            case [_]:
                return StanzaError.FeatureNotImplemented with { Text = "Files are not kept for this purpose here." };
            default:
                return StanzaError.BadRequest with { Text = "A file has one purpose." };
        }
    }
}
