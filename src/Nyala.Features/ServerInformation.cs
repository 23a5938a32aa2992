using System.Globalization;
using Nyala.Core;
using Nyala.Core.Routing;
using Nyala.Xmpp;
using Nyala.Xmpp.Payloads;

namespace Nyala.Features;

/// <summary>What the server tells of its operator and of what becomes of data, in its answer to service discovery.</summary>
[Xep(157, "1.1.1")]
[Xep(455, "0.4.0")]
[Xep(504, "0.1.0", Note = "of the server's domain and of the service for files; what only the operator knows is a setting")]
public sealed class ServerInformation(NyalaServer server) : IFeature
{
    public void Register(FeatureBuilder on)
    {
        var told = server.Options.Information;
        var contacts = new DataForm("result", Ns.ServerInfo);
        foreach (var (field, addresses) in told.Contacts.OrderBy(entry => entry.Key, StringComparer.Ordinal))
        {
            contacts.Add(field, "list-multi", [.. addresses]);
        }

        if (told.Contacts.Count > 0)
        {
            on.Describe(contacts);
        }

        if (told.OutageAddresses.Count > 0)
        {
            on.Describe(new DataForm("result", Ns.Outage).Add("external-status-addresses", "list-multi", [.. told.OutageAddresses]));
        }

        on.Describe(Policy(told, told.Retention));
        on.Describe(Policy(told, FileRetention()), Entity.Files);
    }

    /// <summary>XEP-0504 §3. Passwords come in clear where a client takes them for that (PLAIN, registration), so that is what is told.</summary>
    static DataForm Policy(PublicInformation told, string retention)
    {
        var form = new DataForm("result", Ns.DataPolicy)
            .Add("auth_data", "list-single", "plain")
            .Add("data_retention", "text-single", retention)
            .Add("data_deletion", "boolean", "true")
            .Add("data_export", "boolean", "true")
            .Add("full_erasure", "boolean", "true")
            .Add("encryption_at_rest", "boolean", told.IsEncryptedAtRest ? "true" : "false");
        Add(form, "tos", "text-single", told.Terms);
        Add(form, "backup_frequency", "text-single", told.BackupFrequency);
        Add(form, "backup_retention", "text-single", told.BackupRetention);
        Add(form, "extra_info", "text-multi", told.Remarks);
        return told.Access.Count == 0 ? form : form.Add("access_policy", "list-multi", [.. told.Access]);
    }

    string FileRetention() => server.Options.Uploads.Expiry is { } time ? Math.Ceiling(time.TotalHours).ToString("0", CultureInfo.InvariantCulture) : "infinite";

    static void Add(DataForm form, string name, string type, string? value)
    {
        if (value is not null)
        {
            form.Add(name, type, value);
        }
    }
}
