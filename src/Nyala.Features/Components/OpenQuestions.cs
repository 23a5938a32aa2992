using System.Collections.Concurrent;
using System.Security.Cryptography;
using Nyala.Core;
using Nyala.Core.Connections;

namespace Nyala.Features.Components;

/// <summary>Requests the server has made for others, until they are answered or nobody waits any more; bounded. Safe from any thread.</summary>
/// <param name="server">Its clock.</param>
/// <param name="prefix">What their ids begin with.</param>
/// <param name="expired">Called for what was not answered in time.</param>
sealed class OpenQuestions<T>(NyalaServer server, string prefix, Action<T> expired)
    where T : class
{
    const int Most = 2_000;

    static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    readonly ConcurrentDictionary<string, Question> _open = new(StringComparer.Ordinal);

    /// <summary>The id to ask under; null: too many are open.</summary>
    public string? Add(T asked)
    {
        if (_open.Count >= Most)
        {
            return null;
        }

        var id = prefix + Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(12));
        var question = new Question(this, id, asked);
        _open[id] = question;
        question.Timer = server.Timers.Schedule(Patience, question);
        return id;
    }

    /// <summary>What was asked under an id, once, if this is an answer to it; or null.</summary>
    public T? Take(string id, Func<T, bool> answers)
    {
        if (!_open.TryGetValue(id, out var question) || !answers(question.Asked) || !_open.TryRemove(new(id, question)))
        {
            return null;
        }

        question.Timer?.Cancel();
        return question.Asked;
    }

    sealed class Question(OpenQuestions<T> owner, string id, T asked) : ITimerTarget
    {
        public T Asked => asked;

        public TimerHandle? Timer { get; set; }

        public void Due(TimerHandle timer)
        {
            if (owner._open.TryRemove(new(id, this)))
            {
                owner.Expire(asked);
            }
        }
    }

    void Expire(T asked) => expired(asked);
}
