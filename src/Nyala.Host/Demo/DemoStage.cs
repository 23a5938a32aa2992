using System.Globalization;

namespace Nyala.Host.Demo;

/// <summary>One of the two people, as the page needs it to show their side.</summary>
/// <param name="Account">Its address.</param>
/// <param name="Password">Random, and gone with the data.</param>
/// <param name="Origins">Where its web app is, so that it has a storage of its own; the second where the browser lets the first have none.</param>
/// <param name="Chat">Whom it talks with.</param>
sealed record DemoSide(string Account, string Password, IReadOnlyList<string> Origins, string Chat);

/// <summary>What the page shows.</summary>
/// <param name="Run">Changes with the data.</param>
/// <param name="Since">When it was filled, in milliseconds since 1970: what is older is the story.</param>
/// <param name="IsCut">The network is.</param>
/// <param name="Server">up, down (killed, not back yet) or filling.</param>
/// <param name="Kills">How often it was killed.</param>
/// <param name="Language">That of the story, and so of the page and of both apps.</param>
sealed record DemoState(string Run, long Since, bool IsCut, string Server, int Kills, string Language, IReadOnlyList<DemoSide> Sides);

/// <summary>
/// Everything behind the page: data that is thrown away, the server as a process, and the network before it. Safe from any
/// thread; what takes time is done one after the other.
/// </summary>
sealed class DemoStage : IAsyncDisposable
{
    public const string Up = "up";
    const string Down = "down";
    const string Filling = "filling";

    /// <summary>How long a killed server stays away, for people to see it.</summary>
    static readonly TimeSpan Away = TimeSpan.FromSeconds(2);

    readonly string _page;
    readonly string _files;
    readonly TimeProvider _time;
    readonly DemoRelay _relay = new();
    readonly SemaphoreSlim _turn = new(1, 1);
    readonly Lock _lock = new();
    readonly CancellationTokenSource _ending = new();
    readonly TaskCompletionSource<StartException> _failed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    TaskCompletionSource _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    DemoState _state = new("", 0, IsCut: false, Filling, 0, "en", []);
    DirectoryInfo? _data;
    DemoServer? _server;

    DemoStage(string page, string files, TimeProvider time) => (_page, _files, _time) = (page, files, time);

    /// <summary>Completes when the demo cannot go on.</summary>
    public Task<StartException> Failed => _failed.Task;

    /// <summary>The state and what completes with the next one.</summary>
    public (DemoState State, Task Changed) Look()
    {
        lock (_lock)
        {
            return (_state, _changed.Task);
        }
    }

    /// <param name="page">The origin of the page.</param>
    /// <param name="files">Where the build has left the demo's files.</param>
    /// <param name="language">That of what happened before, id or en.</param>
    /// <param name="time">The clock.</param>
    /// <exception cref="StartException">The data or the server could not be made.</exception>
    public static async Task<DemoStage> SetAsync(string page, string files, string language, TimeProvider time)
    {
        var stage = new DemoStage(page, files, time);
        try
        {
            await stage.FillAsync(language);
            return stage;
        }
        catch
        {
            await stage.DisposeAsync();
            throw;
        }
    }

    /// <summary>
    /// The origins of the two sides. To the page at localhost, 127.0.0.1 is another site, which some browsers let store nothing
    /// in a frame; another port is another origin of the same site.
    /// </summary>
    public IReadOnlyList<IReadOnlyList<string>> Origins =>
        [[Origin("localhost", _relay.Port)], [Origin("127.0.0.1", _relay.Port), Origin("localhost", _relay.SecondPort)]];

    public void Cut(bool isCut)
    {
        _relay.IsCut = isCut;
        Change(state => state with { IsCut = isCut });
    }

    /// <summary>Kills the server, which comes back on the same data.</summary>
    public Task KillAsync() => DoAsync(async () =>
    {
        Change(state => state with { Server = Down, Kills = state.Kills + 1 });
        await EndServerAsync();
        await Task.Delay(Away, _time, _ending.Token);
        await StartServerAsync();
    });

    /// <summary>Throws everything away and begins anew.</summary>
    public Task ResetAsync(string language) => DoAsync(async () =>
    {
        Change(state => state with { Server = Filling });
        await EndServerAsync();
        Cut(isCut: false);
        await FillAsync(language);
    });

    public async ValueTask DisposeAsync()
    {
        await _ending.CancelAsync();
        await _turn.WaitAsync();
        _relay.Dispose();
        await EndServerAsync();
        RemoveData();
    }

    async Task DoAsync(Func<Task> work)
    {
        await _turn.WaitAsync();
        try
        {
            if (!_ending.IsCancellationRequested)
            {
                await work();
            }
        }
        catch (OperationCanceledException)
        {
            // The demo ends.
        }
        catch (Exception e)
        {
            _failed.TrySetResult(e as StartException ?? new StartException($"The demo cannot go on: {e.Message}", e));
        }
        finally
        {
            _turn.Release();
        }
    }

    async Task FillAsync(string language)
    {
        var script = DemoScript.Read(Path.Combine(_files, $"story.{language}.json"));
        RemoveData();

        // 0700.
        _data = Directory.CreateTempSubdirectory("nyala-demo-");
        var passwords = await DemoStory.TellAsync(_data.FullName, Origins[0][0], _files, script);
        var sides = ((string[])["ayu", "budi"]).Select((name, at) => new DemoSide(
            $"{name}@{DemoStory.Domain}", passwords[name], Origins[at], $"{(name == "ayu" ? "budi" : "ayu")}@{DemoStory.Domain}"));
        Change(_ => new(Guid.NewGuid().ToString(), _time.GetUtcNow().ToUnixTimeMilliseconds(), _relay.IsCut, Filling, 0, language, [.. sides]));
        await StartServerAsync();
    }

    async Task StartServerAsync()
    {
        var server = await DemoServer.StartAsync(_data!.FullName, _page, _time);
        _server = server;
        _relay.Target = server.Port;
        Change(state => state with { Server = Up });
        _ = WatchAsync(server);
    }

    /// <summary>A server that ends without having been killed here is started again too, as whoever runs one would.</summary>
    async Task WatchAsync(DemoServer server)
    {
        await server.Ended;
        if (ReferenceEquals(_server, server))
        {
            await KillAsync();
        }
    }

    async Task EndServerAsync()
    {
        var server = _server;
        _server = null;
        _relay.Target = 0;
        if (server is not null)
        {
            server.Kill();
            await server.Ended;
            server.Dispose();
        }
    }

    void RemoveData()
    {
        _data?.Delete(recursive: true);
        _data = null;
    }

    void Change(Func<DemoState, DemoState> change)
    {
        TaskCompletionSource changed;
        lock (_lock)
        {
            _state = change(_state);
            changed = _changed;
            _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);
        }

        changed.SetResult();
    }

    static string Origin(string host, int port) => string.Create(CultureInfo.InvariantCulture, $"http://{host}:{port}");
}
