using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Core.Features;
using Microsoft.AspNetCore.Http.Features;
using Nyala.Core;
using Nyala.Features.Files;
using Nyala.Storage;

namespace Nyala.Host.Http.Files;

/// <summary>Takes the files that slots were given for. 201 means that a file is durable.</summary>
sealed class Uploads(NyalaServer server, ILogger logger)
{
    const string Scheme = "Bearer ";
    const string RetryAfterSeconds = "30";

    /// <summary>A block of a body that takes longer ends the upload: who is gone, or only drips, keeps nothing busy.</summary>
    static readonly TimeSpan BlockTime = TimeSpan.FromSeconds(60);

    readonly FileReception _reception = new(server);

    /// <summary>What browsers ask before they upload from a page of another origin (CORS).</summary>
    public static Task AllowAsync(HttpContext context)
    {
        FileHeaders.Add(context.Response);
        var headers = context.Response.Headers;
        headers.AccessControlAllowMethods = "GET, HEAD, PUT, OPTIONS";
        headers.AccessControlAllowHeaders = "Authorization, Content-Type, Range, If-Range, If-None-Match";
        headers.AccessControlMaxAge = "86400";
        headers.Allow = "GET, HEAD, PUT, OPTIONS";
        context.Response.StatusCode = StatusCodes.Status204NoContent;
        return Task.CompletedTask;
    }

    public async Task TakeAsync(HttpContext context)
    {
        FileHeaders.Add(context.Response);

        // The slot bounds the body. Kestrel reads what is left of a refused one for some seconds, and would cut the connection
        // before the answer is read if it were larger than other requests may be.
        context.Features.GetRequiredFeature<IHttpMaxRequestBodySizeFeature>().MaxRequestBodySize = null;
        var (status, text) = await ReceiveAsync(context);
        if (status == StatusCodes.Status401Unauthorized)
        {
            context.Response.Headers.WWWAuthenticate = Scheme.TrimEnd();
        }
        else if (status == StatusCodes.Status429TooManyRequests)
        {
            context.Response.Headers.RetryAfter = RetryAfterSeconds;
        }

        if (status != 0)
        {
            await FileHeaders.WriteAsync(context, status, text);
        }
    }

    /// <summary>The status and the words of the answer; 0: there is nobody to answer to.</summary>
    async Task<(int Status, string Text)> ReceiveAsync(HttpContext context)
    {
        var request = context.Request;
        if (server.Options.TlsRequired && !Encryption.IsSafe(context))
        {
            return (StatusCodes.Status403Forbidden, "Files are uploaded over https.");
        }

        var authorization = request.Headers.Authorization.ToString();
        if (!authorization.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase))
        {
            return (StatusCodes.Status401Unauthorized, "The header that came with the slot is missing.");
        }

        var (key, name) = FileRoutes.Read(request);
        if (await _reception.FindSlotAsync(authorization[Scheme.Length..].Trim(), key, name) is not { } slot)
        {
            return (StatusCodes.Status403Forbidden, "This is no slot for this address.");
        }

        if (Mistake(request, slot, out var type) is { } mistake)
        {
            return mistake;
        }

        // Read by the block, under a bound of our own.
        if (context.Features.Get<IHttpMinRequestBodyDataRateFeature>() is { } rate)
        {
            rate.MinDataRate = null;
        }

        return await ReceiveAsync(context, slot, type);
    }

    async Task<(int Status, string Text)> ReceiveAsync(HttpContext context, Slot slot, string? type)
    {
        var body = context.Request.Body;
        using var patience = new CancellationTokenSource(BlockTime, server.Time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, context.RequestAborted);
        async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken token)
        {
            patience.CancelAfter(BlockTime);
            return await body.ReadAtLeastAsync(buffer, buffer.Length, throwOnEndOfStream: false, token);
        }

        try
        {
            return Answer(await _reception.ReceiveAsync(slot, type, ReadAsync, either.Token));
        }
        catch (OperationCanceledException) when (patience.IsCancellationRequested)
        {
            return (StatusCodes.Status408RequestTimeout, "The file came too slowly.");
        }
        catch (BadHttpRequestException e)
        {
            return (e.StatusCode, "The body is not what was announced.");
        }
        catch (Exception e) when (e is OperationCanceledException or ConnectionAbortedException or ConnectionResetException)
        {
            return default;
        }
        catch (StoreException e)
        {
            Log.UploadFailed(logger, e.Message);
            return (StatusCodes.Status507InsufficientStorage, "The file cannot be stored now.");
        }
    }

    /// <summary>What is wrong before the first byte of the body, or null (XEP-0363 §7).</summary>
    static (int Status, string Text)? Mistake(HttpRequest request, Slot slot, out string? type)
    {
        type = null;
        if (request.Headers.ContainsKey("Content-Range"))
        {
            return (StatusCodes.Status400BadRequest, "A file is uploaded as a whole.");
        }

        if (request.Headers.ContentEncoding.Count > 0)
        {
            return (StatusCodes.Status415UnsupportedMediaType, "A file is uploaded as it is, without a content coding.");
        }

        if (request.ContentLength is not { } length)
        {
            return (StatusCodes.Status411LengthRequired, "The length of the file has to be announced.");
        }

        if (length != slot.Size)
        {
            return (length > slot.Size ? StatusCodes.Status413PayloadTooLarge : StatusCodes.Status400BadRequest, "The file is not as long as the slot says.");
        }

        var isClaimed = MediaTypes.TryParse(request.ContentType ?? "", out type);
        return slot.Type is not null && isClaimed && type != slot.Type
            ? (StatusCodes.Status415UnsupportedMediaType, "The file has another type than the slot says.")
            : null;
    }

    static (int Status, string Text) Answer(Reception reception) => reception switch
    {
        Reception.Stored => (StatusCodes.Status201Created, "Stored."),
        Reception.Expired => (StatusCodes.Status410Gone, "The time of the slot is over: ask for another."),
        Reception.Used => (StatusCodes.Status409Conflict, "The slot is used: ask for another."),
        Reception.WrongSize => (StatusCodes.Status400BadRequest, "The file is not as long as the slot says."),
        Reception.QuotaReached => (StatusCodes.Status507InsufficientStorage, "Your files fill the space you have."),
        Reception.NoRoom => (StatusCodes.Status507InsufficientStorage, "The server has no room for files at the moment."),
        Reception.TooMany => (StatusCodes.Status429TooManyRequests, "You upload too many files at the same time."),
        _ => (StatusCodes.Status403Forbidden, "The account is gone."),
    };
}
