using Nyala.Core.Routing;
using Nyala.Storage;

namespace Nyala.Features.Push;

/// <summary>What a device is told.</summary>
/// <param name="Chat">The chat's bare address; never sent as it is.</param>
/// <param name="Sender">Who has written last.</param>
/// <param name="Count">Messages the device does not have.</param>
/// <param name="IsTest">An operator wants to see whether it works.</param>
public sealed record PushNotice(string Chat, string Sender, int Count, PushKind Kind, bool IsTest = false);

/// <summary>What became of a notification.</summary>
public enum PushResult
{
    /// <summary>The service has it.</summary>
    Taken,

    /// <summary>The device is not there any more: the registration ends.</summary>
    Gone,

    /// <summary>Not now.</summary>
    Later,

    /// <summary>Not this one, or none of this server; a second try would not help.</summary>
    Refused,
}

/// <param name="Answer">What the service said, for the operator.</param>
/// <param name="After">When to try again, where the service says so.</param>
public sealed record PushOutcome(PushResult Result, string Answer, TimeSpan? After = null);

/// <summary>A way to wake devices.</summary>
interface IPushService
{
    /// <summary>For metrics.</summary>
    string Name { get; }

    /// <summary>Each chat gets notifications of its own, the newer one taking the place of an older one.</summary>
    bool PerChat { get; }

    Task<PushOutcome> SendAsync(PushRegistration registration, PushNotice notice, CancellationToken cancellation);
}
