using System.Threading.Channels;
using Microsoft.AspNetCore.Http;
using Nyala.Testing;

namespace Nyala.Server.Tests.Features.Push;

/// <summary>A push service on this machine that notes what it is sent.</summary>
sealed class PushEndpoint : IAsyncDisposable
{
    readonly Channel<Received> _received = Channel.CreateUnbounded<Received>();
    TlsSite _site = null!;

    PushEndpoint()
    {
    }

    public string Url => new Uri(_site.Address, "send/1").AbsoluteUri;

    /// <summary>What makes a server trust it.</summary>
    public string Roots => "Push:Roots=" + _site.RootsFile;

    /// <summary>What it answers.</summary>
    public Action<HttpResponse> Answer { get; set; } = response => response.StatusCode = 201;

    public bool HasNothing => !_received.Reader.TryPeek(out _);

    public static async Task<PushEndpoint> StartAsync()
    {
        var endpoint = new PushEndpoint();
        endpoint._site = await TlsSite.StartAsync(endpoint.TakeAsync);
        return endpoint;
    }

    /// <summary>The next request.</summary>
    public async Task<Received> NextAsync() => await _received.Reader.ReadAsync().AsTask().WaitAsync(Wire.Patience, TimeProvider.System);

    public ValueTask DisposeAsync() => _site.DisposeAsync();

    async Task TakeAsync(HttpContext context)
    {
        using var body = new MemoryStream();
        await context.Request.Body.CopyToAsync(body, context.RequestAborted);
        Answer(context.Response);
        _received.Writer.TryWrite(new(
            context.Request.Method + " " + context.Request.Path, context.Request.Headers.ToDictionary(header => header.Key, header => header.Value.ToString(), StringComparer.OrdinalIgnoreCase), body.ToArray()));
    }
}

/// <summary>A request to a push service.</summary>
sealed record Received(string Line, IReadOnlyDictionary<string, string> Headers, byte[] Body);
