using Microsoft.Extensions.Logging;
using Nyala.Core.Diagnostics;
using Nyala.Xmpp.Xml;

namespace Nyala.Core.Connections;

/// <summary>What all connections share. One per server. Safe from any thread.</summary>
public sealed class ConnectionServices : IDisposable
{
    /// <param name="options">The limits in it hold for these connections.</param>
    /// <param name="time">The clock.</param>
    /// <param name="certificates">What handshakes use.</param>
    /// <param name="metrics">Where they are counted.</param>
    /// <param name="logger">Where they are logged.</param>
    /// <param name="wheel">Their timeouts.</param>
    /// <param name="admission">That of the connections of another kind, to stand in one line with them; null for one of their own.</param>
    public ConnectionServices(
        ServerOptions options, TimeProvider time, ICertificates certificates, Metrics metrics, ILogger logger, TimerWheel wheel,
        Admission? admission = null)
    {
        Options = options;
        Time = time;
        Certificates = certificates;
        Metrics = metrics;
        Logger = logger;
        Wheel = wheel;
        Admission = admission ?? new(options.Limits, wheel);
        Addresses = new(options.Limits);
        Registry = new(time, logger);
        var limits = options.Limits;
        BeforeAuthentication = new(limits.StanzaBytesBeforeAuthentication, limits.Depth, limits.Attributes);
        AfterAuthentication = new(limits.StanzaBytes, limits.Depth, limits.Attributes);
        if (admission is null)
        {
            metrics.Observe(Admission);
        }
    }

    public ServerOptions Options { get; }

    public TimeProvider Time { get; }

    public ICertificates Certificates { get; }

    public Metrics Metrics { get; }

    public ILogger Logger { get; }

    public TimerWheel Wheel { get; }

    public Admission Admission { get; }

    /// <summary>Where connections that are new, or gone, are worked at.</summary>
    public Lane Lane { get; } = new(Math.Max(1, Environment.ProcessorCount / 2));

    public AddressLimits Addresses { get; }

    public ConnectionRegistry Registry { get; }

    /// <summary>What holds for readers, shared by all of them.</summary>
    internal ReaderLimits BeforeAuthentication { get; }

    internal ReaderLimits AfterAuthentication { get; }

    /// <summary>Makes what a new connection talks to first: its negotiation.</summary>
    public required Func<IStreamHandler> NewHandler { get; init; }

    public void Dispose()
    {
        Lane.Dispose();
        Wheel.Dispose();
    }
}
