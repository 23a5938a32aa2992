using System.Diagnostics;
using Nyala.Core.Connections;
using Nyala.Core.Diagnostics;
using Nyala.Core.Routing;
using Nyala.Storage;

namespace Nyala.Features.Push;

/// <summary>One registration: what its device does not have, and telling it. One notification at a time. Safe from any thread.</summary>
sealed class PushTarget : ITimerTarget
{
    /// <summary>XEP-0357 §7.1: errors in a row after which a service counts as gone, hours later.</summary>
    const int MostFailures = 20;

    static readonly TimeSpan FirstRetry = TimeSpan.FromSeconds(30);
    static readonly TimeSpan LongestRetry = TimeSpan.FromHours(1);
    static readonly TimeSpan LongestWait = TimeSpan.FromDays(1);

    readonly Lock _gate = new();
    readonly PushEngine _engine;
    readonly PushAccount _account;
    readonly IPushService _service;
    readonly WaitingRows _rows;
    TimerHandle? _timer;
    TimeSpan _notBefore;
    long _marked;
    int _failures;
    bool _sending;
    bool _ended;

    /// <param name="engine">What all share.</param>
    /// <param name="account">Whose device it is.</param>
    /// <param name="registration">As it is stored.</param>
    /// <param name="mark">Up to here all is settled.</param>
    public PushTarget(PushEngine engine, PushAccount account, PushRegistration registration, long mark)
    {
        _engine = engine;
        _account = account;
        Registration = registration;
        _service = engine.ServiceOf(registration);
        _marked = Math.Max(mark, registration.Since);
        _rows = new(_marked, engine.Options.Spacing, _service.PerChat);
    }

    public PushRegistration Registration { get; private set; }

    /// <summary>Up to here all is settled.</summary>
    public long Mark => Volatile.Read(ref _marked);

    /// <summary>The device has enabled it again.</summary>
    public void Renew(PushRegistration registration)
    {
        lock (_gate)
        {
            Registration = registration;
            _failures = 0;
            _notBefore = TimeSpan.Zero;
            ScheduleNext();
        }
    }

    /// <summary>A message that concerns the device.</summary>
    public void Add(WaitingRow row)
    {
        lock (_gate)
        {
            _rows.Add(row);
            Settle();
        }
    }

    /// <summary>A message of the account's that nobody need be told of.</summary>
    public void Passed(long position)
    {
        lock (_gate)
        {
            _rows.Passed(position);
            Settle();
        }
    }

    /// <summary>The device has a message.</summary>
    public void Acknowledged(long position)
    {
        lock (_gate)
        {
            if (_rows.Acknowledge(position))
            {
                Settle();
            }
        }
    }

    /// <summary>It is not enabled any more.</summary>
    public void End()
    {
        lock (_gate)
        {
            _ended = true;
            _timer?.Cancel();
        }
    }

    /// <summary>Tells the device that this is a test; it waits for nothing.</summary>
    public Task<PushOutcome> TestAsync() =>
        DeliverAsync(new(_account.Jid.ToString(), _account.Jid.ToString(), Count: 1, PushKind.Message, IsTest: true));

    public void Due(TimerHandle timer)
    {
        DueRows? due;
        lock (_gate)
        {
            if (_ended || _sending || (due = _engine.Now < _notBefore ? null : _rows.Take(_engine.Now)) is null)
            {
                // What is too old was settled.
                Settle();
                return;
            }

            _sending = true;
        }

        _ = TellAsync(due);
    }

    async Task TellAsync(DueRows due)
    {
        var outcome = await DeliverAsync(new(due.Chat, due.Sender, due.Unseen, due.Kind));
        var ends = false;
        lock (_gate)
        {
            _sending = false;
            switch (outcome.Result)
            {
                case PushResult.Taken:
                case PushResult.Refused:
                    _failures = 0;
                    _rows.Told(due, _engine.Now);
                    break;
                case PushResult.Later when ++_failures < MostFailures:
                    var pause = Pause(outcome.After);
                    _notBefore = _engine.Now + pause;
                    _engine.Server.Log.PushDelayed(_engine.Describe(Registration), (long)pause.TotalSeconds, outcome.Answer);
                    break;
                default:
                    ends = !_ended;
                    break;
            }

            Settle();
        }

        if (ends)
        {
            await _engine.EndAsync(_account, this, outcome.Answer);
        }
    }

    /// <summary>Sends it when it has its turn; never fails.</summary>
    async Task<PushOutcome> DeliverAsync(PushNotice notice)
    {
        PushOutcome outcome;
        try
        {
            await _engine.Turns.WaitAsync(_engine.Stopping);
            try
            {
                outcome = await _service.SendAsync(Registration, notice, _engine.Stopping);
            }
            finally
            {
                _engine.Turns.Release();
            }
        }
        catch (Exception e)
        {
            // One place catches: whatever went wrong, the messages are not told yet.
            outcome = new(PushResult.Later, e.Message);
        }

        _engine.Server.Metrics.Pushes.Add(1, new TagList
        {
            { "service", _service.Name }, { "result", outcome.Result.ToString().ToLowerInvariant() },
        });
        if (outcome.Result == PushResult.Refused)
        {
            _engine.Server.Log.PushRefused(_engine.Describe(Registration), outcome.Answer);
        }

        return outcome;
    }

    /// <summary>Grows fourfold; a little different for each, so that not all come back at once.</summary>
    TimeSpan Pause(TimeSpan? wanted)
    {
        var pause = TimeSpan.FromSeconds(Math.Min(LongestRetry.TotalSeconds, FirstRetry.TotalSeconds * Math.Pow(4, _failures - 1)));
        pause += pause * (Registration.Id % 16 / 64.0);
        return wanted > pause ? (wanted < LongestWait ? wanted.Value : LongestWait) : pause;
    }

    /// <summary>Notes how far the device has come, and when to look again. Under the gate.</summary>
    void Settle()
    {
        if (!_ended)
        {
            var mark = Math.Min(_rows.Mark, _engine.Considered);
            if (mark > _marked)
            {
                _marked = mark;
                _engine.Server.Store.Mailboxes.SetMark(Registration.Owner, mark);
            }
        }

        ScheduleNext();
    }

    void ScheduleNext()
    {
        if (_ended || _sending || _rows.Next() is not { } next)
        {
            return;
        }

        var after = (next > _notBefore ? next : _notBefore) - _engine.Now;
        if (_timer is null)
        {
            _timer = _engine.Server.Timers.Schedule(after, this);
        }
        else
        {
            _timer.Schedule(after);
        }
    }
}
