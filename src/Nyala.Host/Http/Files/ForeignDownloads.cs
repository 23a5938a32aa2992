using System.Buffers;
using System.Net;
using System.Threading.RateLimiting;
using Microsoft.AspNetCore.Http.Features;
using Nyala.Core;
using Nyala.Features.Outside;
using Nyala.Host.Configuration;
using Nyala.Storage;

namespace Nyala.Host.Http.Files;

/// <summary>
/// Files of other servers for the web app: its pages ask this server alone (CSP), other servers do not let them in (CORS), and need not
/// know who asks. Bytes are moved as they are, never kept, and never shown as what they say they are. Bounded in time, in size, in
/// number and per account. Safe from any thread.
/// </summary>
sealed class ForeignDownloads : IDisposable
{
    const string Path = "/media";
    const string Scheme = "Bearer ";
    const string RetryAfterSeconds = "10";
    const int Redirections = 3;
    const int AtATime = 64;
    const int AtATimePerAccount = 6;
    const int Block = 65_536;

    /// <summary>A gigabyte at once, then 320 kB a second: enough for films, and of no use to whoever wants a way around.</summary>
    const int BlocksAtOnce = 16_384;
    const int BlocksPerSecond = 5;

    static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    readonly NyalaOptions _options;
    readonly IStore _store;
    readonly MediaPasses _passes;
    readonly HttpClient _http;
    readonly PartitionedRateLimiter<long> _requests;
    readonly PartitionedRateLimiter<long> _blocks;

    public ForeignDownloads(NyalaOptions options, IStore store, MediaPasses passes)
    {
        _options = options;
        _store = store;
        _passes = passes;
        _http = new(OutsideHttp.Handler(options.Server.Uploads.Foreign == ForeignFiles.Any, options.Queues.Roots)) { Timeout = Timeout.InfiniteTimeSpan };
        _requests = PartitionedRateLimiter.CreateChained(
            PartitionedRateLimiter.Create<long, int>(_ => RateLimitPartition.GetConcurrencyLimiter(0, _ => new() { PermitLimit = AtATime })),
            PartitionedRateLimiter.Create<long, long>(account => RateLimitPartition.GetConcurrencyLimiter(account, _ => new() { PermitLimit = AtATimePerAccount })));
        _blocks = PartitionedRateLimiter.Create<long, long>(account => RateLimitPartition.GetTokenBucketLimiter(account, _ => new()
        {
            TokenLimit = BlocksAtOnce,
            TokensPerPeriod = BlocksPerSecond,
            ReplenishmentPeriod = TimeSpan.FromSeconds(1),
            QueueLimit = AtATimePerAccount,
        }));
    }

    public void Map(IEndpointRouteBuilder routes)
    {
        if (_options.Server.Uploads.Foreign != ForeignFiles.Off)
        {
            routes.MapGet(Path, AnswerAsync);
        }
    }

    public void Dispose()
    {
        _http.Dispose();
        _requests.Dispose();
        _blocks.Dispose();
    }

    async Task AnswerAsync(HttpContext context)
    {
        if (_options.Server.TlsRequired && !Encryption.IsSafe(context))
        {
            await FileHeaders.WriteAsync(context, StatusCodes.Status403Forbidden, "Not encrypted: use the https address.");
            return;
        }

        if (await AccountAsync(context.Request) is not { } account)
        {
            context.Response.Headers.WWWAuthenticate = "Bearer";
            await FileHeaders.WriteAsync(context, StatusCodes.Status401Unauthorized, "This is for the web app of people with an account here.");
            return;
        }

        if (!ForeignAddress.TryRead(context.Request.Query["url"].ToString(), out var address))
        {
            await FileHeaders.WriteAsync(context, StatusCodes.Status400BadRequest, "The url is an https address of a file.");
            return;
        }

        // Our own files under a name of their own: everybody may have them from there (CORS), and that may be no public address.
        if (_options.Server.Uploads.Address is { } own && new Uri(own).Authority == address.Authority)
        {
            context.Response.Redirect(address.AbsoluteUri, permanent: false, preserveMethod: true);
            return;
        }

        using var lease = _requests.AttemptAcquire(account);
        if (!lease.IsAcquired)
        {
            context.Response.Headers.RetryAfter = RetryAfterSeconds;
            await FileHeaders.WriteAsync(context, StatusCodes.Status429TooManyRequests, "Too many files are being fetched.");
            return;
        }

        await FetchAsync(context, account, address);
    }

    async ValueTask<long?> AccountAsync(HttpRequest request)
    {
        var authorization = request.Headers.Authorization.ToString();
        return authorization.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase) && _passes.Read(authorization.AsSpan(Scheme.Length)) is { } id
            && await _store.Accounts.FindAsync(id) is { IsDisabled: false }
            ? id
            : null;
    }

    async Task FetchAsync(HttpContext context, long account, Uri address)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted);
        patience.CancelAfter(Patience);
        try
        {
            using var answer = await AskAsync(address, patience.Token);
            if (answer is not { StatusCode: HttpStatusCode.OK })
            {
                var isGone = answer?.StatusCode is HttpStatusCode.NotFound or HttpStatusCode.Gone;
                await (isGone
                    ? FileHeaders.WriteAsync(context, StatusCodes.Status404NotFound, "There is no such file, or no longer.")
                    : FileHeaders.WriteAsync(context, StatusCodes.Status502BadGateway, "The other server does not give it."));
                return;
            }

            if (answer.Content.Headers.ContentLength > _options.Server.Uploads.MaxBytes)
            {
                await FileHeaders.WriteAsync(context, StatusCodes.Status413PayloadTooLarge, "The file is larger than this server fetches.");
                return;
            }

            await MoveAsync(context, account, answer, patience);
        }
        catch (Exception e) when (e is HttpRequestException or IOException or OperationCanceledException && !context.RequestAborted.IsCancellationRequested)
        {
            if (context.Response.HasStarted)
            {
                // Half a file must not look like a whole one.
                context.Abort();
                return;
            }

            context.Response.Clear();
            await (e is OperationCanceledException
                ? FileHeaders.WriteAsync(context, StatusCodes.Status504GatewayTimeout, "The other server does not answer.")
                : FileHeaders.WriteAsync(context, StatusCodes.Status502BadGateway, "The other server cannot be reached."));
        }
    }

    /// <summary>Asks, and where that leads on to; null when it leads nowhere.</summary>
    async Task<HttpResponseMessage?> AskAsync(Uri address, CancellationToken cancellation)
    {
        for (var left = Redirections; ; left--)
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, address);
            var answer = await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellation);
            if (answer.StatusCode is not (HttpStatusCode.MovedPermanently or HttpStatusCode.Found or HttpStatusCode.SeeOther
                or HttpStatusCode.TemporaryRedirect or HttpStatusCode.PermanentRedirect))
            {
                return answer;
            }

            using (answer)
            {
                if (left == 0 || ForeignAddress.Redirection(address, answer.Headers.Location) is not { } next)
                {
                    return null;
                }

                address = next;
            }
        }
    }

    async Task MoveAsync(HttpContext context, long account, HttpResponseMessage answer, CancellationTokenSource patience)
    {
        var response = context.Response;
        FileHeaders.AddForeign(response);
        response.ContentLength = answer.Content.Headers.ContentLength;
        context.Features.Get<IHttpResponseBodyFeature>()?.DisableBuffering();
        await using var content = await answer.Content.ReadAsStreamAsync(patience.Token);
        var buffer = ArrayPool<byte>.Shared.Rent(Block);
        try
        {
            long moved = 0;
            while (true)
            {
                patience.CancelAfter(Patience);
                var read = await content.ReadAtLeastAsync(buffer.AsMemory(0, Block), Block, throwOnEndOfStream: false, patience.Token);
                moved += read;
                if (moved > _options.Server.Uploads.MaxBytes)
                {
                    throw new IOException("The file is larger than this server fetches.");
                }

                // Who reads slowly is Kestrel's to lose patience with, and waiting for one's turn is nobody's fault.
                patience.CancelAfter(Timeout.Infinite);
                using var turn = await _blocks.AcquireAsync(account, cancellationToken: context.RequestAborted);
                await response.Body.WriteAsync(buffer.AsMemory(0, read), context.RequestAborted);
                if (read < Block)
                {
                    return;
                }
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }
}
