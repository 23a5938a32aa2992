using System.Collections.Concurrent;
using Nyala.Xmpp;
using Nyala.Xmpp.Stanzas;

namespace Nyala.Core.Components;

/// <summary>A component that is connected, for what is only worth telling while it is. Safe from any thread.</summary>
public interface IComponentLink
{
    /// <summary>Its domain.</summary>
    Jid Jid { get; }

    /// <summary>Sends it a stanza now. False: it is gone, or does not read.</summary>
    bool TrySend(Stanza stanza);

    /// <summary>Sends it a stanza as soon as it takes more. False: it is gone.</summary>
    ValueTask<bool> SendAsync(Stanza stanza);
}

/// <summary>The components that are connected, one for each domain. Safe from any thread.</summary>
public sealed class ComponentLinks
{
    readonly ConcurrentDictionary<string, IComponentLink> _links = new(StringComparer.Ordinal);

    /// <summary>The component of a domain, or null.</summary>
    public IComponentLink? Find(string domain) => _links.GetValueOrDefault(domain);

    /// <summary>False: another one has the domain.</summary>
    public bool TryAdd(IComponentLink link) => _links.TryAdd(link.Jid.Domain, link);

    /// <summary>False: it was not there.</summary>
    public bool Remove(IComponentLink link) => _links.TryRemove(new(link.Jid.Domain, link));
}

/// <summary>Takes requests that others than the server itself answer (XEP-0355). Safe from any thread.</summary>
public interface IDelegation
{
    /// <summary>Whether it sees to the answer; asked before any handler.</summary>
    bool Takes(Routing.IqRequest request);

    /// <summary>The same for what the server has nothing to say about.</summary>
    bool TakesUnknown(Routing.IqRequest request);
}
