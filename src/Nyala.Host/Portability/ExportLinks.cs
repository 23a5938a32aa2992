using System.Buffers.Text;
using System.Globalization;
using System.Security.Cryptography;
using Nyala.Features.AdHoc;
using Nyala.Host.Configuration;
using Nyala.Host.Http;
using Nyala.Host.Http.Pages;
using Nyala.Host.Portability.Readable;
using Nyala.Storage;
using Nyala.Xmpp;
using Nyala.Xmpp.Payloads;

namespace Nyala.Host.Portability;

/// <summary>
/// A copy of all that is kept of an account, for its owner: a command makes a link that works once, for some minutes, in any browser.
/// The token in it is random and known to this process alone, so it ends with the process too. Safe from any thread.
/// </summary>
sealed class ExportLinks(NyalaOptions options, IStore store, TimeProvider time)
{
    const int TokenBytes = 32;

    /// <summary>Links that wait; one more drops the oldest.</summary>
    const int Most = 1_000;

    /// <summary>Copies that are written at the same time.</summary>
    const int AtATime = 4;

    public static readonly TimeSpan Lifetime = TimeSpan.FromMinutes(15);

    readonly Lock _lock = new();
    readonly OrderedDictionary<string, Link> _links = new(StringComparer.Ordinal);
    readonly SemaphoreSlim _writing = new(AtATime);

    public void AddTo(CommandList commands)
    {
        if (options.HasPages)
        {
            commands.Add(new(Ns.OwnCommands + "#export", "Get a copy of my data", CommandUsers.Everybody, asker => new(Offer(asker.Account.Id))));
        }
    }

    public void Map(IEndpointRouteBuilder routes) => routes.MapReading("/export/{token}", SendAsync);

    CommandStep Offer(long account)
    {
        var token = Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(TokenBytes));
        var until = time.GetUtcNow() + Lifetime;
        lock (_lock)
        {
            // A new link of an account makes the one before worthless.
            foreach (var old in _links.Where(entry => entry.Value.Account == account || entry.Value.Until <= time.GetUtcNow()).Select(entry => entry.Key).ToArray())
            {
                _links.Remove(old);
            }

            if (_links.Count >= Most)
            {
                _links.RemoveAt(0);
            }

            _links.Add(token, new(account, until));
        }

        return CommandResult.Of(new DataForm("result", Ns.OwnCommands + "#export") { Title = "A copy of my data" }
            .Instruct($"The link works once, within {Lifetime.TotalMinutes.ToString(CultureInfo.InvariantCulture)} minutes. Whoever has it gets your data: do not pass it on.")
            .Add(new DataFormField("url", "text-single", [$"{options.Server.WebAddress}/export/{token}"]) { Label = "Link" })
            .Add(new DataFormField("expire", "text-single", [DateTimeProfile.Format(until)]) { Label = "Until" }));
    }

    async Task SendAsync(HttpContext context)
    {
        var token = (string)context.Request.RouteValues["token"]!;
        context.Response.Headers["X-Robots-Tag"] = "noindex";
        if (options.Server.TlsRequired && !Encryption.IsSafe(context))
        {
            context.Response.StatusCode = StatusCodes.Status403Forbidden;
            return;
        }

        // HEAD is what programs send to look at links in messages: it uses nothing up.
        var isLook = HttpMethods.IsHead(context.Request.Method);
        if (!isLook && !await _writing.WaitAsync(TimeSpan.Zero))
        {
            context.Response.StatusCode = StatusCodes.Status503ServiceUnavailable;
            context.Response.Headers.RetryAfter = "60";
            return;
        }

        try
        {
            if (Take(token, isLook) is not { } link || await store.Accounts.FindAsync(link.Account) is not { IsDisabled: false } account)
            {
                context.Response.StatusCode = StatusCodes.Status404NotFound;
                return;
            }

            context.Response.ContentType = "application/zip";
            context.Response.Headers.ContentDisposition = new System.Net.Mime.ContentDisposition { FileName = $"{options.Server.Domain}.zip" }.ToString();
            if (!isLook)
            {
                var texts = ExportTexts.For(Texts.For(context.Request).Language);
                await new ReadableExport(store, options.Server, texts, time).WriteAsync(account, context.Response.Body, context.RequestAborted);
            }
        }
        finally
        {
            if (!isLook)
            {
                _writing.Release();
            }
        }
    }

    /// <summary>The link of a token, which is then used up.</summary>
    Link? Take(string token, bool isLook)
    {
        lock (_lock)
        {
            if (!_links.TryGetValue(token, out var link) || link.Until <= time.GetUtcNow())
            {
                return null;
            }

            if (!isLook)
            {
                _links.Remove(token);
            }

            return link;
        }
    }

    sealed record Link(long Account, DateTimeOffset Until);
}
