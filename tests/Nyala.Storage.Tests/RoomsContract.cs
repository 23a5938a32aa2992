using System.Text;
using Nyala.Xmpp.Payloads;

namespace Nyala.Storage.Tests;

/// <summary>Rooms and their archives on every engine.</summary>
public abstract class RoomsContract(StoreFixture fixture) : StoreContract(fixture)
{
    static readonly RoomSettings Hidden = new(Persistent: true, Listed: false, Open: false, "Verona", "", "it", [1, 2]);

    [Fact]
    public async Task A_room_is_found_as_it_was_created()
    {
        var made = await CreateAsync("verona", Hidden);
        var found = await Store.Rooms.FindAsync("verona");
        Assert.Equal(made.Id, found!.Id);
        Assert.Equal("Verona", found.Settings.Title);
        Assert.Equal((byte[])[1, 2], found.Settings.Config);
        Assert.Equal((byte[])[9], found.Secret);
        Assert.Equal([new RoomMember("romeo@x", Affiliation.Owner)], found.Members);
        Assert.Null(found.Subject);
        Assert.Null(await Store.Rooms.FindAsync("mantua"));
        Assert.Null(await Store.Rooms.CreateAsync("verona", Hidden, [8], "paris@x", Time.GetUtcNow()));
    }

    [Fact]
    public async Task The_rooms_of_an_address_are_listed()
    {
        var verona = await CreateAsync("verona", Hidden);
        await CreateAsync("mantua", Hidden);
        await Store.Rooms.ChangeAsync(verona.Id, null, [new("juliet@x", Affiliation.Member, "Jule")]);
        Assert.Equal([new RoomMembership("verona", "Verona", Affiliation.Member, "Jule")], await Store.Rooms.OfAsync("juliet@x"));
        Assert.Equal(["mantua", "verona"], (await Store.Rooms.OfAsync("romeo@x")).Select(room => room.Name));
        Assert.Empty(await Store.Rooms.OfAsync("paris@x"));
    }

    [Fact]
    public async Task Settings_and_members_change_together()
    {
        var room = await CreateAsync("verona", Hidden);
        await Store.Rooms.ChangeAsync(room.Id, Hidden with { Title = "Fair Verona", Listed = true },
            [new("juliet@x", Affiliation.Admin, "Juliet"), new("tybalt@x", Affiliation.Outcast, null, "duels")]);
        await Store.Rooms.ChangeAsync(room.Id, null, [new("romeo@x", Affiliation.None), new("juliet@x", Affiliation.Owner, "Juliet")]);
        await Store.Rooms.SetSubjectAsync(room.Id, [3], DateTimeOffset.FromUnixTimeMilliseconds(77));
        await Store.Rooms.SetCardAsync(room.Id, [4]);
        await Store.Rooms.SetHatsAsync(room.Id, [5]);
        await Fixture.ReopenAsync();

        var found = (await Store.Rooms.FindAsync("verona"))!;
        Assert.Equal("Fair Verona", found.Settings.Title);
        Assert.Equal([new("juliet@x", Affiliation.Owner, "Juliet"), new("tybalt@x", Affiliation.Outcast, null, "duels")], found.Members);
        Assert.Equal((byte[])[3], found.Subject);
        Assert.Equal(77, found.SubjectAt);
        Assert.Equal((byte[])[4], found.Card);
        Assert.Equal((byte[])[5], found.Hats);
    }

    [Fact]
    public async Task Only_listed_rooms_are_listed_in_order_of_their_names()
    {
        foreach (var name in (string[])["delta", "alpha", "charlie", "bravo"])
        {
            await CreateAsync(name, Hidden with { Listed = name != "bravo" });
        }

        Assert.Equal(["alpha", "charlie"], await NamesAsync(null, null, 2));
        Assert.Equal(["charlie", "delta"], await NamesAsync("alpha", null, 5));
        Assert.Equal(["charlie", "delta"], await NamesAsync(null, "", 2));
        Assert.Equal(["alpha"], await NamesAsync(null, "charlie", 2));
        Assert.Equal(3, await Store.Rooms.CountListedAsync());
        Assert.Equal(2, await Store.Rooms.CountListedBeforeAsync("delta"));
    }

    [Fact]
    public async Task Who_is_forgotten_is_nothing_to_any_room()
    {
        var one = await CreateAsync("one", Hidden);
        var two = await CreateAsync("two", Hidden);
        await CreateAsync("three", Hidden);
        await Store.Rooms.ChangeAsync(one.Id, null, [new("juliet@x", Affiliation.Owner)]);
        await Store.Rooms.ChangeAsync(two.Id, null, [new("juliet@x", Affiliation.Outcast)]);
        Assert.Equal(1, await Store.Rooms.CountOwnedAsync("juliet@x"));
        Assert.Equal(["one", "two"], await Store.Rooms.ForgetAsync("juliet@x"));
        Assert.Equal(0, await Store.Rooms.CountOwnedAsync("juliet@x"));
        Assert.Single((await Store.Rooms.FindAsync("one"))!.Members);
    }

    [Fact]
    public async Task Temporary_rooms_do_not_outlive_a_start_and_ids_are_not_used_again()
    {
        var kept = await CreateAsync("kept", Hidden);
        var gone = await CreateAsync("gone", Hidden with { Persistent = false });
        Assert.Equal(1, await Store.Rooms.RemoveTemporaryAsync());
        Assert.Equal(0, await Store.Rooms.RemoveTemporaryAsync());
        Assert.Null(await Store.Rooms.FindAsync("gone"));
        Assert.NotNull(await Store.Rooms.FindAsync("kept"));
        Assert.True((await CreateAsync("gone", Hidden)).Id > Math.Max(kept.Id, gone.Id));
    }

    [Fact]
    public async Task A_room_has_an_archive_of_its_own_beside_that_of_an_account_with_its_number()
    {
        var romeo = await AccountAsync("romeo");
        var room = await CreateAsync("verona", Hidden);
        var own = await AppendAsync(Entry.Message(romeo, room.Id, "to an account"));
        var first = await AppendAsync(Said(romeo, room.Id, "romeo@nyala.example/phone", "one"));
        var second = await AppendAsync(Said(0, room.Id, "juliet@capulet.example/balcony", "two"));

        var page = await Store.Archive.ReadAsync(new ArchiveQuery(-room.Id) { WithCount = true }, Cancellation);
        Assert.Equal([first.Position, second.Position], page.Rows.Select(row => row.Position));
        Assert.Equal(["romeo@nyala.example/phone", "juliet@capulet.example/balcony"], page.Rows.Select(row => row.From));
        Assert.Equal(2, page.Count);
        Assert.All(page.Rows, row => Assert.False(row.Outgoing));
        Assert.Equal([own.Position], await PositionsAsync(new ArchiveQuery(romeo)));
        Assert.Equal([second.Position], await PositionsAsync(new ArchiveQuery(-room.Id) { With = "juliet@capulet.example" }));
        Assert.Equal([second.Position], await PositionsAsync(new ArchiveQuery(-room.Id) { After = first.Position }));
        Assert.True((await Store.Archive.ReadAsync(new ArchiveQuery(-room.Id) { After = own.Position }, Cancellation)).UnknownPosition);

        var id = Store.Archive.Ids.Encode(-room.Id, second.Position);
        Assert.True(Store.Archive.Ids.TryDecode(-room.Id, id, out var decoded));
        Assert.Equal(second.Position, decoded);
        Assert.False(Store.Archive.Ids.TryDecode(room.Id, id, out _));
        Assert.Equal((first.Position, second.Position),
            (await Store.Archive.MetadataAsync(-room.Id, Cancellation)) is var (from, to) ? (from.Position, to.Position) : default);
    }

    [Fact]
    public async Task A_tombstone_takes_the_place_of_a_row_and_keeps_it()
    {
        var room = await CreateAsync("verona", Hidden);
        var other = await CreateAsync("mantua", Hidden);
        var said = await AppendAsync(Said(0, room.Id, "juliet@x/y", "regretted"));
        Assert.False(await Store.Archive.ReplaceAsync(-other.Id, said.Position, "<message/>"u8.ToArray()));
        Assert.True(await Store.Archive.ReplaceAsync(-room.Id, said.Position, "<message><gone/></message>"u8.ToArray()));
        await Fixture.ReopenAsync();
        var row = Assert.Single((await Store.Archive.ReadAsync(new ArchiveQuery(-room.Id), Cancellation)).Rows);
        Assert.Equal(said.Position, row.Position);
        Assert.Equal("<message><gone/></message>", Encoding.UTF8.GetString(row.Stanza.Span));
    }

    [Fact]
    public async Task A_removed_account_leaves_what_it_said_in_rooms_and_a_removed_room_takes_its_archive()
    {
        var romeo = await AccountAsync("romeo");
        var room = await CreateAsync("verona", Hidden);
        var stays = await CreateAsync("mantua", Hidden);
        await AppendAsync(Said(romeo, room.Id, "romeo@x/y", "one"));
        await AppendAsync(Said(romeo, stays.Id, "romeo@x/y", "two"));
        await Store.Accounts.RemoveAsync(romeo);
        Assert.True(await Store.Rooms.RemoveAsync(room.Id));
        Assert.False(await Store.Rooms.RemoveAsync(room.Id));
        await Fixture.MaintainAsync();
        Assert.Empty(await PositionsAsync(new ArchiveQuery(-room.Id)));
        Assert.Single(await PositionsAsync(new ArchiveQuery(-stays.Id)));
    }

    static Entry Said(long sender, long room, string from, string body) => new()
    {
        Kind = LogKind.Message,
        Sender = sender,
        Recipient = -room,
        From = from,
        To = "verona@rooms.nyala.example",
        Flags = RowFlags.InRecipientArchive,
        Stanza = Encoding.UTF8.GetBytes($"<message type='groupchat'><body>{body}</body></message>"),
    };

    async Task<StoredRoom> CreateAsync(string name, RoomSettings settings) =>
        (await Store.Rooms.CreateAsync(name, settings, [9], "romeo@x", Time.GetUtcNow()))!;

    async Task<IEnumerable<string>> NamesAsync(string? after, string? before, int max) =>
        (await Store.Rooms.ListAsync(after, before, max)).Select(room => room.Name);

    async Task<IEnumerable<long>> PositionsAsync(ArchiveQuery query) =>
        (await Store.Archive.ReadAsync(query, Cancellation)).Rows.Select(row => row.Position);
}
