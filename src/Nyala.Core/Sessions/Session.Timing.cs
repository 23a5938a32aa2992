using Nyala.Core.Connections;
using Nyala.Xmpp.Stanzas;

namespace Nyala.Core.Sessions;

// Time: signs of life, slow readers, hibernation (R10).
public sealed partial class Session
{
    /// <summary>Makes sure the timer comes within that time.</summary>
    internal void ArmTimer(TimeSpan within)
    {
        lock (_state)
        {
            var due = _server.Time.GetTimestamp() + (long)(within.TotalSeconds * _server.Time.TimestampFrequency);
            if (HasEnded || (_timerDue != 0 && _timerDue <= due))
            {
                return;
            }

            _timerDue = due;
            if (_timer is null)
            {
                _timer = _server.Timers.Schedule(within, this);
            }
            else
            {
                _timer.Schedule(within);
            }
        }
    }

    /// <summary>The client or its socket does not take what it is sent: it has a while to catch up (R10).</summary>
    internal void LagBegan()
    {
        if (Volatile.Read(ref _lagging) == 0)
        {
            Volatile.Write(ref _lagging, _server.Time.GetTimestamp());
            ArmTimer(_server.Options.Limits.ProbeAfter);
        }
    }

    /// <summary>It took something: as long as it does it is slow, not stuck.</summary>
    internal void LagEased()
    {
        if (Volatile.Read(ref _lagging) != 0)
        {
            Volatile.Write(ref _lagging, _server.Time.GetTimestamp());
        }
    }

    internal void LagEnded()
    {
        Volatile.Write(ref _lagging, 0);
        if (TakesMail)
        {
            Outbox.DeliverPending();
        }
    }

    public void Due(TimerHandle timer)
    {
        lock (_state)
        {
            _timerDue = 0;
            if (HasEnded)
            {
                return;
            }
        }

        var limits = _server.Options.Limits;
        var silent = _server.Time.GetElapsedTime(Volatile.Read(ref _heardAt));
        if (Outbox.Connection is not { } connection)
        {
            // Not resumable without a connection: it was bound and never started.
            var patience = IsResumable ? limits.ResumptionTime : limits.TimeBeforeAuthentication;
            if (silent >= patience)
            {
                _ = EndAsync(EndReason.ConnectionLost);
            }
            else
            {
                ArmTimer(patience - silent);
            }

            return;
        }

        var lagging = Volatile.Read(ref _lagging);
        if (lagging != 0 && _server.Time.GetElapsedTime(lagging) >= limits.ProbeAfter && connection.Pending > 0)
        {
            _server.Metrics.SlowReaders.Add(1);
            _ = EndAsync(EndReason.DoesNotRead, StreamError.ResourceConstraint with { Text = "The client does not read what it is sent." });
        }
        else if (!connection.IsPaused && Outbox.AwaitsAnswerFor >= limits.ProbeAnswer && (lagging != 0 ? IsCounting : silent >= limits.ProbeAfter + limits.ProbeAnswer && (IsCounting || _answersPings)))
        {
            connection.Abort(EndReason.Unresponsive);
        }
        else
        {
            if (!Outbox.AwaitsAnswer && (Outbox.HasUnacknowledged || silent >= limits.ProbeAfter))
            {
                Outbox.Probe();
            }

            Outbox.PingIfSilent();
            Outbox.GoOn();
            ArmTimer(Outbox.AwaitsAnswer ? limits.ProbeAnswer : limits.ProbeAfter);
        }
    }
}
