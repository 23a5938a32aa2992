using System.Text.RegularExpressions;
using Nyala.Host.Http;
using Nyala.Storage;
using Nyala.Xmpp;
using Nyala.Xmpp.Stanzas;

namespace Nyala.Host.Portability.Readable;

/// <summary>What of an archived message a person reads.</summary>
/// <param name="texts">In which language.</param>
/// <param name="files">The account's own files by key: where each is in the copy.</param>
sealed partial class MessageView(ExportTexts texts, IReadOnlyDictionary<string, ExportFile> files)
{
    /// <summary>The message as HTML; null: it says nothing to people (receipts, typing states and the like).</summary>
    public Html? Of(Stanza message)
    {
        if (message.Type == StanzaType.Error)
        {
            return Note(texts.Undelivered);
        }

        if (message.Has("retracted", Ns.Retraction))
        {
            return Note(texts.TakenBack);
        }

        if (message.Has("retract", Ns.Retraction))
        {
            return Note(texts.TookBack);
        }

        // What can be read beside it is a hint for apps that cannot decrypt, and no message.
        if (message.Has("encrypted", Ns.Omemo) || message.Has("encrypted", Ns.Omemo2) || message.Has("openpgp", Ns.OpenPgp))
        {
            return Note(texts.Encrypted);
        }

        if (message.Child("reactions", Ns.Reactions) is { } reactions)
        {
            var given = string.Join(' ', reactions.Children.Where(child => child.Name == "reaction").Select(child => child.Text));
            return Html.Of($"<p class=\"note\" dir=\"auto\">{texts.Reacted}: {given}</p>");
        }

        if (Room(message) is { } room)
        {
            return Html.Of($"<p class=\"note\" dir=\"auto\">{texts.Invitation}: {room}</p>");
        }

        return message.Has("propose", Ns.JingleMessages) ? Note(texts.Call) : Text(message);
    }

    static string? Room(Stanza message) => message.Child("x", Ns.DirectInvite)?["jid"]
        ?? (message.Child("x", Ns.MucUser)?.Child("invite") is null ? null : message.From?.Bare.ToString());

    Html? Text(Stanza message)
    {
        var (subject, body) = (message.Child("subject", Ns.Client)?.Text, message.Child("body", Ns.Client)?.Text);
        if (string.IsNullOrEmpty(body) && string.IsNullOrEmpty(subject))
        {
            return null;
        }

        return Html.Join(
        [
            string.IsNullOrEmpty(subject) ? Html.Empty : Html.Of($"<p dir=\"auto\"><strong>{subject}</strong></p>"),
            string.IsNullOrEmpty(body) ? Html.Empty : Html.Of($"<p dir=\"auto\">{body}</p>"),
            Html.Join(Keys().Matches((body ?? "") + ' ' + message.Child("x", Ns.StanzaOob)?.Child("url")?.Text)
                .Select(match => files.GetValueOrDefault(match.Value)).OfType<ExportFile>().Distinct()
                .Select(file => Html.Of($"<p><a href=\"../{file.Link}\">{file.Name}</a></p>"))),
            message.Has("replace", Ns.Correction) ? Html.Of($"<span class=\"soft\">{texts.Corrected}</span>") : Html.Empty,
        ]);
    }

    static Html Note(string text) => Html.Of($"<p class=\"note\">{text}</p>");

    [GeneratedRegex("(?<![0-9a-f])[0-9a-f]{40}(?![0-9a-f])")]
    private static partial Regex Keys();
}

/// <summary>A file of the account, and where it is in the copy.</summary>
/// <param name="Stored">What is known of it.</param>
/// <param name="Path">In the copy; null: it is left out.</param>
sealed record ExportFile(StoredFile Stored, string? Path)
{
    const int LongestName = 80;

    public string Name => Stored.Name;

    /// <summary>The path as an address.</summary>
    public string Link => string.Join('/', (Path ?? "index.html").Split('/').Select(Uri.EscapeDataString));

    /// <summary>A path that is the same on every system: numbered, and of harmless characters.</summary>
    public static string PathOf(int number, string name)
    {
        var safe = new string([.. name.Select(c => char.IsLetterOrDigit(c) || c is '-' or '_' or '.' ? c : '_')]).Trim('.');
        safe = safe.Length <= LongestName ? safe : safe[^LongestName..].TrimStart('.');
        return string.Create(System.Globalization.CultureInfo.InvariantCulture, $"files/{number:d4}-{(safe.Length == 0 ? "file" : safe)}");
    }
}
