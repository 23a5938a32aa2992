using Nyala.Client.Transports;
using Nyala.Xmpp;
using Nyala.Xmpp.Stanzas;
using Nyala.Xmpp.Xml;

namespace Nyala.Client;

/// <summary>What arrives, and what is answered without asking anybody. Touched only by the reading task.</summary>
public sealed partial class XmppClient
{
    async Task ReadAsync(Transport transport)
    {
        // The caller still holds the sending lock.
        await Task.Yield();
        try
        {
            while (await transport.ReadAsync(CancellationToken.None) is { } stanza)
            {
                Receive(stanza);
            }
        }
        catch (Exception e) when (IsLoss(e))
        {
            // Whether to connect again is for the owner to decide.
        }
        catch (XmppException e)
        {
            StreamEnd = e;
        }
        finally
        {
            _transport = null;
            transport.Abort();
            transport.Dispose();
            Lost();
        }
    }

    void Lost()
    {
        var reason = StreamEnd as Exception ?? new IOException("The connection is lost.");
        foreach (var (id, request) in _requests)
        {
            _requests.TryRemove(id, out _);
            request.TrySetException(reason);
        }

        _inbox.Fail(reason);
        _acknowledgedAll.TrySetException(reason);
        _ = _acknowledgedAll.Task.Exception;
    }

    void Receive(Stanza stanza)
    {
        switch (stanza.Kind)
        {
            case StanzaKind.Nonza when stanza.Namespace == Ns.StreamManagement:
                ReceiveManagement(stanza);
                return;
            case StanzaKind.Nonza when stanza.Namespace == Ns.Streams && stanza.Name == "error":
                throw XmppException.From(stanza.ToElement());
            case StanzaKind.Nonza when stanza.Namespace == Ns.Streams:
                Features = stanza.ToElement();
                return;
            case StanzaKind.Nonza:
                Deliver(stanza);
                return;
            case StanzaKind.Iq when stanza.Type is StanzaType.Result or StanzaType.Error:
                if (stanza.Id is { } id && _requests.TryRemove(id, out var request))
                {
                    request.TrySetResult(stanza);
                }
                else
                {
                    Deliver(stanza);
                }

                break;
            case StanzaKind.Iq when stanza.Has("ping", Ns.Ping):
                Answer(new Element("iq", Ns.Client).Set("type", "result").Set("to", stanza.Attribute("from")).Set("id", stanza.Id));
                break;
            case StanzaKind.Iq when stanza.Has("query", Ns.Version):
                // XEP-0092 §4: who has nothing to tell says so; servers ask to see whether anybody is there.
                Answer(new Element("iq", Ns.Client).Set("type", "error").Set("to", stanza.Attribute("from")).Set("id", stanza.Id)
                    .Add(StanzaError.ServiceUnavailable.ToElement()));
                break;
            default:
                Deliver(stanza);
                break;
        }

        // Counted once it is dealt with, so that a resumption asks again for what was not.
        unchecked
        {
            _handled++;
        }
    }

    void Deliver(Stanza stanza)
    {
        if (stanza.Kind == StanzaKind.Message && stanza.Child("result", Ns.Mam)?["queryid"] is { } query && _queries.TryGetValue(query, out var page))
        {
            page.Add(stanza);
            return;
        }

        StanzaReceived?.Invoke(stanza);
        if (_options.KeepReceived)
        {
            _inbox.Add(stanza);
        }
    }

    void ReceiveManagement(Stanza stanza)
    {
        if (stanza.Name == "r")
        {
            AnswerNonza(new Element("a", Ns.StreamManagement).Set("h", $"{_handled}"));
            return;
        }

        if (stanza.Name == "a" && uint.TryParse(stanza.Attribute("h"), out var h))
        {
            var acknowledged = new List<Stanza>();
            _outbox.Acknowledge(h, acknowledged);
            Report(acknowledged);
            if (_outbox.Count == 0)
            {
                _acknowledgedAll.TrySetResult();
            }
        }
    }

    void Report(List<Stanza> acknowledged) => acknowledged.ForEach(stanza => StanzaAcknowledged?.Invoke(stanza));

    /// <summary>Sends without making the reading task wait for the socket.</summary>
    async void Answer(Element iq)
    {
        try
        {
            await SendAsync(iq);
        }
        catch (Exception e) when (IsLoss(e))
        {
            // Nobody is there to get it.
        }
    }

    async void AnswerNonza(Element nonza)
    {
        try
        {
            await SendRawAsync(nonza.ToUtf8(""));
        }
        catch (Exception e) when (IsLoss(e))
        {
            // Nobody is there to get it.
        }
    }
}
