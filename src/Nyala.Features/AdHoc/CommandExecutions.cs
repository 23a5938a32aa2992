using System.Security.Cryptography;
using Nyala.Core.Routing;
using Nyala.Xmpp;
using Nyala.Xmpp.Payloads;
using Nyala.Xmpp.Stanzas;
using Nyala.Xmpp.Xml;

namespace Nyala.Features.AdHoc;

/// <summary>
/// What one session is in the middle of executing (§3.3): each execution has an id, its stages in order, and an end. Bounded in
/// number and time. Touched only in the session's order, which requests that change something keep.
/// </summary>
public sealed class CommandExecutions(TimeProvider time)
{
    /// <summary>Executions at a time; one more drops the oldest.</summary>
    public const int Most = 8;

    /// <summary>Stages of one execution.</summary>
    public const int MostStages = 20;

    /// <summary>How long a form may be left unanswered.</summary>
    public static readonly TimeSpan Lifetime = TimeSpan.FromMinutes(15);

    /// <summary>The oldest first.</summary>
    readonly List<Execution> _open = [];

    /// <summary>How many have not ended.</summary>
    public int Count => _open.Count;

    /// <summary>Begins a command.</summary>
    public async ValueTask<IqReply> BeginAsync(string node, Func<ValueTask<CommandStep>> begin)
    {
        var execution = new Execution(node, Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(16)));
        var step = await begin();
        if (step is CommandForm)
        {
            if (_open.Count >= Most)
            {
                _open.RemoveAt(0);
            }

            _open.Add(execution);
        }

        return Take(execution, step);
    }

    /// <summary>Goes on with one, or ends it.</summary>
    /// <param name="action">execute, next, prev, complete or cancel.</param>
    /// <param name="x">The form that came with it, or null.</param>
    public async ValueTask<IqReply> ContinueAsync(string node, string id, string action, Element? x)
    {
        if (_open.Find(one => one.Id == id) is not { } execution || execution.Node != node)
        {
            return Refused("bad-sessionid");
        }

        if (time.GetElapsedTime(execution.UsedAt) > Lifetime)
        {
            _open.Remove(execution);
            return StanzaError.NotAllowed with { Application = new Element("session-expired", Ns.Commands) };
        }

        execution.UsedAt = time.GetTimestamp();
        var stage = execution.Stages[^1];
        var forward = stage.HasMore ? "next" : "complete";
        switch (action)
        {
            case "cancel":
                _open.Remove(execution);
                return Answer(execution, "canceled");
            case "prev" when execution.Stages.Count > 1:
                execution.Stages.RemoveAt(execution.Stages.Count - 1);
                return Show(execution);
            case "execute":
            case "next" or "complete" when action == forward:
                return await SubmitAsync(execution, stage, x);
            default:
                return Refused("bad-action");
        }
    }

    /// <summary>§4.4: what is wrong with a request.</summary>
    public static StanzaError Refused(string condition, string? text = null) =>
        StanzaError.BadRequest with { Text = text, Application = new Element(condition, Ns.Commands) };

    async ValueTask<IqReply> SubmitAsync(Execution execution, CommandForm stage, Element? x)
    {
        // §3.5.1: a form that was given up counts as submitted all the same; giving up is what cancel is for.
        if (x is null || !DataForm.TryParse(x, out var form) || form.Type is not ("submit" or "cancel"))
        {
            return Refused("bad-payload");
        }

        var submitted = form.Type == "submit" ? form : AsSubmitted(form);
        if (CommandForms.Check(stage.Form, submitted) is { } problem)
        {
            return Refused("bad-payload", problem);
        }

        var step = await stage.Submit(submitted);
        execution.Stages[^1] = stage with { Form = CommandForms.Fill(stage.Form, submitted) };
        return Take(execution, step);
    }

    IqReply Take(Execution execution, CommandStep step)
    {
        switch (step)
        {
            case CommandForm form when execution.Stages.Count < MostStages:
                execution.UsedAt = time.GetTimestamp();
                execution.Stages.Add(form);
                return Show(execution);
            case CommandResult result:
                _open.Remove(execution);
                return Answer(execution, "completed").Add(result.Payload);
            case CommandRefusal refusal:
                return refusal.Error;
            default:
                throw new InvalidOperationException($"{execution.Node} has too many stages.");
        }
    }

    static IqReply Show(Execution execution)
    {
        var stage = execution.Stages[^1];
        var forward = stage.HasMore ? "next" : "complete";
        return Answer(execution, "executing")
            .Add(new Element("actions", Ns.Commands).Set("execute", forward)
                .Add(execution.Stages.Count > 1 ? new Element("prev", Ns.Commands) : null)
                .Add(new Element(forward, Ns.Commands)))
            .Add(stage.Form.ToElement());
    }

    static DataForm AsSubmitted(DataForm form)
    {
        var submitted = new DataForm("submit");
        foreach (var field in form.Fields)
        {
            submitted.Add(field);
        }

        return submitted;
    }

    /// <summary>§3.6: in the one language there is.</summary>
    static Element Answer(Execution execution, string status) => new Element("command", Ns.Commands)
        .Set("node", execution.Node).Set("sessionid", execution.Id).Set("status", status).Set("xml:lang", "en");

    sealed class Execution(string node, string id)
    {
        public string Node => node;

        public string Id => id;

        /// <summary>Those that were shown; the last one waits for an answer.</summary>
        public List<CommandForm> Stages { get; } = [];

        public long UsedAt { get; set; }
    }
}
