using System.Net.Security;
using Nyala.Core.Connections;
using Nyala.Host.Configuration;

namespace Nyala.Host.Certificates;

/// <summary>
/// The certificate in force: the operator's PEM files, read again when they change, or a self-signed one that is renewed in
/// time. A changed pair that cannot be used leaves the one before in force. Safe from any thread.
/// </summary>
sealed class CertificateStore : ICertificates, IDisposable
{
    /// <summary>How often files and expiry are looked at. Looking is more robust than file notifications, which renewals by symbolic link escape.</summary>
    public static readonly TimeSpan LookEvery = TimeSpan.FromSeconds(10);

    static readonly TimeSpan WarnBefore = TimeSpan.FromDays(14);

    readonly NyalaOptions _options;
    readonly SelfSigned _selfSigned;
    readonly TimeProvider _time;
    readonly ILogger _logger;
    readonly ITimer _timer;
    volatile State _state;
    (DateTime, long, DateTime, long) _seen;
    DateTimeOffset _warned = DateTimeOffset.MinValue;

    /// <exception cref="CertificateException">The configured files cannot be used.</exception>
    public CertificateStore(NyalaOptions options, TimeProvider time, ILogger logger)
    {
        _options = options;
        _time = time;
        _logger = logger;
        _selfSigned = new(options.Data, options.Server.Domain, time);
        _seen = Stamp();
        _state = Load();
        Warn(time.GetUtcNow());
        _timer = time.CreateTimer(_ => Look(), null, LookEvery, LookEvery);
    }

    public (SslStreamCertificateContext Context, byte[] ServerEndPoint) Current => _state.Handshakes;

    public PemPair Pair => _state.Pair;

    public void Dispose() => _timer.Dispose();

    void Look()
    {
        var now = _time.GetUtcNow();
        if (_options.CertificateFile is null)
        {
            if (_selfSigned.IsDue(_state.Pair))
            {
                TryReload();
            }

            return;
        }

        var stamp = Stamp();
        if (stamp != _seen)
        {
            _seen = stamp;
            TryReload();
        }

        Warn(now);
    }

    /// <summary>Says once a day, and of every new pair, what keeps clients from accepting it.</summary>
    void Warn(DateTimeOffset now)
    {
        var pair = _state.Pair;
        if (_options.CertificateFile is null || now - _warned < TimeSpan.FromDays(1))
        {
            return;
        }

        _warned = now;
        if (!pair.IsFor(_options.Server.Domain))
        {
            Log.CertificateForOthers(_logger, string.Join(", ", pair.Names), _options.Server.Domain);
        }

        if (pair.NotAfter < now)
        {
            Log.CertificateExpired(_logger, pair.NotAfter);
        }
        else if (pair.NotAfter - now < WarnBefore)
        {
            Log.CertificateExpires(_logger, pair.NotAfter);
        }
    }

    void TryReload()
    {
        try
        {
            _state = Load();
            _warned = DateTimeOffset.MinValue;
        }
        catch (Exception e) when (e is CertificateException or IOException or UnauthorizedAccessException)
        {
            Log.CertificateBroken(_logger, e.Message);
        }
    }

    State Load()
    {
        var own = _options.CertificateFile is not null;
        var pair = own ? PemPair.Load(_options.CertificateFile!, _options.KeyFile!) : _selfSigned.LoadOrMake();
        Log.CertificateLoaded(_logger, string.Join(", ", pair.Names), pair.NotAfter, own ? _options.CertificateFile! : "self-signed");
        return new(pair, pair.ForHandshakes());
    }

    (DateTime, long, DateTime, long) Stamp()
    {
        if (_options.CertificateFile is null)
        {
            return default;
        }

        // The target of a link, because renewals change links.
        static (DateTime, long) Of(string file)
        {
            var info = new FileInfo(file);
            info = info.ResolveLinkTarget(returnFinalTarget: true) as FileInfo ?? info;
            return info.Exists ? (info.LastWriteTimeUtc, info.Length) : default;
        }

        try
        {
            var (certificate, key) = (Of(_options.CertificateFile), Of(_options.KeyFile!));
            return (certificate.Item1, certificate.Item2, key.Item1, key.Item2);
        }
        catch (IOException)
        {
            return default;
        }
    }

    sealed record State(PemPair Pair, (SslStreamCertificateContext Context, byte[] ServerEndPoint) Handshakes);
}
