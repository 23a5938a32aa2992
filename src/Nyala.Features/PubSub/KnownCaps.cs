using System.Collections.Frozen;
using Nyala.Core.Connections;
using Nyala.Xmpp;
using Nyala.Xmpp.Payloads;

namespace Nyala.Features.PubSub;

/// <summary>
/// The hashes of clients' features that were checked, bounded, and the questions that are open: one at a time for each hash.
/// Safe from any thread.
/// </summary>
/// <param name="timers">For clients that do not answer.</param>
/// <param name="ask">Asks a resource, here or elsewhere, what a hash stands for, under an id.</param>
sealed class KnownCaps(TimerWheel timers, Action<Jid, ClientCaps, string> ask)
{
    const string Suffix = "+notify";
    const int MostKnown = 2_000;
    const int MostNodes = 200;
    const int LongestNode = 500;

    /// <summary>How often one client is asked: it may be slow to start, or its network may.</summary>
    const int MostAsks = 6;

    /// <summary>Then it is somebody else's turn.</summary>
    static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    readonly Lock _lock = new();
    readonly Dictionary<ClientCaps, FrozenSet<string>> _known = [];
    readonly Queue<ClientCaps> _order = new();
    readonly Dictionary<ClientCaps, Question> _open = [];
    readonly Dictionary<string, Question> _byId = new(StringComparer.Ordinal);

    /// <summary>Tells, now or once it is known, what somebody's hash stands for; never, when nobody can say.</summary>
    public void Resolve(Jid who, ClientCaps caps, Action<FrozenSet<string>> resolved)
    {
        FrozenSet<string>? nodes;
        Question? asked = null;
        lock (_lock)
        {
            if (!_known.TryGetValue(caps, out nodes))
            {
                if (!_open.TryGetValue(caps, out var question))
                {
                    question = new(this, caps);
                    _open.Add(caps, question);
                    asked = question;
                }

                question.Waiting.Add(new(who, resolved));
                if (asked is not null)
                {
                    Next(asked);
                }
            }
        }

        if (nodes is not null)
        {
            resolved(nodes);
        }
        else if (asked is not null)
        {
            Send(asked);
        }
    }

    /// <summary>A client has answered a question; null: with an error, or with nonsense.</summary>
    public void Answered(Jid who, string id, DiscoInfo? info)
    {
        List<Waiter> told = [];
        FrozenSet<string>? nodes = null;
        Question? question;
        lock (_lock)
        {
            if (!_byId.TryGetValue(id, out question) || !who.Equals(question.Asked))
            {
                return;
            }

            if (info is not null)
            {
                nodes = Nodes(info);
                if (question.Caps.IsOf(info))
                {
                    Remember(question.Caps, nodes);
                    told = question.Waiting;
                    Close(question);
                }
                else
                {
                    // §5.4: what does not fit its hash holds for the client that says so, and for nobody else.
                    told = question.Waiting.FindAll(entry => entry.Who.Equals(who));
                }
            }

            if (_open.ContainsKey(question.Caps))
            {
                Drop(question, who);
            }
        }

        told.ForEach(waiter => waiter.Resolved(nodes!));
        Send(question);
    }

    /// <summary>The resource is gone: somebody else is asked.</summary>
    public void Gone(Jid who)
    {
        List<Question> left = [];
        lock (_lock)
        {
            foreach (var question in _open.Values.ToList())
            {
                if (who.Equals(question.Asked))
                {
                    Drop(question, who);
                    left.Add(question);
                }
                else
                {
                    question.Waiting.RemoveAll(entry => entry.Who.Equals(who));
                }
            }
        }

        left.ForEach(Send);
    }

    void TimedOut(Question question, TimerHandle timer)
    {
        lock (_lock)
        {
            if (question.Timer != timer || !_open.ContainsKey(question.Caps))
            {
                return;
            }

            // To the end: who is slow may answer yet, and till then somebody else may know.
            var asked = question.Waiting[0];
            question.Waiting.RemoveAt(0);
            if (++asked.Asks < MostAsks)
            {
                question.Waiting.Add(asked);
            }

            Drop(question, who: null);
        }

        Send(question);
    }

    /// <summary>Takes somebody out and chooses the next to ask; without one, the question is closed. Under the lock.</summary>
    void Drop(Question question, Jid? who)
    {
        question.Waiting.RemoveAll(waiter => waiter.Who.Equals(who));
        if (question.Waiting.Count == 0)
        {
            Close(question);
        }
        else
        {
            Next(question);
        }
    }

    /// <summary>Under the lock.</summary>
    void Next(Question question)
    {
        _byId.Remove(question.Id);
        question.Timer?.Cancel();
        question.Asked = question.Waiting[0].Who;
        question.Id = Guid.NewGuid().ToString("N");
        question.IsSent = false;
        question.Timer = timers.Schedule(Patience, question);
        _byId.Add(question.Id, question);
    }

    /// <summary>Under the lock.</summary>
    void Close(Question question)
    {
        question.Timer?.Cancel();
        question.Asked = null;
        _byId.Remove(question.Id);
        _open.Remove(question.Caps);
    }

    void Send(Question question)
    {
        Jid? who;
        string id;
        lock (_lock)
        {
            who = question.IsSent ? null : question.Asked;
            id = question.Id;
            question.IsSent = true;
        }

        if (who is not null)
        {
            ask(who, question.Caps, id);
        }
    }

    /// <summary>Under the lock.</summary>
    void Remember(ClientCaps caps, FrozenSet<string> nodes)
    {
        if (_known.TryAdd(caps, nodes))
        {
            _order.Enqueue(caps);
            if (_order.Count > MostKnown)
            {
                _known.Remove(_order.Dequeue());
            }
        }
    }

    static FrozenSet<string> Nodes(DiscoInfo info) => info.Features
        .Where(feature => feature.EndsWith(Suffix, StringComparison.Ordinal) && feature.Length <= LongestNode)
        .Take(MostNodes)
        .Select(feature => feature[..^Suffix.Length])
        .ToFrozenSet(StringComparer.Ordinal);

    sealed class Question(KnownCaps owner, ClientCaps caps) : ITimerTarget
    {
        public ClientCaps Caps => caps;

        /// <summary>The first of them is asked.</summary>
        public List<Waiter> Waiting { get; } = [];

        public Jid? Asked { get; set; }

        public string Id { get; set; } = "";

        public bool IsSent { get; set; }

        public TimerHandle? Timer { get; set; }

        public void Due(TimerHandle timer) => owner.TimedOut(this, timer);
    }

    /// <summary>Somebody whose hash is in question.</summary>
    sealed class Waiter(Jid who, Action<FrozenSet<string>> resolved)
    {
        public Jid Who => who;

        public Action<FrozenSet<string>> Resolved => resolved;

        public int Asks { get; set; }
    }
}
