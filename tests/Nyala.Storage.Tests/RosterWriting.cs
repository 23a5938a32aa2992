namespace Nyala.Storage.Tests;

/// <summary>One change at a time.</summary>
static class RosterWriting
{
    public static async ValueTask<long> SaveAsync(this IRosters rosters, long account, RosterItem item) =>
        (await rosters.ChangeAsync([new(account, item.Jid, item)]))[0];

    public static async ValueTask<long> RemoveAsync(this IRosters rosters, long account, string jid) =>
        (await rosters.ChangeAsync([new(account, jid, null)]))[0];
}
