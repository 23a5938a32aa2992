using System.Globalization;
using System.Net.WebSockets;
using System.Text;
using Nyala.Xmpp;
using Nyala.Xmpp.Xml;

namespace Nyala.Host.Demo;

/// <summary>
/// Somebody of the story, signed in at a server on this machine over its WebSocket (RFC 7395), who does what the script says.
/// Used by one caller at a time.
/// </summary>
sealed class DemoActor : IDisposable
{
    const string Client = "xmlns='jabber:client'";
    const string Upload = "urn:xmpp:http:upload:0";
    readonly ClientWebSocket _socket = new();
    readonly HttpClient _http = new();
    readonly byte[] _buffer = new byte[64 * 1_024];
    readonly int _port;
    readonly string _domain;
    readonly Dictionary<string, string> _archiveIds;
    readonly HashSet<string> _asked = new(StringComparer.Ordinal);
    int _requests;

    DemoActor(int port, string domain, Dictionary<string, string> archiveIds)
    {
        (_port, _domain, _archiveIds) = (port, domain, archiveIds);
        _socket.Options.AddSubProtocol("xmpp");
    }

    /// <param name="port">The server's.</param>
    /// <param name="domain">Its domain.</param>
    /// <param name="username">Who it is.</param>
    /// <param name="password">Its password.</param>
    /// <param name="archiveIds">Takes what groups call the messages that it sees there (XEP-0359), by their own ids.</param>
    /// <exception cref="StartException">The server does not let it in.</exception>
    public static async Task<DemoActor> EnterAsync(int port, string domain, string username, string password, Dictionary<string, string> archiveIds)
    {
        var actor = new DemoActor(port, domain, archiveIds);
        try
        {
            await actor._socket.ConnectAsync(new(string.Create(CultureInfo.InvariantCulture, $"ws://127.0.0.1:{port}/xmpp-websocket")), default);
            var open = $"<open xmlns='urn:ietf:params:xml:ns:xmpp-framing' to='{domain}' version='1.0'/>";
            var secret = Convert.ToBase64String(Encoding.UTF8.GetBytes($"\0{username}\0{password}"));
            await actor.SendAsync(open);
            await actor.ReceiveAsync("features");
            await actor.SendAsync($"<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>{secret}</auth>");
            await actor.ReceiveAsync("success");
            await actor.SendAsync(open);
            await actor.ReceiveAsync("features");
            await actor.RequestAsync("<bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'><resource>demo</resource></bind>");
            await actor.SendAsync($"<presence {Client}/>");
            return actor;
        }
        catch
        {
            actor.Dispose();
            throw;
        }
    }

    /// <summary>Sends a stanza; settles when the server has done what it asks for.</summary>
    public async Task DoAsync(string xml)
    {
        var stanza = Parse(xml);
        if (stanza is { Name: "presence" } && stanza["type"] == "subscribed")
        {
            // What is not asked for yet cannot be granted.
            while (!_asked.Contains(stanza["to"]!))
            {
                await ReceiveAsync();
            }
        }

        await SendAsync(xml);
        if (stanza.Name == "iq")
        {
            await AnswerAsync(stanza["id"]!, xml);
        }
        else
        {
            // Stanzas of a session are handled in their order: what comes back says that the one before is through.
            await RequestAsync("<ping xmlns='urn:xmpp:ping'/>", "get");
        }
    }

    /// <summary>Uploads a picture (XEP-0363).</summary>
    /// <returns>Where everybody finds it.</returns>
    public async Task<string> UploadAsync(string file)
    {
        var bytes = await File.ReadAllBytesAsync(file);
        var slot = await RequestAsync(
            $"<request xmlns='urn:xmpp:http:upload:0' filename='{Path.GetFileName(file)}' size='{bytes.Length.ToString(CultureInfo.InvariantCulture)}' content-type='image/webp'/>",
            "get", $"upload.{_domain}");
        var (put, get) = (slot.Child("slot", Upload)!.Child("put", Upload)!, slot.Child("slot", Upload)!.Child("get", Upload)!);

        // Where browsers find it nobody listens yet.
        var place = new UriBuilder(put["url"]!) { Host = "127.0.0.1", Port = _port }.Uri;
        using var content = new ByteArrayContent(bytes) { Headers = { ContentType = new("image/webp") } };
        using var request = new HttpRequestMessage(HttpMethod.Put, place) { Content = content };
        foreach (var header in put.Children)
        {
            request.Headers.TryAddWithoutValidation(header["name"]!, header.Text);
        }

        using var answer = await _http.SendAsync(request);
        return answer.IsSuccessStatusCode ? get["url"]! : throw new StartException($"The demo's story cannot be told: {file} was answered with {(int)answer.StatusCode}.");
    }

    public void Dispose()
    {
        _socket.Dispose();
        _http.Dispose();
    }

    async Task<Element> RequestAsync(string payload, string type = "set", string? to = null)
    {
        var id = string.Create(CultureInfo.InvariantCulture, $"demo-{++_requests}");
        var xml = $"<iq {Client} type='{type}' id='{id}'{(to is null ? "" : $" to='{to}'")}>{payload}</iq>";
        await SendAsync(xml);
        return await AnswerAsync(id, xml);
    }

    async Task<Element> AnswerAsync(string id, string request)
    {
        Element answer;
        do
        {
            answer = await ReceiveAsync("iq");
        }
        while (answer["id"] != id || answer["type"] is not ("result" or "error"));
        if (answer["type"] == "error")
        {
            throw new StartException($"The demo's story cannot be told: {request[..Math.Min(200, request.Length)]} was answered with {Encoding.UTF8.GetString(answer.ToUtf8())}");
        }

        return answer;
    }

    Task SendAsync(string xml) => _socket.SendAsync(Encoding.UTF8.GetBytes(xml), WebSocketMessageType.Text, endOfMessage: true, default);

    /// <summary>The next element of that name; of what else arrives only what is of use is noted.</summary>
    async Task<Element> ReceiveAsync(string name)
    {
        Element element;
        do
        {
            element = await ReceiveAsync();
        }
        while (element.Name != name);
        return element;
    }

    async Task<Element> ReceiveAsync()
    {
        using var message = new MemoryStream();
        WebSocketReceiveResult part;
        do
        {
            part = await _socket.ReceiveAsync(_buffer, default);
            message.Write(_buffer, 0, part.Count);
        }
        while (!part.EndOfMessage);
        var text = Encoding.UTF8.GetString(message.GetBuffer(), 0, (int)message.Length);
        var element = part.MessageType == WebSocketMessageType.Close ? null : Parse(text);
        if (element is null || element.Name is "close" or "failure" || (element.Name == "error" && element.Namespace == Ns.Streams))
        {
            throw new StartException($"The demo's server has turned away somebody of its story: {text}");
        }

        Note(element);
        return element;
    }

    void Note(Element element)
    {
        if (element.Name == "message" && element["type"] == "groupchat" && element["id"] is { } id
            && element.Children.FirstOrDefault(child => child.Name == "stanza-id")?["id"] is { } archiveId)
        {
            _archiveIds[id] = archiveId;
        }
        else if (element.Name == "presence" && element["type"] == "subscribe")
        {
            _asked.Add(element["from"]!);
        }
    }

    static Element Parse(string xml) => Nyala.Xmpp.Stanzas.Stanza.Parse(Encoding.UTF8.GetBytes(xml)).ToElement();
}
