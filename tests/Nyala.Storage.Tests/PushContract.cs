using Nyala.Xmpp.Payloads;

namespace Nyala.Storage.Tests;

/// <summary>Push registrations on every engine.</summary>
public abstract class PushContract(StoreFixture fixture) : StoreContract(fixture)
{
    [Fact]
    public async Task A_registration_is_kept_renewed_and_moves_to_another_device()
    {
        var account = await AccountAsync("juliet");
        Assert.False(await Store.Push.AnyAsync());
        var first = Assert.Single(await Store.Push.EnableAsync(Registration(account, "n"), 5));
        Assert.True(await Store.Push.AnyAsync());
        Time.Advance(TimeSpan.FromSeconds(1));
        var renewed = Assert.Single(await Store.Push.EnableAsync(Registration(account, "n") with { Form = [7], Since = 99 }, 5));
        Assert.Equal(first.Id, renewed.Id);
        Assert.Equal(first.Since, renewed.Since);
        Assert.Equal((byte[])[7], renewed.Form);
        Assert.True(renewed.EnabledAt > first.EnabledAt);
        var moved = Assert.Single(await Store.Push.EnableAsync(Registration(account, "n") with { Device = "desk", Since = 99 }, 5));
        Assert.NotEqual(first.Id, moved.Id);
        Assert.Equal(99, moved.Since);
        await Fixture.ReopenAsync();
        Assert.Equivalent(moved, Assert.Single(await Store.Push.LoadAsync(account)), strict: true);
    }

    [Fact]
    public async Task Registrations_end_by_service_node_number_limit_or_with_their_account()
    {
        var account = await AccountAsync("juliet");
        foreach (var node in (string[])["a", "b", "c", ""])
        {
            Time.Advance(TimeSpan.FromSeconds(1));
            await Store.Push.EnableAsync(Registration(account, node), 3);
        }

        await Store.Push.EnableAsync(Registration(account, "a") with { Jid = "other.example" }, 9);
        Assert.Equal(["b", "c", "", "a"], (await Store.Push.LoadAsync(account)).Select(registration => registration.Node));
        Assert.Equal(["b", "c", "a"], (await Store.Push.DisableAsync(account, "app.example", "")).Select(registration => registration.Node));
        Assert.Equal(["a"], (await Store.Push.DisableAsync(account, "app.example", null)).Select(registration => registration.Node));
        await Store.Push.RemoveAsync((await Store.Push.LoadAsync(account))[0].Id);
        Assert.Empty(await Store.Push.LoadAsync(account));
        await Store.Push.EnableAsync(Registration(account, "d"), 3);
        await Store.Accounts.RemoveAsync(account);
        Assert.False(await Store.Push.AnyAsync());
    }

    [Fact]
    public async Task Devices_that_are_behind_are_found_by_mail_and_by_rooms()
    {
        var (juliet, nurse) = (await AccountAsync("juliet"), await AccountAsync("nurse"));
        var one = Assert.Single(await Store.Push.EnableAsync(Registration(juliet, "n"), 5));
        await Store.Push.EnableAsync(Registration(nurse, "n"), 5);
        Assert.Empty(await BehindAsync());
        var row = await AppendAsync(new Entry { Kind = LogKind.Message, Recipient = juliet, Flags = RowFlags.InRecipientArchive | RowFlags.Deliver, Stanza = "<message/>"u8.ToArray() });
        await Store.Log.FlushAsync();
        Assert.Equal(["juliet"], await BehindAsync());
        Assert.Empty(await Store.Push.FindBehindAsync("x.example", null, Time.GetUtcNow().AddHours(1), 10));
        Assert.Empty(await Store.Push.FindBehindAsync("x.example", "juliet", default, 10));
        Store.Mailboxes.SetMark(one.Owner, row.Position);
        await Store.Log.FlushAsync();
        Assert.Empty(await BehindAsync());

        var room = (await Store.Rooms.CreateAsync("verona", new(true, false, false, "", "", "", []), [1], "romeo@x.example", Time.GetUtcNow()))!;
        await Store.Rooms.ChangeAsync(room.Id, null, [new("nurse@x.example", Affiliation.Member), new("juliet@x.example", Affiliation.Outcast)]);
        var said = await AppendAsync(new Entry { Kind = LogKind.Message, Recipient = -room.Id, Flags = RowFlags.InRecipientArchive, Stanza = "<message/>"u8.ToArray() });
        await Store.Log.FlushAsync();
        Assert.Equal(["nurse"], await BehindAsync());
        Assert.Equal(["verona"], await Store.Push.RoomsBehindAsync("nurse@x.example", said.Position - 1, 10));
        Assert.Empty(await Store.Push.RoomsBehindAsync("nurse@x.example", said.Position, 10));
        Assert.Empty(await Store.Push.RoomsBehindAsync("juliet@x.example", 0, 10));
    }

    [Fact]
    public async Task A_mark_goes_with_its_registration()
    {
        var account = await AccountAsync("juliet");
        var one = Assert.Single(await Store.Push.EnableAsync(Registration(account, "n"), 5));
        Store.Mailboxes.SetMark(one.Owner, 7);
        Store.Mailboxes.SetMark(account, 8);
        await Store.Log.FlushAsync();
        await Fixture.MaintainAsync();
        Assert.Equal(7, await Store.Mailboxes.LoadMarkAsync(one.Owner));
        await Store.Push.RemoveAsync(one.Id);
        await Fixture.MaintainAsync();
        await Fixture.ReopenAsync();
        Assert.Equal(0, await Store.Mailboxes.LoadMarkAsync(one.Owner));
        Assert.Equal(8, await Store.Mailboxes.LoadMarkAsync(account));
    }

    async Task<IReadOnlyList<string>> BehindAsync() => await Store.Push.FindBehindAsync("x.example", null, default, 10);

    PushRegistration Registration(long account, string node) => new(0, account, "phone", "app.example", node, null, 0, Time.GetUtcNow());
}
