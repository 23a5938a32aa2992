using System.Xml.Linq;
using Nyala.Testing;
using Xunit;

namespace Nyala.Server.Tests.Features.Administration;

/// <summary>Commands as clients execute them, on a server of the scene's own, with an administrator (the prince) and others.</summary>
public abstract class CommandScene : IAsyncLifetime
{
    protected const string Commands = "http://jabber.org/protocol/commands";
    protected const string Admin = "http://jabber.org/protocol/admin";
    protected const string Own = "urn:nyala:commands:0";

    readonly List<Wire> _wires = [];

    protected TestServer Server { get; private set; } = null!;

    protected virtual string[] Settings => [];

    public virtual async ValueTask InitializeAsync()
    {
        Server = await TestServer.StartAsync(null, null, Settings);
        await Server.AddUserAsync("prince", admin: true);
        await Server.AddUserAsync("romeo");
        await Server.AddUserAsync("juliet");
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var wire in _wires)
        {
            await wire.DisposeAsync();
        }

        await Server.DisposeAsync();
        GC.SuppressFinalize(this);
    }

    protected async Task<Wire> LoginAsync(string username, string resource = "phone", bool available = false)
    {
        var wire = await Server.LoginAsync(username, resource);
        _wires.Add(wire);
        if (available)
        {
            await wire.SendAsync("<presence/>");
            await wire.AwaitAsync($"<presence from='{wire.Address}'/>");
        }

        return wire;
    }

    /// <summary>A command without a form: what it is answered with.</summary>
    protected static async Task<XElement> ExecuteAsync(Wire wire, string node, string to = "localhost", string status = "completed")
    {
        await wire.SendAsync(Request(node, to: to));
        var answer = await wire.AwaitAsync($"<iq type='result' from='{to}' id='c'><command xmlns='{Commands}' node='{node}' status='{status}' sessionid='*'/></iq>");
        return answer.Elements().Single();
    }

    /// <summary>A command with one form; the fields are written as name=value.</summary>
    protected static async Task<XElement> SubmitAsync(Wire wire, string node, params string[] fields)
    {
        var form = await ExecuteAsync(wire, node, status: "executing");
        await wire.SendAsync(Request(node, $"sessionid='{Session(form)}'", Form(fields)));
        return await wire.AwaitAsync("<iq id='c'/>");
    }

    /// <summary>The same, which must be done.</summary>
    protected static async Task<XElement> DoneAsync(Wire wire, string node, params string[] fields)
    {
        var answer = await SubmitAsync(wire, node, fields);
        ElementPattern.Parse($"<iq xmlns='jabber:client' type='result'><command xmlns='{Commands}' status='completed'/></iq>").Require(answer);
        return answer;
    }

    /// <summary>The same, which must be refused.</summary>
    protected static async Task RefusedAsync(Wire wire, string condition, string node, params string[] fields)
    {
        var answer = await SubmitAsync(wire, node, fields);
        ElementPattern.Parse($"<iq xmlns='jabber:client' type='error'><error><{condition} xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>").Require(answer);
    }

    protected static string Session(XElement command) => command.DescendantsAndSelf($"{{{Commands}}}command").Single().Attribute("sessionid")!.Value;

    protected static string Request(string node, string attributes = "", string content = "", string to = "localhost") =>
        $"<iq type='set' id='c' to='{to}'><command xmlns='{Commands}' node='{node}' {attributes}>{content}</command></iq>";

    protected static string Form(params string[] fields) =>
        $"<x xmlns='jabber:x:data' type='submit'>{string.Concat(fields.GroupBy(field => field.Split('=')[0], StringComparer.Ordinal).Select(field => $"<field var='{field.Key}'>{string.Concat(field.Select(value => $"<value>{value[(value.IndexOf('=', StringComparison.Ordinal) + 1)..]}</value>"))}</field>"))}</x>";

    /// <summary>The values of a field in an answer.</summary>
    protected static string[] Values(XElement answer, string field) =>
        [.. answer.Descendants("{jabber:x:data}field").Where(one => one.Attribute("var")?.Value == field).Elements("{jabber:x:data}value").Select(value => value.Value)];
}
