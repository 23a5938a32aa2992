using Nyala.Host.Administration;
using Nyala.Host.Configuration;
using Nyala.Storage;

namespace Nyala.Host.Doctor;

/// <summary>The database: open to this user, sound, and not in trouble.</summary>
static class StoreCheck
{
    const string Name = "Database";

    public static async Task<Finding> RunAsync(NyalaOptions options)
    {
        if (!Directory.Exists(options.Data) || !Directory.EnumerateFiles(options.Data, "*.db").Any())
        {
            return Finding.Ok(Name, "made at the first start");
        }

        try
        {
            await using var access = await AdministrationAccess.OpenAsync(options);
            var status = await access.Administration.StatusAsync();
            if (status.Trouble is { } trouble)
            {
                return Finding.Problem(Name, trouble, "The server goes on by itself when that is done.");
            }

            var damage = await access.Administration.CheckIntegrityAsync();
            return damage.Count == 0
                ? Finding.Ok(Name, "sound")
                : Finding.Problem(Name, string.Join(" ", damage.Take(3)), "Stop the server and restore the last good backup: nyala restore FILE --force.");
        }
        catch (StoreException e)
        {
            return Finding.Problem(Name, e.Message, "The server does not start before that is done.");
        }
        catch (AdministrationException e)
        {
            return Finding.Problem(Name, e.Message, "Run this as the user that runs nyala.");
        }
    }

    /// <summary>The problem that hides all others: a data directory that is not this user's; null when it can be read or is not there yet.</summary>
    public static Finding? CheckAccess(NyalaOptions options)
    {
        try
        {
            _ = Directory.Exists(options.Data) && Directory.EnumerateFileSystemEntries(options.Data).Any();
            return null;
        }
        catch (UnauthorizedAccessException)
        {
            return Finding.Problem("Data directory", $"{options.Data} may not be read by this user", "Run this as the user that runs nyala.");
        }
    }
}
