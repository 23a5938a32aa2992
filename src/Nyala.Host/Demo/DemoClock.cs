namespace Nyala.Host.Demo;

/// <summary>The clock of the server that writes the demo's past. Only what time it is differs; timers run as ever.</summary>
sealed class DemoClock : TimeProvider
{
    long _ago;

    /// <summary>How far back it is set.</summary>
    public TimeSpan Ago
    {
        set => Volatile.Write(ref _ago, value.Ticks);
    }

    public override DateTimeOffset GetUtcNow() => base.GetUtcNow() - new TimeSpan(Volatile.Read(ref _ago));
}
