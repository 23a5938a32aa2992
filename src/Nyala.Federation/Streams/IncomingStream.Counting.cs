using System.Globalization;
using Nyala.Core.Connections;
using Nyala.Xmpp;
using Nyala.Xmpp.Stanzas;
using Nyala.Xmpp.Xml;

namespace Nyala.Federation.Streams;

// What comes once the peer has proven who it is: stanzas, their count (XEP-0198), and what goes back the same way (XEP-0288).
sealed partial class IncomingStream
{
    bool IsProven => _from is not null && _pairs.Contains((_from, _to!));

    /// <summary>XEP-0288 §2.2: the peer wants what is for it on this stream, too. Once it is authenticated it is too late to say so.</summary>
    ValueTask BidiAsync(Connection connection)
    {
        _bidi = connection.IsSecure && _from is not null && !IsProven;
        return default;
    }

    async ValueTask EnableAsync(Connection connection, Stanza enable)
    {
        if (_pairs.Count == 0 || _counts)
        {
            Write(connection, Failed("unexpected-request"));
            return;
        }

        _counts = true;
        _intake!.Counter.Start();
        var enabled = new Element("enabled", Ns.StreamManagement);
        if (enable.Attribute("resume") is "true" or "1" && IsProven)
        {
            _resumption = services.Resumable.Add(_intake.Counter, _from!, _to!);
        }

        if (_resumption is not null)
        {
            enabled.Set("id", _resumption).Set("resume", "true").Set("max", ((int)ResumableStreams.Keeping.TotalSeconds).ToString(CultureInfo.InvariantCulture));
        }

        Write(connection, enabled);
        await AnswerHereAsync(connection, null);
    }

    /// <summary>XEP-0198 §5: who has proven to be the same server goes on where its lost stream was.</summary>
    async ValueTask ResumeAsync(Connection connection, Stanza resume)
    {
        var previous = resume.Attribute("previd");
        var counter = _counts || !IsProven || previous is null ? null : services.Resumable.Take(previous, _from!, _to!);
        if (counter is null)
        {
            Write(connection, Failed(_counts || _pairs.Count == 0 ? "unexpected-request" : "item-not-found"));
            return;
        }

        var handled = await counter.MoveAsync(connection, StanzaCounter.Settling, services.Server.Time);
        if (handled is null)
        {
            services.Resumable.Forget(previous!);
            Write(connection, Failed("item-not-found"));
            return;
        }

        (_intake!.Counter, _resumption, _counts) = (counter, previous, true);
        Write(connection, new Element("resumed", Ns.StreamManagement).Set("previd", _resumption)
            .Set("h", handled.Value.ToString(CultureInfo.InvariantCulture)));
        await AnswerHereAsync(connection, StanzaOutlet.CountOf(resume));
    }

    static Element Failed(string condition) => new Element("failed", Ns.StreamManagement).Add(new Element(condition, Ns.StanzaErrors));

    ValueTask AskedAsync(Connection connection)
    {
        if (!_counts)
        {
            return EndAsync(connection, _from, StreamError.PolicyViolation);
        }

        _intake!.Counter.Asked();
        return default;
    }

    ValueTask CountedAsync(Connection connection, Stanza answer)
    {
        if (_wayBack is null)
        {
            return default;
        }

        return _wayBack.Counted(answer) ? default : EndAsync(connection, _from, StreamError.BadFormat);
    }

    /// <summary>Lets the queue to the peer use this stream, if the peer wants that and nothing better is there.</summary>
    async ValueTask AnswerHereAsync(Connection connection, uint? handled)
    {
        if (_bidi && _wayBack is null && IsProven)
        {
            var way = new WayBack(services, connection, _counts, _resumption, handled ?? 0);
            if (await services.Offer(_to!, _from!) is { } owner && owner.Offered(way))
            {
                way.Owner = owner;
                _wayBack = way;
                owner.Ready(way, handled);
            }

            // Asked once: what begins later has a stream of its own.
            _bidi = false;
        }
    }

    async ValueTask StanzaAsync(Connection connection, Stanza stanza)
    {
        if (_pairs.Count == 0)
        {
            await EndAsync(connection, _from, StreamError.NotAuthorized);
        }
        else if (stanza.From is not { } from || stanza.To is not { } to)
        {
            // RFC 6120 §8.1.1.2, §8.1.2.2
            await EndAsync(connection, _from, StreamError.ImproperAddressing);
        }
        else if (!_pairs.Contains((from.Domain, to.Domain)))
        {
            await EndAsync(connection, from.Domain, services.IsOurs(to.Domain) ? StreamError.InvalidFrom : StreamError.HostUnknown);
        }
        else if (!services.Allows(from.Domain))
        {
            await EndAsync(connection, from.Domain, StreamError.PolicyViolation with { Text = "This server does not talk with yours any more." });
        }
        else
        {
            await AnswerHereAsync(connection, null);
            await _intake!.TakeAsync(stanza, from, to);
        }
    }
}
