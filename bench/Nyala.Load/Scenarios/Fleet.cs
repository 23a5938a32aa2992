using System.Diagnostics;
using Nyala.Load.Measure;
using Nyala.Load.Wire;

namespace Nyala.Load.Scenarios;

/// <summary>What every scenario needs: accounts, logged-in clients, and somewhere to put numbers.</summary>
sealed class Fleet(LoadOptions options, CancellationToken token)
{
    public LoadOptions Options => options;

    public CancellationToken Token => token;

    public Measurements Measurements { get; } = new();

    public LoginKeys Keys { get; } = new(options.Password);

    /// <summary>Logs accounts in, a bounded number at a time.</summary>
    /// <param name="first">The first account.</param>
    /// <param name="count">How many.</param>
    /// <param name="presence">Send initial presence (with priority 0).</param>
    public async Task<LeanClient[]> LoginAsync(int first, int count, bool presence)
    {
        var clients = new LeanClient[count];
        var parallel = new ParallelOptions { MaxDegreeOfParallelism = options.Parallel, CancellationToken = token };
        await Parallel.ForAsync(0, count, parallel, async (i, inner) =>
        {
            clients[i] = await LeanClient.LoginAsync(options, options.User(first + i), Keys, "load", inner);
            if (presence)
            {
                clients[i].Send("<presence/>");
            }
        });
        return clients;
    }

    /// <summary>
    /// Logs accounts in that say nothing and answer what the server asks from their first moment on: while thousands log in,
    /// it asks the first of them whether they are still there.
    /// </summary>
    /// <returns>The clients, and for each what completes when its stream ends.</returns>
    public async Task<(LeanClient[] Clients, Task[] Reading)> LoginSilentAsync(int first, int count)
    {
        var (clients, reading) = (new LeanClient[count], new Task[count]);
        var parallel = new ParallelOptions { MaxDegreeOfParallelism = options.Parallel, CancellationToken = token };
        await Parallel.ForAsync(0, count, parallel, async (i, inner) =>
        {
            clients[i] = await LeanClient.LoginAsync(options, options.User(first + i), Keys, "load", inner);
            clients[i].Send("<presence/>");
            reading[i] = clients[i].RunAsync(Nobody.Instance);
        });
        return (clients, reading);
    }

    /// <summary>
    /// Makes the keys of accounts known, one short login each: a real client derives them once and keeps them, and the
    /// generator must not do it while it measures.
    /// </summary>
    public async Task KnowKeysAsync(int count)
    {
        var parallel = new ParallelOptions { MaxDegreeOfParallelism = options.Parallel, CancellationToken = token };
        await Parallel.ForAsync(0, count, parallel, async (i, inner) =>
        {
            using var client = await LoginAsync(options.User(i), inner);
            client.Close();
        });
    }

    /// <summary>One login; at the relay, where there is none, what comes before it.</summary>
    public Task<LeanClient> LoginAsync(string user, CancellationToken cancellation) => options.Bare
        ? LeanClient.ConnectBareAsync(options, user, cancellation)
        : LeanClient.LoginAsync(options, user, Keys, "load", cancellation);

    /// <summary>Sockets to the relay, one after the other, since it pairs them in that order.</summary>
    public async Task<LeanClient[]> ConnectBareAsync(int count)
    {
        var clients = new LeanClient[count];
        for (var i = 0; i < count; i++)
        {
            clients[i] = await LeanClient.ConnectBareAsync(options, options.User(i), token);
        }

        return clients;
    }

    /// <summary>Lets the clock run, in steps that can be interrupted.</summary>
    public Task WaitAsync(double seconds) => Task.Delay(TimeSpan.FromSeconds(seconds), TimeProvider.System, token);

    /// <summary>Waits until a condition holds.</summary>
    /// <returns>False when it did not within the time.</returns>
    public async Task<bool> UntilAsync(Func<bool> condition, double seconds)
    {
        var start = Stopwatch.GetTimestamp();
        while (!condition())
        {
            if (Stopwatch.GetElapsedTime(start).TotalSeconds > seconds)
            {
                return false;
            }

            await WaitAsync(0.01);
        }

        return true;
    }
}

/// <summary>A receiver for clients whose messages nobody waits for.</summary>
sealed class Nobody : IReceiver
{
    public static readonly Nobody Instance = new();

    public void Received(LeanClient client, ReadOnlySpan<byte> element)
    {
        // Stream management counted it; that is all an idle client does.
    }
}
