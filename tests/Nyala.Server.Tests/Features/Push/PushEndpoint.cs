using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Threading.Channels;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Nyala.Testing;

namespace Nyala.Server.Tests.Features.Push;

/// <summary>A push service on this machine, with a certificate of its own, that notes what it is sent.</summary>
sealed class PushEndpoint : IAsyncDisposable
{
    readonly Channel<Received> _received = Channel.CreateUnbounded<Received>();
    readonly WebApplication _app;
    readonly X509Certificate2 _certificate;
    readonly string _file = Path.GetTempFileName();

    PushEndpoint(WebApplication app, X509Certificate2 certificate, int port)
    {
        _app = app;
        _certificate = certificate;
        Url = $"https://localhost:{port}/send/1";
        File.WriteAllText(_file, certificate.ExportCertificatePem());
    }

    public string Url { get; }

    /// <summary>What makes a server trust it.</summary>
    public string Roots => "Push:Roots=" + _file;

    /// <summary>What it answers.</summary>
    public Action<HttpResponse> Answer { get; set; } = response => response.StatusCode = 201;

    public bool HasNothing => !_received.Reader.TryPeek(out _);

    public static async Task<PushEndpoint> StartAsync()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=localhost", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName("localhost");
        request.CertificateExtensions.Add(names.Build());
        using var made = request.CreateSelfSigned(TimeProvider.System.GetUtcNow().AddDays(-1), TimeProvider.System.GetUtcNow().AddDays(1));
        var certificate = X509CertificateLoader.LoadPkcs12(made.Export(X509ContentType.Pkcs12), null);
        var port = LoopbackPort.Find();
        var builder = WebApplication.CreateEmptyBuilder(new());
        builder.WebHost.UseKestrelCore().UseKestrelHttpsConfiguration().ConfigureKestrel(kestrel =>
            kestrel.Listen(IPAddress.Loopback, port, listen => listen.UseHttps(certificate)));
        var app = builder.Build();
        var endpoint = new PushEndpoint(app, certificate, port);
        app.Run(endpoint.TakeAsync);
        await app.StartAsync();
        return endpoint;
    }

    /// <summary>The next request.</summary>
    public async Task<Received> NextAsync() => await _received.Reader.ReadAsync().AsTask().WaitAsync(Wire.Patience, TimeProvider.System);

    public async ValueTask DisposeAsync()
    {
        await _app.DisposeAsync();
        _certificate.Dispose();
        File.Delete(_file);
    }

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
