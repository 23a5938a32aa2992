using System.Globalization;
using System.IO.Compression;
using System.Runtime.CompilerServices;
using Nyala.Host.Http;
using Nyala.Storage;
using Nyala.Xmpp.Stanzas;

namespace Nyala.Host.Portability.Readable;

/// <summary>One chat of an account.</summary>
/// <param name="With">The other side's bare address.</param>
/// <param name="Number">From 1 on, the latest first.</param>
sealed record Chat(string With, int Number)
{
    public long Messages { get; set; }

    /// <summary>The times of the first and the last message, milliseconds since 1970.</summary>
    public long First { get; init; }

    public long Last { get; set; }

    /// <summary>The path of one of its pages in the copy.</summary>
    public string PathOf(long part) => string.Create(CultureInfo.InvariantCulture, $"chats/{Number:d4}{(part == 1 ? "" : $"-{part}")}.html");
}

/// <summary>Writes the chats of an account, page by page.</summary>
sealed class ChatPages(IStore store, Account account, ExportTexts texts, MessageView view)
{
    /// <summary>Chats that are written; the others are in the file for programs alone.</summary>
    public const int Most = 5_000;

    /// <summary>Messages on one page: more are slow on a phone.</summary>
    const int PerPage = 1_000;

    const int Rows = 200;

    /// <summary>Whom the account has talked to, the latest first, with how many messages people can read; and whether there are more.</summary>
    public async Task<(IReadOnlyList<Chat> Chats, bool HasMore)> FindAsync(CancellationToken cancellation)
    {
        var found = new Dictionary<string, Chat>(StringComparer.Ordinal);
        var hasMore = false;
        await foreach (var (row, message) in ReadAsync(new(account.Id), cancellation))
        {
            if (view.Of(message) is null || OtherSide(row, message) is not { } with)
            {
                continue;
            }

            if (!found.TryGetValue(with, out var chat))
            {
                if (found.Count == Most)
                {
                    hasMore = true;
                    continue;
                }

                found[with] = chat = new(with, 0) { First = row.At };
            }

            chat.Messages++;
            chat.Last = row.At;
        }

        return ([.. found.Values.OrderByDescending(chat => chat.Last).Select((chat, index) => chat with { Number = index + 1 })], hasMore);
    }

    /// <summary>Writes all pages of a chat.</summary>
    /// <param name="chat">Which.</param>
    /// <param name="name">What its owner calls the other side.</param>
    /// <param name="open">Begins a page of the copy.</param>
    public async Task WriteAsync(Chat chat, string name, Func<string, CompressionLevel, Task<Stream>> open, CancellationToken cancellation)
    {
        var parts = Math.Max(1, (chat.Messages + PerPage - 1) / PerPage);
        ChatPage? page = null;
        var written = 0L;
        try
        {
            // The times bound what has to be looked through.
            var query = new ArchiveQuery(account.Id)
            {
                With = chat.With,
                Start = DateTimeOffset.FromUnixTimeMilliseconds(chat.First),
                End = DateTimeOffset.FromUnixTimeMilliseconds(chat.Last),
            };
            await foreach (var (row, message) in ReadAsync(query, cancellation))
            {
                if (view.Of(message) is not { } html)
                {
                    continue;
                }

                if (written % PerPage == 0 && written / PerPage < parts)
                {
                    await EndAsync(page);
                    page = new(await open(chat.PathOf((written / PerPage) + 1), CompressionLevel.Fastest));
                    await page.BeginAsync(texts, chat, name, (written / PerPage) + 1, parts);
                }

                written++;
                await page!.AddAsync(row, row.Outgoing ? texts.You : Sender(message, name), html);
            }

            await EndAsync(page);
        }
        finally
        {
            if (page is not null)
            {
                await page.DisposeAsync();
            }
        }
    }

    static async Task EndAsync(ChatPage? page)
    {
        if (page is not null)
        {
            await page.EndAsync();
            await page.DisposeAsync();
        }
    }

    /// <summary>In private, somebody of a group goes by the name there.</summary>
    static string Sender(Stanza message, string name) =>
        message.Has("x", Xmpp.Ns.MucUser) && message.From?.Resource is { } nick ? nick : name;

    static string? OtherSide(in ArchiveRow row, Stanza message) => (row.Outgoing ? message.To ?? message.From : message.From)?.Bare.ToString();

    async IAsyncEnumerable<(ArchiveRow Row, Stanza Message)> ReadAsync(ArchiveQuery query, [EnumeratorCancellation] CancellationToken cancellation)
    {
        long? after = null;
        while (await store.Archive.ReadAsync(query with { After = after, Max = Rows }, cancellation) is { Rows.Count: > 0 } page)
        {
            foreach (var row in page.Rows)
            {
                yield return (row, Stanza.Parse(row.Stanza));
            }

            after = page.Rows[^1].Position;
        }
    }

    /// <summary>One page that is being written.</summary>
    sealed class ChatPage(Stream output) : IAsyncDisposable
    {
        readonly ExportPage _page = new(output);
        Html _links;
        string _day = "";

        public async Task BeginAsync(ExportTexts texts, Chat chat, string name, long part, long parts)
        {
            var place = parts == 1 ? "" : $" · {texts.Part} {part}/{parts}";
            _links = Html.Of($"""
                <nav><a href="../index.html">{texts.Back}</a>{(part > 1 ? Link(chat, part - 1, texts.Older) : Html.Empty)}{(part < parts ? Link(chat, part + 1, texts.Newer) : Html.Empty)}</nav>

                """);
            await _page.BeginAsync(texts.Language, name);
            await _page.AddAsync(Html.Of($"<h1 dir=\"auto\">{name}</h1><p class=\"soft\">{chat.With}{place}</p>{_links}"));
        }

        public async Task AddAsync(ArchiveRow row, string who, Html message)
        {
            var at = DateTimeOffset.FromUnixTimeMilliseconds(row.At);
            var day = at.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);
            if (day != _day)
            {
                await _page.AddAsync(Html.Of($"{new Html(_day.Length == 0 ? "" : "</ol>\n")}<h2 class=\"day\">{day}</h2>\n<ol class=\"talk\">\n"));
                _day = day;
            }

            await _page.AddAsync(Html.Of($"""
                <li class="{(row.Outgoing ? "mine" : "theirs")}"><b>{who}</b> <time datetime="{at.ToString("yyyy-MM-ddTHH:mm:ssZ", CultureInfo.InvariantCulture)}">{at.ToString("HH:mm", CultureInfo.InvariantCulture)}</time>{message}</li>

                """));
        }

        public async Task EndAsync()
        {
            await _page.AddAsync(Html.Of($"{new Html(_day.Length == 0 ? "" : "</ol>\n")}{_links}"));
            await _page.EndAsync();
        }

        public ValueTask DisposeAsync() => output.DisposeAsync();

        static Html Link(Chat chat, long part, string text) => Html.Of($"<a href=\"../{chat.PathOf(part)}\">{text}</a>");
    }
}
