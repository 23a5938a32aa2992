namespace Nyala.Storage;

/// <summary>What a reporter allows to be done with a report beyond this server (XEP-0377 §3).</summary>
[Flags]
public enum ReportConsent
{
    None = 0,

    /// <summary>It may be passed to the server that the reported address belongs to.</summary>
    Origin = 1,

    /// <summary>It may be passed to those who collect reports.</summary>
    ThirdParty = 2,
}

/// <summary>A message that a report names: whose archive it is in, and its id there.</summary>
public sealed record ReportedStanza(string By, string Id);

/// <summary>What somebody says about an address that it has blocked (XEP-0377).</summary>
/// <param name="Jid">The prepared address it is about.</param>
/// <param name="Reason">A URN.</param>
/// <param name="Text">In the reporter's words; may be empty.</param>
public sealed record NewReport(long Reporter, string Jid, string Reason, string Text, IReadOnlyList<ReportedStanza> Stanzas, ReportConsent Consent);

/// <param name="Id">Never reused.</param>
/// <param name="Reporter">The username of who made it.</param>
/// <param name="ClosedAt">Null: nobody has dealt with it yet.</param>
public sealed record Report(long Id, string Reporter, NewReport Content, DateTimeOffset At, DateTimeOffset? ClosedAt);

/// <summary>How many reports are taken.</summary>
/// <param name="PerReporterAndDay">Of one account within a day.</param>
/// <param name="Open">That nobody has dealt with, of all together.</param>
public sealed record ReportLimits(int PerReporterAndDay, int Open);

/// <summary>The queue of reports that operators work through. They go with their reporter, and 90 days after they were closed.</summary>
public interface IReports
{
    /// <summary>Takes in a report; null when there are too many.</summary>
    ValueTask<long?> AddAsync(NewReport report, DateTimeOffset now, ReportLimits limits);

    /// <summary>The oldest first, behind an id.</summary>
    /// <param name="closed">Also those that were closed.</param>
    ValueTask<IReadOnlyList<Report>> ListAsync(bool closed, long after, int max);

    ValueTask<Report?> FindAsync(long id);

    /// <summary>False when there is no such open report.</summary>
    ValueTask<bool> CloseAsync(long id, DateTimeOffset now);

    ValueTask<long> CountOpenAsync();

    /// <summary>Removes all that is said about an address.</summary>
    ValueTask<int> ForgetAsync(string jid);
}
