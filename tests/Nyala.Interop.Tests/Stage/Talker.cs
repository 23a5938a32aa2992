using System.Globalization;
using System.Xml;
using Nyala.Testing;

namespace Nyala.Interop.Tests.Stage;

/// <summary>Somebody who says one number after the other, and hears those of another. Said by one thread; heard meanwhile.</summary>
sealed class Talker : IAsyncDisposable
{
    const string Id = "-of-a-talk-over-a-bad-link";

    readonly Lock _gate = new();
    readonly string _other;
    readonly List<int> _heard = [];
    readonly HashSet<int> _refused = [];
    TaskCompletionSource _news = new(TaskCreationOptions.RunContinuationsAsynchronously);
    Wire? _wire;
    string _end = "";
    Task _hearing = Task.CompletedTask;

    Talker(string other) => _other = other;

    /// <summary>The last number that was said; the first is 1.</summary>
    public int Said { get; private set; }

    /// <summary>The other one's, as they came.</summary>
    public int[] Heard
    {
        get
        {
            lock (_gate)
            {
                return [.. _heard];
            }
        }
    }

    /// <summary>The own ones that came back as errors.</summary>
    public int[] Refused
    {
        get
        {
            lock (_gate)
            {
                return [.. _refused];
            }
        }
    }

    /// <summary>On a server, to somebody's bare address.</summary>
    public static async Task<Talker> ComeAsync(DomainServer server, string name, string other)
    {
        var talker = new Talker(other);
        await talker.ComeAsync(server, name);
        return talker;
    }

    /// <summary>Comes (again). What waited is heard too.</summary>
    public async Task ComeAsync(DomainServer server, string name)
    {
        var wire = _wire = await Wire.ConnectAsync(server.Clients, server.Domain);
        await wire.LoginAsync(name, DomainServer.Password, "here");
        _hearing = HearAsync(wire);
        await wire.SendAsync("<iq type='get' id='roster'><query xmlns='jabber:iq:roster'/></iq><presence/>");
    }

    /// <summary>Goes, and hears what comes until its server knows it.</summary>
    public async Task GoAsync()
    {
        await _wire!.SendAsync("<presence type='unavailable'/></stream:stream>");
        await _hearing;
        await _wire.DisposeAsync();
    }

    public Task SayAsync() => _wire!.SendAsync(
        string.Create(CultureInfo.InvariantCulture, $"<message to='{_other}' type='chat' id='{++Said}{Id}'><body>{Said}</body></message>"));

    /// <summary>Waits until a number was heard.</summary>
    public Task HearsAsync(int number) => HearsAsync(heard => heard.Contains(number), $"the number {number}");

    /// <summary>Waits until something more was heard.</summary>
    public Task HearsMoreAsync()
    {
        var before = Heard.Length;
        return HearsAsync(heard => heard.Count > before, "anything more");
    }

    public async ValueTask DisposeAsync()
    {
        await _wire!.DisposeAsync();
        await _hearing;
    }

    async Task HearsAsync(Func<List<int>, bool> isEnough, string what)
    {
        while (true)
        {
            Task news;
            lock (_gate)
            {
                if (isEnough(_heard))
                {
                    return;
                }

                news = _news.Task;
            }

            try
            {
                await news.WaitAsync(Wire.Patience, TimeProvider.System);
            }
            catch (TimeoutException e)
            {
                throw new InvalidOperationException($"Waited for {what} in vain. Heard: {string.Join(',', Heard)}. Refused: {string.Join(',', Refused)}. {_end}", e);
            }
        }
    }

    async Task HearAsync(Wire wire)
    {
        try
        {
            while (true)
            {
                var element = await wire.ReceiveAsync();
                if (element.Name.LocalName == "message")
                {
                    Hear(element.Attribute("type")?.Value == "error", element.Attribute("id")?.Value, element.Element("{jabber:client}body")?.Value);
                }
            }
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException or XmlException or TimeoutException)
        {
            // The end of it. Whoever waits for a number says that it did not come.
            _end = e.ToString();
        }
    }

    void Hear(bool isError, string? id, string? body)
    {
        lock (_gate)
        {
            if (isError)
            {
                _refused.Add(int.Parse(id!.Replace(Id, "", StringComparison.Ordinal), CultureInfo.InvariantCulture));
            }
            else
            {
                _heard.Add(int.Parse(body!, CultureInfo.InvariantCulture));
            }

            _news.SetResult();
            _news = new(TaskCreationOptions.RunContinuationsAsynchronously);
        }
    }
}
