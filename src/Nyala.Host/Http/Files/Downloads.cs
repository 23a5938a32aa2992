using System.Globalization;
using Microsoft.AspNetCore.Http.Extensions;
using Microsoft.Net.Http.Headers;
using Nyala.Storage;

namespace Nyala.Host.Http.Files;

/// <summary>Gives uploaded files to whoever has their address: whole, in parts, or not at all when the client has them already.</summary>
sealed class Downloads(IStore store, TimeProvider time, ILogger logger)
{
    const int Block = 65_536;

    /// <summary>How long browsers keep a file without asking again.</summary>
    static readonly TimeSpan Fresh = TimeSpan.FromDays(7);

    public async Task AnswerAsync(HttpContext context)
    {
        FileHeaders.Add(context.Response);
        if (await FindAsync(context.Request) is not { } file)
        {
            await FileHeaders.WriteAsync(context, StatusCodes.Status404NotFound, "There is no such file, or no longer.");
            return;
        }

        // Nothing of a file ever changes, so its key is its tag.
        var tag = new EntityTagHeaderValue($"\"{file.Key}\"");
        var modified = DateTimeOffset.FromUnixTimeSeconds(file.CreatedAt.ToUnixTimeSeconds());
        var request = context.Request.GetTypedHeaders();
        var response = context.Response.GetTypedHeaders();
        response.ETag = tag;
        response.LastModified = modified;
        response.CacheControl = new() { Private = true, MaxAge = Freshness(file), Extensions = { new("immutable") } };
        context.Response.Headers.AcceptRanges = "bytes";
        if (Preconditions.Status(request, tag, modified) is not 0 and var status)
        {
            context.Response.StatusCode = status;
            return;
        }

        // §14.2: only a GET knows parts.
        ByteRange range = new(0, file.Size);
        var isPart = HttpMethods.IsGet(context.Request.Method) && Preconditions.AllowsRange(request, tag, modified)
            ? ByteRange.Select(context.Request.Headers.Range.ToString(), file.Size, out range)
            : null;
        if (isPart == false)
        {
            context.Response.Headers.ContentRange = string.Create(CultureInfo.InvariantCulture, $"bytes */{file.Size}");
            await FileHeaders.WriteAsync(context, StatusCodes.Status416RangeNotSatisfiable, "The file is shorter than that.");
            return;
        }

        await SendAsync(context, file, range, isPart == true);
    }

    async Task SendAsync(HttpContext context, StoredFile file, ByteRange range, bool isPart)
    {
        await using var content = await store.FileContents.OpenAsync(file.Key, range.From, context.RequestAborted);
        if (content is null)
        {
            // Where the bytes are kept is not what it was: the operator's to see (a disk that is not mounted, a restore without files).
            Log.FileMissing(logger);
            context.Response.Headers.CacheControl = "no-store";
            await FileHeaders.WriteAsync(context, StatusCodes.Status404NotFound, "The file is not there at the moment.");
            return;
        }

        var response = context.Response;
        response.ContentType = FileTypes.Served(file.Type);
        response.ContentLength = range.Length;
        response.Headers.ContentDisposition = FileTypes.Disposition(file.Type, file.Name);
        if (isPart)
        {
            response.StatusCode = StatusCodes.Status206PartialContent;
            response.Headers.ContentRange = string.Create(
                CultureInfo.InvariantCulture, $"bytes {range.From}-{range.From + range.Length - 1}/{file.Size}");
        }

        if (HttpMethods.IsGet(context.Request.Method))
        {
            await StreamCopyOperation.CopyToAsync(content, response.Body, range.Length, Block, context.RequestAborted);
        }
    }

    /// <summary>A name that is not the file's is no address of it: nobody passes a picture off as something else, or the other way round.</summary>
    async ValueTask<StoredFile?> FindAsync(HttpRequest request)
    {
        var (key, name) = FileRoutes.Read(request);
        return FileKey.IsOne(key) && await store.Files.FindAsync(key, time.GetUtcNow()) is { } file && file.Name == name ? file : null;
    }

    TimeSpan Freshness(StoredFile file) =>
        file.ExpiresAt - time.GetUtcNow() is { } left && left < Fresh ? TimeSpan.FromSeconds(Math.Floor(left.TotalSeconds)) : Fresh;
}
