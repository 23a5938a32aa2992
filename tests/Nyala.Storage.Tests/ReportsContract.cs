namespace Nyala.Storage.Tests;

/// <summary>The queue of reports on every engine.</summary>
public abstract class ReportsContract(StoreFixture fixture) : StoreContract(fixture)
{
    static readonly ReportLimits Limits = new(PerReporterAndDay: 2, Open: 3);

    [Fact]
    public async Task A_report_waits_until_it_is_closed()
    {
        var juliet = await AccountAsync("juliet");
        var content = new NewReport(juliet, "romeo@x", "urn:xmpp:reporting:spam", "text", [new("juliet@x", "id")], ReportConsent.Origin | ReportConsent.ThirdParty);
        var id = (await Store.Reports.AddAsync(content, Time.GetUtcNow(), Limits))!.Value;
        await Fixture.ReopenAsync();
        var report = (await Store.Reports.FindAsync(id))!;
        Assert.Equivalent(new Report(id, "juliet", content, Time.GetUtcNow(), null), report, strict: true);
        Assert.Equal(1, await Store.Reports.CountOpenAsync());
        Assert.True(await Store.Reports.CloseAsync(id, Time.GetUtcNow()));
        Assert.False(await Store.Reports.CloseAsync(id, Time.GetUtcNow()));
        Assert.Empty(await Store.Reports.ListAsync(closed: false, 0, 10));
        Assert.Equal(Time.GetUtcNow(), Assert.Single(await Store.Reports.ListAsync(closed: true, 0, 10)).ClosedAt);
        Assert.Empty(await Store.Reports.ListAsync(closed: true, id, 10));
        Assert.Null(await Store.Reports.FindAsync(id + 1));
    }

    [Fact]
    public async Task There_are_only_so_many_of_one_and_of_all()
    {
        var (juliet, nurse) = (await AccountAsync("juliet"), await AccountAsync("nurse"));
        Assert.NotNull(await AddAsync(juliet, "a@x"));
        Assert.NotNull(await AddAsync(juliet, "b@x"));
        Assert.Null(await AddAsync(juliet, "c@x"));
        Assert.NotNull(await AddAsync(nurse, "a@x"));
        Assert.Null(await AddAsync(nurse, "b@x"));
        await Store.Reports.CloseAsync(1, Time.GetUtcNow());
        Assert.NotNull(await AddAsync(nurse, "b@x"));
        Time.Advance(TimeSpan.FromHours(25));
        await Store.Reports.CloseAsync(2, Time.GetUtcNow());
        Assert.NotNull(await AddAsync(juliet, "c@x"));
    }

    [Fact]
    public async Task A_report_goes_with_its_reporter_with_whom_it_is_about_and_some_time_after_it_was_closed()
    {
        var (juliet, nurse) = (await AccountAsync("juliet"), await AccountAsync("nurse"));
        await AddAsync(juliet, "a@x");
        await AddAsync(nurse, "b@x");
        await AddAsync(nurse, "c@x");
        await Store.Accounts.RemoveAsync(juliet);
        Assert.Equal(1, await Store.Reports.ForgetAsync("b@x"));
        var last = Assert.Single(await Store.Reports.ListAsync(closed: false, 0, 10));
        await Store.Reports.CloseAsync(last.Id, Time.GetUtcNow());
        Time.Advance(TimeSpan.FromDays(89));
        await Fixture.MaintainAsync();
        Assert.NotNull(await Store.Reports.FindAsync(last.Id));
        Time.Advance(TimeSpan.FromDays(2));
        await Fixture.MaintainAsync();
        Assert.Null(await Store.Reports.FindAsync(last.Id));
    }

    ValueTask<long?> AddAsync(long reporter, string jid) =>
        Store.Reports.AddAsync(new(reporter, jid, "urn:xmpp:reporting:abuse", "", [], ReportConsent.None), Time.GetUtcNow(), Limits);
}
