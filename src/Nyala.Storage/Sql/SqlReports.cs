using System.Data.Common;
using System.Text.Json;

namespace Nyala.Storage.Sql;

/// <summary>Reports in shared SQL.</summary>
sealed class SqlReports(ISqlExecutor sql) : IReports
{
    const string Select = "select report.id, username, reporter, jid, reason, body, stanzas, consent, at, closed_at from report join account on account.id = reporter";

    public ValueTask<long?> AddAsync(NewReport report, DateTimeOffset now, ReportLimits limits) => sql.WriteAsync(async db =>
    {
        var lately = await db.NumberAsync("select count(*) from report where reporter = @reporter and at > @since",
            ("@reporter", report.Reporter), ("@since", now.AddDays(-1).ToUnixTimeMilliseconds()));
        if (lately >= limits.PerReporterAndDay || await CountOpenAsync(db) >= limits.Open)
        {
            return null;
        }

        return await db.NumberAsync(
            """
            insert into report (reporter, jid, reason, body, stanzas, consent, at)
            values (@reporter, @jid, @reason, @body, @stanzas, @consent, @at) returning id
            """,
            ("@reporter", report.Reporter), ("@jid", report.Jid), ("@reason", report.Reason), ("@body", report.Text),
            ("@stanzas", JsonSerializer.Serialize(report.Stanzas)), ("@consent", (int)report.Consent), ("@at", now.ToUnixTimeMilliseconds()));
    });

    public async ValueTask<IReadOnlyList<Report>> ListAsync(bool closed, long after, int max) => await sql.ReadAsync(db => db.QueryAsync(
        $"{Select} where report.id > @after and (@closed = 1 or closed_at is null) order by report.id limit @max",
        Map, ("@after", after), ("@closed", closed.AsNumber()), ("@max", max)));

    public ValueTask<Report?> FindAsync(long id) => sql.ReadAsync(db => db.FirstAsync($"{Select} where report.id = @id", Map, ("@id", id)));

    public async ValueTask<bool> CloseAsync(long id, DateTimeOffset now) => await sql.WriteAsync(db => db.ExecuteAsync(
        "update report set closed_at = @at where id = @id and closed_at is null", ("@at", now.ToUnixTimeMilliseconds()), ("@id", id))) > 0;

    public ValueTask<long> CountOpenAsync() => sql.ReadAsync(CountOpenAsync);

    public ValueTask<int> ForgetAsync(string jid) => sql.WriteAsync(db => db.ExecuteAsync("delete from report where jid = @jid", ("@jid", jid)));

    static async ValueTask<long> CountOpenAsync(SqlSession db) => await db.NumberAsync("select count(*) from report where closed_at is null") ?? 0;

    static Report Map(DbDataReader r) => new(
        r.GetInt64(0), r.GetString(1),
        new(r.GetInt64(2), r.GetString(3), r.GetString(4), r.GetString(5),
            JsonSerializer.Deserialize<ReportedStanza[]>(r.GetString(6)) ?? [], (ReportConsent)r.GetInt64(7)),
        r.Time(8), r.IsDBNull(9) ? null : r.Time(9));
}
