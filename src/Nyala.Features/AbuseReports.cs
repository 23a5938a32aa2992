using Nyala.Core;
using Nyala.Core.Diagnostics;
using Nyala.Core.Routing;
using Nyala.Storage;
using Nyala.Xmpp;
using Nyala.Xmpp.Payloads;

namespace Nyala.Features;

/// <summary>Reports that come with the blocking of an address, for the operators' queue.</summary>
[Xep(377, "0.4.1", Note = "reports stay on this server, whatever the reporter allows")]
public sealed class AbuseReports(NyalaServer server) : IFeature
{
    public void Register(FeatureBuilder on)
    {
        on.Advertise(Ns.Reporting);
        on.AccountRemoved(async account => await server.Store.Reports.ForgetAsync(account.Jid.ToString()));
    }

    /// <summary>§3: too many change nothing about the blocking.</summary>
    public async ValueTask KeepAsync(LocalAccount reporter, Jid reported, AbuseReport report)
    {
        var limits = server.Options.Limits;
        var id = await server.Store.Reports.AddAsync(
            new(reporter.Id, reported.ToString(), report.Reason, report.Text, [.. report.Stanzas.Select(stanza => new ReportedStanza(stanza.By, stanza.Id))],
                (report.ToOrigin ? ReportConsent.Origin : 0) | (report.ToOthers ? ReportConsent.ThirdParty : 0)),
            server.Time.GetUtcNow(), new(limits.ReportsPerDay, limits.OpenReports));
        server.Metrics.Reports.Add(1, new KeyValuePair<string, object?>("reason", id is null ? "dropped" : Kind(report.Reason)));
        if (id is { } kept)
        {
            server.Log.Reported(reported.ToString(), reporter.Jid.Local!, report.Reason, kept);
        }
        else
        {
            server.Log.ReportDropped(reporter.Jid.Local!);
        }
    }

    /// <summary>A name for metrics: strangers do not make new ones.</summary>
    static string Kind(string reason) => reason switch
    {
        "urn:xmpp:reporting:spam" => "spam",
        "urn:xmpp:reporting:abuse" => "abuse",
        _ => "other",
    };
}
