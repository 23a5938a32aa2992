using System.Net;
using System.Net.Http.Headers;
using Nyala.Client;
using Nyala.Xmpp;
using Nyala.Xmpp.Xml;

namespace Nyala.Drills.Stage;

/// <summary>
/// Uploads one file after the other (XEP-0363), slowly, so that what breaks the server often breaks it in the middle of one.
/// What was answered with 201 must be there, whole, ever after; what was not may be there, but only whole.
/// </summary>
sealed class Uploader : Member, IDisposable
{
    const int MaxBytes = 300_000;

    /// <summary>Enough for every drill; files are kept until the end.</summary>
    const int MaxFiles = 2_000;

    static readonly Jid Service = Jid.FromPrepared(null, "upload." + Cast.Domain);

    readonly HttpClient _http = new() { Timeout = TimeSpan.FromSeconds(20) };
    readonly List<Upload> _uploads = [];
    volatile bool _finishing;
    volatile bool _refused;
    int _stored;
    volatile bool _isSettled = true;

    public Uploader(Cast cast, Ledger ledger, string account)
        : base(cast, ledger, account, "uploader", new Manner())
    {
    }

    /// <summary>No upload is under way, and none begins: at least one was stored, or the server has no room for any.</summary>
    public bool IsSettled => IsEnough && _isSettled;

    bool IsEnough => _finishing && (_refused || Stored > 0);

    /// <summary>Files that were answered with 201.</summary>
    public int Stored => Volatile.Read(ref _stored);

    /// <summary>Uploads that were broken off, whatever by.</summary>
    public int Broken => _uploads.Count - Stored;

    public void Finish() => _finishing = true;

    /// <summary>Fetches every file.</summary>
    public async Task CheckAsync()
    {
        foreach (var upload in _uploads)
        {
            try
            {
                using var response = await _http.GetAsync(upload.Address);
                var isThere = response.StatusCode == HttpStatusCode.OK;
                if (upload.IsStored && !isThere)
                {
                    Ledger.Fault($"The file {upload.Address} was stored, and is answered with {(int)response.StatusCode}.");
                }
                else if (isThere && !(await response.Content.ReadAsByteArrayAsync()).AsSpan().SequenceEqual(upload.Bytes()))
                {
                    Ledger.Fault($"The file {upload.Address} is not what was uploaded ({(upload.IsStored ? "" : "not ")}answered with 201).");
                }
            }
            catch (Exception e) when (e is HttpRequestException or OperationCanceledException or IOException)
            {
                Ledger.Fault($"The file {upload.Address} cannot be fetched: {e.Message}");
            }
        }
    }

    public void Dispose() => _http.Dispose();

    protected override async Task ActAsync(bool resumed, CancellationToken stop)
    {
        while (Client.IsConnected && !IsEnough && _uploads.Count < MaxFiles && !stop.IsCancellationRequested)
        {
            _isSettled = false;
            try
            {
                await UploadAsync(stop);
            }
            catch (Exception e) when (e is HttpRequestException or XmppException)
            {
                // The server is gone in the middle, or refuses because its disk is full: another one, later.
                _refused |= e is XmppException;
                await PauseAsync(50, 200, stop);
            }
            finally
            {
                _isSettled = true;
            }

            await PauseAsync(1, 40, stop);
        }
    }

    async Task UploadAsync(CancellationToken stop)
    {
        var (seed, size) = (Random.Next(), Random.Next(1, MaxBytes));
        var slot = await Client.IqAsync(
            "get", new Element("request", Ns.HttpUpload).Set("filename", $"{seed}.png").Set("size", FormattableString.Invariant($"{size}")).Set("content-type", "image/png"), Service, token: stop);
        var put = slot!.Child("put")!;
        var upload = new Upload(new(put["url"]!), seed, size);
        _uploads.Add(upload);
        using var request = new HttpRequestMessage(HttpMethod.Put, upload.Address) { Content = new SlowContent(upload.Bytes()) };
        request.Headers.TryAddWithoutValidation("Authorization", put.Children.First().Text);
        using var response = await _http.SendAsync(request, stop);
        if (response.StatusCode == HttpStatusCode.Created)
        {
            upload.IsStored = true;
            Interlocked.Increment(ref _stored);
        }
    }

    /// <param name="Seed">The bytes follow from it.</param>
    sealed record Upload(Uri Address, int Seed, int Size)
    {
        public bool IsStored { get; set; }

        public byte[] Bytes()
        {
            var bytes = new byte[Size];
            new Random(Seed).NextBytes(bytes);
            return bytes;
        }
    }

    /// <summary>Sends a block, and then waits a little.</summary>
    sealed class SlowContent : HttpContent
    {
        const int Block = 20_000;

        readonly byte[] _bytes;

        public SlowContent(byte[] bytes)
        {
            _bytes = bytes;
            Headers.ContentType = new MediaTypeHeaderValue("image/png");
        }

        protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context)
        {
            for (var at = 0; at < _bytes.Length; at += Block)
            {
                await stream.WriteAsync(_bytes.AsMemory(at, Math.Min(Block, _bytes.Length - at)));
                await stream.FlushAsync();
                await Task.Delay(TimeSpan.FromMilliseconds(4), TimeProvider.System);
            }
        }

        protected override bool TryComputeLength(out long length)
        {
            length = _bytes.Length;
            return true;
        }
    }
}
