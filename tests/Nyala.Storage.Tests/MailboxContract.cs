namespace Nyala.Storage.Tests;

/// <summary>Delivery marks on every engine (R8).</summary>
public abstract class MailboxContract(StoreFixture fixture) : StoreContract(fixture)
{
    [Fact]
    public async Task R8_a_mark_rises_and_never_falls()
    {
        Assert.Equal(0, await Store.Mailboxes.LoadMarkAsync(1));
        Store.Mailboxes.SetMark(1, 10);
        Assert.Equal(10, await Store.Mailboxes.LoadMarkAsync(1));
        Store.Mailboxes.SetMark(1, 7);
        await Store.Log.FlushAsync();
        Store.Mailboxes.SetMark(1, 8);
        await Store.Log.FlushAsync();

        Assert.Equal(10, await Store.Mailboxes.LoadMarkAsync(1));
        Assert.Equal(0, await Store.Mailboxes.LoadMarkAsync(2));
    }

    [Fact]
    public async Task R8_a_mark_is_durable_at_the_flush()
    {
        Store.Mailboxes.SetMark(1, 10);
        await Fixture.ReopenAsync();

        Assert.Equal(10, await Store.Mailboxes.LoadMarkAsync(1));
    }

    [Fact]
    public async Task A_mark_that_is_written_behind_the_removal_of_its_account_goes_too()
    {
        var account = await AccountAsync("juliet");
        Store.Mailboxes.SetMark(account, 10);
        await Store.Accounts.RemoveAsync(account);
        await Fixture.MaintainAsync();
        await Fixture.ReopenAsync();
        await Fixture.MaintainAsync();
        await Fixture.ReopenAsync();

        Assert.Equal(0, await Store.Mailboxes.LoadMarkAsync(account));
    }

    [Fact]
    public async Task R8_pending_rows_are_those_to_deliver_behind_the_mark()
    {
        var entries = new List<Entry>();
        for (var i = 0; i < 5; i++)
        {
            entries.Add(await AppendAsync(Entry.Message(2, 1)));
        }

        var kept = Entry.Message(2, 1);
        kept.Flags = RowFlags.InRecipientArchive;
        await AppendAsync(kept);

        Assert.Equal(5, await Store.Mailboxes.CountPendingAsync(1, 100));
        Assert.Equal(3, await Store.Mailboxes.CountPendingAsync(1, 3));
        Store.Mailboxes.SetMark(1, entries[2].Position);
        Assert.Equal(2, await Store.Mailboxes.CountPendingAsync(1, 100));
        await Store.Log.FlushAsync();
        Assert.Equal(2, await Store.Mailboxes.CountPendingAsync(1, 100));
        Assert.Equal(0, await Store.Mailboxes.CountPendingAsync(2, 100));
    }

    [Fact]
    public async Task Owners_with_pending_rows_are_found_by_one_row_each()
    {
        const long Bound = -100;
        var done = await AppendAsync(Entry.Message(1, -101));
        Store.Mailboxes.SetMark(-101, done.Position);
        await AppendAsync(Entry.Message(1, -103));
        await AppendAsync(Entry.Message(1, -103));
        await AppendAsync(Entry.Message(1, -102));
        await AppendAsync(Entry.Message(1, -7));
        await AppendAsync(Entry.Message(1, 2));
        var kept = Entry.Message(1, -104);
        kept.Flags = RowFlags.InSenderArchive;
        await AppendAsync(kept);
        await Store.Log.FlushAsync();

        Assert.Equal(2, (await Store.Mailboxes.FindPendingAsync(Bound)).Count);
        Assert.Equal(3, (await Store.Mailboxes.FindPendingAsync(0)).Count);
        Assert.Empty(await Store.Mailboxes.FindPendingAsync(-1_000));
    }
}
