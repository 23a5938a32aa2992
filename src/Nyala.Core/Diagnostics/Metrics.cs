using System.Diagnostics.Metrics;
using Nyala.Core.Connections;
using Nyala.Core.Sessions;
using Nyala.Storage;

namespace Nyala.Core.Diagnostics;

/// <summary>Every instrument of the server. Names are part of the product: dashboards know them.</summary>
public sealed class Metrics : IDisposable
{
    public const string MeterName = "Nyala";

    public Metrics()
    {
        Meter = new(MeterName);
        Connections = Meter.CreateUpDownCounter<long>("nyala.connections", "{connection}", "Open connections of clients and of other servers.");
        ConnectionsEnded = Meter.CreateCounter<long>("nyala.connections.ended", "{connection}", "Connections that ended, by reason.");
        BytesReceived = Meter.CreateCounter<long>("nyala.connections.received", "By", "Bytes read from clients, after decryption.");
        Slowed = Meter.CreateCounter<long>("nyala.connections.slowed", "{pause}", "Times a client was read more slowly because it sent more than Limits:BytesPerSecond.");
        Handshakes = Meter.CreateCounter<long>("nyala.tls.handshakes", "{handshake}", "TLS handshakes, by protocol or failed.");
        HandshakeTime = Meter.CreateHistogram<double>("nyala.tls.handshake.duration", "s", "Time from a client's hello to the end of the handshake, waiting for admission included.");
        Logins = Meter.CreateCounter<long>("nyala.logins", "{login}", "Attempts to log in, by mechanism and result.");
        StanzasReceived = Meter.CreateCounter<long>("nyala.stanzas.received", "{stanza}", "Stanzas read from bound sessions.");
        FederationStreams = Meter.CreateUpDownCounter<long>("nyala.federation.streams", "{stream}", "Streams with other servers that are ready, by direction.");
        FederationStanzas = Meter.CreateCounter<long>("nyala.federation.stanzas", "{stanza}", "Stanzas exchanged with other servers, by direction.");
        FederationFailures = Meter.CreateCounter<long>("nyala.federation.failures", "{attempt}", "Attempts to reach another server that failed.");
        FederationReturned = Meter.CreateCounter<long>("nyala.federation.returned", "{stanza}", "Stanzas that could not be delivered to another server and went back to their senders.");
        FilesReceived = Meter.CreateCounter<long>("nyala.files.received", "{file}", "Files uploaded.");
        FileBytesReceived = Meter.CreateCounter<long>("nyala.files.received.size", "By", "Bytes of files uploaded.");
        Pushes = Meter.CreateCounter<long>("nyala.pushes", "{notification}", "Notifications to wake devices, by service and result.");
        Reports = Meter.CreateCounter<long>("nyala.reports", "{report}", "Reports of abuse, by reason; those that were not kept as dropped.");
        Components = Meter.CreateUpDownCounter<long>("nyala.components", "{component}", "External components that are connected.");
        SlowReaders = Meter.CreateCounter<long>("nyala.sessions.slow", "{session}", "Sessions ended because the client did not read.");
    }

    public Meter Meter { get; }

    public Counter<long> Logins { get; }

    public Counter<long> StanzasReceived { get; }

    public Counter<long> SlowReaders { get; }

    public Counter<long> FilesReceived { get; }

    public Counter<long> FileBytesReceived { get; }

    public Counter<long> Pushes { get; }

    public Counter<long> Reports { get; }

    public UpDownCounter<long> FederationStreams { get; }

    public Counter<long> FederationStanzas { get; }

    public Counter<long> FederationFailures { get; }

    public Counter<long> FederationReturned { get; }

    public UpDownCounter<long> Components { get; }

    public UpDownCounter<long> Connections { get; }

    public Counter<long> ConnectionsEnded { get; }

    public Counter<long> BytesReceived { get; }

    public Counter<long> Slowed { get; }

    public Counter<long> Handshakes { get; }

    public Histogram<double> HandshakeTime { get; }

    /// <summary>Shows how many sessions there are.</summary>
    internal void Observe(SessionRegistry sessions) =>
        Meter.CreateObservableGauge("nyala.sessions", () => sessions.Count, "{session}", "Bound sessions, hibernated ones included.");

    /// <summary>Shows what the store does, and whether messages can be stored.</summary>
    internal void Observe(IStore store)
    {
        Meter.CreateObservableGauge("nyala.storage.trouble", () => store.Trouble is null ? 0 : 1, null, "1 while the disk is full or failing and messages are refused, else 0.");
        Meter.CreateObservableCounter("nyala.log.commits", () => store.Log.Statistics.Commits, "{commit}", "Commits of the message log.");
        Meter.CreateObservableCounter("nyala.log.commit.time", () => store.Log.Statistics.CommitTime.TotalSeconds, "s", "Time spent on them.");
        Meter.CreateObservableCounter("nyala.log.rows", () => store.Log.Statistics.Rows, "{message}", "Messages stored.");
        Meter.CreateObservableCounter("nyala.log.refused", () => store.Log.Statistics.Refused, "{entry}", "Messages and counts that could not be stored.");
        Meter.CreateObservableGauge("nyala.log.waiting", () => store.Log.Statistics.Waiting, "{entry}", "Entries that wait for the log.");
    }

    /// <summary>Shows both lines of the admission.</summary>
    internal void Observe(Admission admission)
    {
        Meter.CreateObservableGauge("nyala.admission.waiting", () => new Measurement<int>[]
        {
            new(admission.Handshakes.Waiting, new KeyValuePair<string, object?>("line", "handshakes")),
            new(admission.Logins.Waiting, new KeyValuePair<string, object?>("line", "logins")),
        }, "{connection}", "Connections that wait to be admitted.");
        Meter.CreateObservableCounter("nyala.admission.refused", () => new Measurement<long>[]
        {
            new(admission.Handshakes.Refused, new KeyValuePair<string, object?>("line", "handshakes")),
            new(admission.Logins.Refused, new KeyValuePair<string, object?>("line", "logins")),
        }, "{connection}", "Connections that were not admitted within Limits:AdmissionTime.");
    }

    public void Dispose() => Meter.Dispose();
}
