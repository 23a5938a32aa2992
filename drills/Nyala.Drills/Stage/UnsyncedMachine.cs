namespace Nyala.Drills.Stage;

/// <summary>A server on a disk of which a power cut leaves only what was synced (drills/shim/unsynced.c).</summary>
sealed class UnsyncedMachine : IDisposable
{
    readonly string _data;
    readonly string _shadow;

    /// <param name="binary">The server.</param>
    /// <param name="root">Where its data and the disk are.</param>
    /// <param name="library">The compiled shim.</param>
    public UnsyncedMachine(string binary, string root, string library)
    {
        _data = Directory.CreateDirectory(Path.Combine(root, "data")).FullName;
        _shadow = Directory.CreateDirectory(Path.Combine(root, "shadow")).FullName;
        Server = new(binary, _data);
        Server.Set("LD_PRELOAD", library);
        Server.Set("UNSYNCED_DATA", _data);
        Server.Set("UNSYNCED_SHADOW", _shadow);
    }

    public ServerProcess Server { get; }

    /// <summary>From now on syncs succeed and do nothing, or are what they say again.</summary>
    public Task LieAsync(bool lie) => SwitchAsync(".nosync", lie);

    /// <summary>From now on syncs of the database do not end, or do again; the journal's are as ever.</summary>
    public Task HoldAsync(bool hold) => SwitchAsync(".hold", hold);

    /// <summary>Kills the server; the data is then what was synced.</summary>
    public async Task CutAsync()
    {
        await Server.KillAsync();
        await LieAsync(lie: false);
        Directory.Delete(_data, recursive: true);
        Directory.CreateDirectory(_data);
        foreach (var directory in Directory.EnumerateDirectories(_shadow, "*", SearchOption.AllDirectories))
        {
            Directory.CreateDirectory(Path.Combine(_data, Path.GetRelativePath(_shadow, directory)));
        }

        foreach (var file in Directory.EnumerateFiles(_shadow, "*", SearchOption.AllDirectories))
        {
            File.Copy(file, Path.Combine(_data, Path.GetRelativePath(_shadow, file)));
        }
    }

    public void Dispose() => Server.Dispose();

    async Task SwitchAsync(string suffix, bool on)
    {
        if (on)
        {
            await File.WriteAllTextAsync(_data + suffix, "");
        }
        else
        {
            File.Delete(_data + suffix);
        }
    }
}
