using System.Globalization;
using Nyala.Host.Http;
using Nyala.Host.Output;
using Nyala.Storage;
using Nyala.Xmpp.Payloads;

namespace Nyala.Host.Portability.Readable;

/// <summary>The first page of a readable copy: everything but what was said.</summary>
sealed class IndexPage(ExportTexts texts, OwnThings own)
{
    public async Task WriteAsync(Stream output, string address, DateTimeOffset now, IReadOnlyList<Chat> chats, bool hasMore, IReadOnlyList<ExportFile> files)
    {
        var page = new ExportPage(output);
        await page.BeginAsync(texts.Language, texts.Title);
        await page.AddAsync(Html.Of($"<h1>{texts.Title}</h1><p class=\"soft\">{string.Format(CultureInfo.InvariantCulture, texts.Made, Time(now))} {texts.Keep}</p>"));
        await page.AddAsync(Html.Of($"""
            <nav><a href="#chats">{texts.Chats}</a><a href="#contacts">{texts.Contacts}</a><a href="#groups">{texts.Groups}</a><a href="#files">{texts.Files}</a><a href="#devices">{texts.Devices}</a><a href="#raw">{texts.Raw}</a></nav>

            """));
        await page.AddAsync(Profile(address));
        await SectionAsync(page, "chats", texts.Chats, texts.ChatsWhat, texts.NoChats, chats.Select(Chat));
        await page.AddAsync(hasMore ? Html.Of($"<p class=\"soft\">{texts.MoreChats}</p>") : Html.Empty);
        await SectionAsync(page, "contacts", texts.Contacts, null, texts.NoContacts, own.Contacts.Select(Contact));
        if (own.Blocked.Count > 0)
        {
            await SectionAsync(page, "blocked", texts.Blocked, null, "", own.Blocked.Select(jid => Row(jid, null, null)));
        }

        await SectionAsync(page, "groups", texts.Groups, texts.GroupsWhat, texts.NoGroups, own.Groups.Select(Group));
        await SectionAsync(page, "files", texts.Files, texts.FilesWhat, texts.NoFiles, files.Select(File));
        await SectionAsync(page, "devices", texts.Devices, texts.DevicesWhat, texts.NoDevices, own.Devices.Select(device =>
            Row(device.Device, null, $"{texts.Since} {Time(device.Since)}, {texts.Until} {Time(device.Until)}")));
        await SectionAsync(page, "push", texts.Push, null, texts.NoPush, own.Push.Select(push => Row(push.Jid, push.Device, $"{texts.Since} {Time(push.EnabledAt)}")));
        await page.AddAsync(Html.Of($"<section id=\"raw\"><h2>{texts.Raw}</h2><p><a href=\"{ReadableExport.RawFile}\">{ReadableExport.RawFile}</a></p><p class=\"soft\">{texts.RawWhat}</p></section>\n"));
        await page.EndAsync();
    }

    static string Time(DateTimeOffset at) => at.UtcDateTime.ToString("yyyy-MM-dd HH:mm", CultureInfo.InvariantCulture);

    static async Task SectionAsync(ExportPage page, string id, string title, string? what, string none, IEnumerable<Html> rows)
    {
        await page.AddAsync(Html.Of($"<section id=\"{id}\"><h2>{title}</h2>{(what is null ? Html.Empty : Html.Of($"<p class=\"soft\">{what}</p>"))}\n"));
        var isEmpty = true;
        foreach (var row in rows)
        {
            await page.AddAsync(Html.Of($"{new Html(isEmpty ? "<ul class=\"rows\">\n" : "")}{row}"));
            isEmpty = false;
        }

        await page.AddAsync(isEmpty ? Html.Of($"<p>{none}</p></section>\n") : new Html("</ul></section>\n"));
    }

    static Html Row(string name, string? below, string? end) => Row(Html.Of($"{name}"), below, end);

    static Html Row(Html name, string? below, string? end) => Html.Of($"<li><div dir=\"auto\">{name}{Below(below)}</div>{(end is null ? Html.Empty : Html.Of($"<div class=\"end\">{end}</div>"))}</li>\n");

    static Html Below(string? text) => string.IsNullOrEmpty(text) ? Html.Empty : Html.Of($"<br/><span class=\"soft\">{text}</span>");

    Html Profile(string address)
    {
        var face = own.Picture is { } picture
            ? Html.Of($"<img class=\"face\" alt=\"{texts.Picture}\" src=\"data:{picture.Type};base64,{Convert.ToBase64String(picture.Data)}\"/>")
            : Html.Empty;
        var directory = own.Directory is { } entry ? string.Join(' ', new[] { entry.First, entry.Last, entry.Nick }.Where(part => part.Length > 0)) : texts.NotInDirectory;
        List<(string Name, string Value)> facts =
        [
            (texts.Address, address),
            .. own.Nickname is { Length: > 0 } nick ? [(texts.Nickname, nick)] : Array.Empty<(string, string)>(),
            .. own.Card.Select(fact => (texts.CardName(fact.Name), fact.Value)),
            (texts.Directory, directory),
        ];
        return Html.Of($"""
            <section id="profile"><div class="top">{face}<div><h2>{texts.Profile}</h2><p dir="auto">{own.Nickname ?? address}</p></div></div>
            <dl>{Html.Join(facts.Select(fact => Html.Of($"<dt>{fact.Name}</dt><dd dir=\"auto\">{fact.Value}</dd>")))}</dl></section>

            """);
    }

    Html Chat(Chat chat) => Row(
        Html.Of($"<a href=\"{chat.PathOf(1)}\">{own.NameOf(chat.With)}</a>"), own.NameOf(chat.With) == chat.With ? null : chat.With,
        $"{chat.Messages.ToString(CultureInfo.InvariantCulture)} {texts.Messages}, {Day(chat.First)}{(Day(chat.First) == Day(chat.Last) ? "" : $" – {Day(chat.Last)}")}");

    static string Day(long at) => DateTimeOffset.FromUnixTimeMilliseconds(at).ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);

    Html Contact(RosterItem item) => Row(item.Name ?? item.Jid, string.Join(", ", ((string[])[item.Name is null ? "" : item.Jid, .. item.Groups]).Where(part => part.Length > 0)), (item.Subscription switch
    {
        Subscription.Both => texts.Both,
        Subscription.To => texts.YouSee,
        Subscription.From => texts.TheySee,
        _ => texts.NeitherSees,
    }) + (item.Ask ? $" ({texts.Asked})" : ""));

    Html Group(OwnGroup group) => Row(group.Name, string.Join(", ", ((string[])[group.Name == group.Address ? "" : group.Address, group.Nick ?? ""]).Where(part => part.Length > 0)), group.Affiliation switch
    {
        Affiliation.Owner => texts.Owner,
        Affiliation.Admin => texts.Admin,
        Affiliation.Member => texts.Member,
        Affiliation.Outcast => texts.Banned,
        _ => texts.Bookmarked,
    });

    Html File(ExportFile file) => Row(
        file.Path is null ? Html.Of($"{file.Name}") : Html.Of($"<a href=\"{file.Link}\">{file.Name}</a>"), file.Path is null ? texts.LeftOut : file.Stored.Type,
        $"{Sizes.Show(file.Stored.Size)}, {Time(file.Stored.CreatedAt)}");
}
