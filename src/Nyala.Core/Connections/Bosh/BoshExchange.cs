using Nyala.Xmpp.Xml;

namespace Nyala.Core.Connections.Bosh;

/// <summary>One request while it is here. Its answer may go to a later copy of it.</summary>
sealed class BoshRequest(long rid, BoshBody body, long arrivedAt)
{
    public long Rid => rid;

    public BoshBody Body => body;

    public long ArrivedAt => arrivedAt;

    /// <summary>Nobody waits for the answer any more: the client may ask again.</summary>
    public bool IsGone { get; set; }

    public TaskCompletionSource<BoshAnswer> Answer { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
}

/// <summary>
/// The order of requests and answers of one session (XEP-0124 §§8–14): what comes is put in the order of its numbers, each request
/// gets one answer in that order, and the last answers are kept for those who did not get them. All members under the
/// connection's gate.
/// </summary>
sealed class BoshExchange(BoshConnection connection, BoshOutput output, BoshTerms terms, long firstRid)
{
    /// <summary>The same requests so many times in a row are no accident (§14.3).</summary>
    const int MostRepeats = 20;

    readonly Dictionary<long, BoshRequest> _early = [];
    readonly List<BoshRequest> _held = [];
    readonly Queue<(long Rid, BoshAnswer Answer)> _answered = new();
    long _last = firstRid - 1;
    long _fed = firstRid - 1;
    long _quietSince;
    long _emptyAt;
    bool _emptyAnswer;
    int _repeats;
    TimeSpan? _pause;
    bool _overdue;
    bool _hasDrained;
    bool _leaves;
    bool _isOver;

    /// <summary>The client has asked for a pause (§10).</summary>
    public bool IsPaused => _pause is not null;

    /// <summary>Takes a request; its answer comes in its turn.</summary>
    public BoshRequest Take(long rid, BoshBody body)
    {
        var request = new BoshRequest(rid, body, connection.Now);
        if (rid <= _last)
        {
            Repeat(request);
        }
        else if (_isOver || rid > _last + terms.Requests + (body.Terminates || body["pause"] is not null ? 1 : 0))
        {
            // §14.2: the same error whether the number is too large or too small.
            Break(request, "item-not-found", EndReason.ConnectionLost);
        }
        else
        {
            _repeats = 0;
            if (_early.Remove(rid, out var earlier))
            {
                earlier.Answer.TrySetResult(BoshAnswer.Recoverable);
            }

            _early.Add(rid, request);
            while (_early.Remove(_last + 1, out var next))
            {
                Begin(next);
            }
        }

        return request;
    }

    /// <summary>Whoever waited for the answer has gone.</summary>
    public void Left(BoshRequest request)
    {
        request.IsGone = true;
        Rest();
    }

    /// <summary>What a request carried is handed over: requests that need not wait any more are answered.</summary>
    public void Fed(BoshRequest request)
    {
        _fed = request.Rid;
        Serve();
        while (!_leaves && _held.Count > terms.Hold && _held[0].Rid <= _fed && !_isOver)
        {
            Respond();
        }

        Rest();
    }

    /// <summary>Answers the oldest request if there is anything to say.</summary>
    public void Serve()
    {
        while (_held is [{ IsGone: true }, _, ..])
        {
            // It can be asked for again; what there is to say goes where somebody listens.
            Respond(withContent: false);
        }

        if (_held is [{ IsGone: false }, ..] && output.Pending > 0)
        {
            Respond();
        }
        else if (output.Pending > 0)
        {
            _overdue = true;
        }

        Rest();
    }

    /// <summary>The time of the oldest request is up, or the client has been away for too long.</summary>
    public void Due()
    {
        if (_held is [{ IsGone: false } oldest, ..])
        {
            if (connection.Since(oldest.ArrivedAt) >= terms.Wait)
            {
                Respond();
            }
        }
        else if (!_isOver && connection.Since(_quietSince) >= Patience)
        {
            // §10: so that the session can be resumed.
            connection.Abort(EndReason.ConnectionLost);
        }

        Rest();
    }

    /// <summary>Whether output that waited for a request has left since: whoever holds back is to be told so once, not under the gate.</summary>
    public bool TakeDrained()
    {
        var drained = _hasDrained;
        _hasDrained = false;
        return drained;
    }

    /// <summary>The session is over at once: nobody is left without an answer.</summary>
    public void Close(string condition)
    {
        _isOver = true;
        var answer = BoshAnswer.Terminal(condition);
        foreach (var request in _held.Concat(_early.Values))
        {
            request.Answer.TrySetResult(answer);
            answer = BoshAnswer.Terminal("other-request");
        }

        _held.Clear();
        _early.Clear();
    }

    TimeSpan Patience => _pause ?? terms.Inactivity;

    bool IsAnybodyHere => _held.Exists(request => !request.IsGone) || _early.Values.Any(request => !request.IsGone);

    /// <summary>The next request in order.</summary>
    void Begin(BoshRequest request)
    {
        _last = request.Rid;
        _pause = null;
        _leaves |= request.Body.Terminates;
        _held.Add(request);
        if (IsTooFrequent(request))
        {
            Break(null, "policy-violation", EndReason.ProtocolError);
            return;
        }

        connection.Feed(request);
        if (request.Body.Number("pause") is { } pause && pause > 0 && pause <= BoshTerms.LongestPause.TotalSeconds)
        {
            // §10: all are answered at once, without content.
            _pause = TimeSpan.FromSeconds(pause);
            while (_held.Count > 0)
            {
                Respond(withContent: false);
            }
        }
    }

    /// <summary>§12: an empty request soon after an empty one that was answered with nothing, from a client that polls.</summary>
    bool IsTooFrequent(BoshRequest request)
    {
        var empty = request.Body.Elements.Count == 0 && !request.Body.Terminates && !request.Body.Restarts && request.Body["pause"] is null && request.Rid != firstRid;
        var tooFrequent = empty && terms.Hold == 0 && _emptyAt != 0 && _emptyAnswer && connection.Since(_emptyAt) < BoshTerms.Polling;
        _emptyAt = empty ? connection.Now : 0;
        return tooFrequent;
    }

    /// <summary>§14.3: the kept answer, or the wait for it goes on with this copy.</summary>
    void Repeat(BoshRequest request)
    {
        if (++_repeats > MostRepeats)
        {
            Break(request, "policy-violation", EndReason.ProtocolError);
            return;
        }

        foreach (var (rid, answer) in _answered)
        {
            if (rid == request.Rid)
            {
                request.Answer.SetResult(answer);
                return;
            }
        }

        var held = _held.FindIndex(other => other.Rid == request.Rid);
        if (held < 0)
        {
            Break(request, "item-not-found", EndReason.ConnectionLost);
            return;
        }

        _held[held].Answer.TrySetResult(BoshAnswer.Recoverable);
        _held[held] = request;
        Serve();
    }

    /// <summary>The client has broken the rules.</summary>
    void Break(BoshRequest? request, string condition, EndReason reason)
    {
        request?.Answer.TrySetResult(BoshAnswer.Terminal(condition));
        if (!_isOver)
        {
            connection.Abort(reason, request is null ? condition : "other-request");
        }
    }

    /// <summary>Answers the oldest request.</summary>
    void Respond(bool withContent = true)
    {
        var request = _held[0];
        _held.RemoveAt(0);
        var says = withContent && output.HasContent;
        _emptyAnswer = !says;
        var ends = withContent && output.HasEnded;
        var condition = ends && output.HasFailed ? "remote-stream-error" : null;
        var answer = new BoshAnswer(
            BoshAnswer.Wrap([.. Attributes(request, says, ends, condition)], says ? output.Content : []), condition);
        Keep(request.Rid, answer);
        if (withContent)
        {
            output.Taken();
            _hasDrained |= _overdue;
            _overdue = false;
        }

        request.Answer.TrySetResult(answer);
        if (ends)
        {
            End();
        }
    }

    List<(string, string?)> Attributes(BoshRequest request, bool says, bool ends, string? condition)
    {
        List<(string, string?)> attributes = [];
        if (request.Rid == firstRid)
        {
            attributes.AddRange(connection.Agreement());
        }
        else if (terms.Acknowledges && _last != request.Rid)
        {
            attributes.Add(("ack", BoshAnswer.Number(_last)));
        }

        if (ends)
        {
            attributes.Add(("type", "terminate"));
            attributes.Add(("condition", condition));
        }

        if (says && output.UsesStreamPrefix)
        {
            attributes.Add(("xmlns:stream", Xmpp.Ns.Streams));
        }

        return attributes;
    }

    /// <summary>§14.3: as many as the client may be without at a time.</summary>
    void Keep(long rid, BoshAnswer answer)
    {
        _answered.Enqueue((rid, answer));
        while (_answered.Count > terms.Requests + 1)
        {
            _answered.Dequeue();
        }
    }

    /// <summary>The last words are said; on all other open requests there is nothing to say (§13).</summary>
    void End()
    {
        _isOver = true;
        while (_held.Count > 0)
        {
            Respond(withContent: false);
        }

        foreach (var request in _early.Values)
        {
            request.Answer.TrySetResult(BoshAnswer.Empty);
        }

        _early.Clear();
        output.EndTaken();
        connection.Over();
    }

    /// <summary>Sets when something is due next.</summary>
    void Rest()
    {
        if (_isOver)
        {
            return;
        }

        if (_held is [{ IsGone: false } oldest, ..])
        {
            _quietSince = 0;
            connection.Wake(terms.Wait - connection.Since(oldest.ArrivedAt));
        }
        else if (!IsAnybodyHere)
        {
            _quietSince = _quietSince == 0 ? connection.Now : _quietSince;
            connection.Wake(Patience - connection.Since(_quietSince));
        }
    }
}
