using System.Net.Sockets;
using System.Net.WebSockets;
using Nyala.Client;

namespace Nyala.Drills.Stage;

/// <summary>A client that comes back by itself, as every app on a phone does.</summary>
abstract class Member(Cast cast, Ledger ledger, string account, string resource, Manner manner)
{
    readonly Random _random = new(cast.NextSeed());

    public string Account => account;

    public string Resource => resource;

    protected Manner Manner => manner;

    protected Ledger Ledger => ledger;

    protected Random Random => _random;

    protected XmppClient Client { get; } = new(cast.Options(account, resource, manner));

    /// <summary>How often a stream went on after a cut.</summary>
    public int Resumptions { get; private set; }

    /// <summary>How often a stream ended with this condition.</summary>
    public int Ended(string condition) => _ends.GetValueOrDefault(condition);

    readonly Dictionary<string, int> _ends = new(StringComparer.Ordinal);

    /// <summary>Why it is not online, for messages to people.</summary>
    public string State { get; private set; } = "never connected";

    public void Cut() => Client.Cut();

    /// <summary>Lives until stopped: connects, acts, and connects again when the connection is gone.</summary>
    public async Task RunAsync(CancellationToken stop)
    {
        while (!stop.IsCancellationRequested)
        {
            try
            {
                Connecting();
                var connected = await Client.ConnectAsync(stop);
                Resumptions += connected.Resumed ? 1 : 0;
                State = "connected";
                await ActAsync(connected.Resumed, stop);
                await Client.Disconnected.WaitAsync(stop);
                State = Client.StreamEnd?.Message ?? "connection lost";
            }
            catch (OperationCanceledException) when (stop.IsCancellationRequested)
            {
                break;
            }
            catch (Exception e) when (e is IOException or SocketException or WebSocketException or XmppException or TimeoutException)
            {
                State = e.Message;
                Client.Cut();
                await Client.Disconnected;
            }

            if (Client.StreamEnd is { } end)
            {
                _ends[end.Condition] = _ends.GetValueOrDefault(end.Condition) + 1;
            }

            await PauseAsync(20, 120, stop);
        }

        Client.Cut();
        await Client.Disconnected;
    }

    /// <summary>A connection is about to be made; stanzas may arrive from now on.</summary>
    protected virtual void Connecting()
    {
    }

    /// <summary>What it does once it is connected; returns when there is nothing left to do.</summary>
    protected abstract Task ActAsync(bool resumed, CancellationToken stop);

    protected async Task PauseAsync(int from, int to, CancellationToken stop)
    {
        try
        {
            await Task.Delay(TimeSpan.FromMilliseconds(_random.Next(from, to)), TimeProvider.System, stop);
        }
        catch (OperationCanceledException)
        {
            // The caller's loop sees it.
        }
    }
}
