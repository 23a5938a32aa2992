using System.Buffers;
using System.Globalization;
using Microsoft.AspNetCore.Http;
using Nyala.Xmpp;
using Nyala.Xmpp.Xml;

namespace Nyala.Core.Connections.Bosh;

/// <summary>What a request is answered with.</summary>
/// <param name="Body">The whole wrapper.</param>
/// <param name="Condition">Why the session is over (XEP-0124 §17.2), or null.</param>
sealed record BoshAnswer(byte[] Body, string? Condition = null)
{
    /// <summary>Nothing to say.</summary>
    public static readonly BoshAnswer Empty = new(Wrap([], []));

    /// <summary>The request came a second time, and the answer goes to that one (§14.3, §17.3).</summary>
    public static readonly BoshAnswer Recoverable = new(Wrap([("type", "error")], []));

    /// <summary>The session is over, or there is none.</summary>
    public static BoshAnswer Terminal(string? condition) => new(Wrap([("type", "terminate"), ("condition", condition)], []), condition);

    /// <summary>What clients that name no version are told instead (§17.1).</summary>
    public int LegacyStatus => Condition switch
    {
        "bad-request" => StatusCodes.Status400BadRequest,
        "policy-violation" => StatusCodes.Status403Forbidden,
        "item-not-found" => StatusCodes.Status404NotFound,
        _ => StatusCodes.Status200OK,
    };

    /// <summary>A wrapper.</summary>
    /// <param name="attributes">Those without a value are left out.</param>
    /// <param name="content">Complete elements.</param>
    public static byte[] Wrap(ReadOnlySpan<(string Name, string? Value)> attributes, ReadOnlySpan<byte> content)
    {
        var output = new ArrayBufferWriter<byte>(content.Length + 256);
        XmlOut.Raw(output, "<body");
        XmlOut.Attribute(output, "xmlns", Ns.HttpBind);
        foreach (var (name, value) in attributes)
        {
            if (value is not null)
            {
                XmlOut.Attribute(output, name, value);
            }
        }

        if (content.IsEmpty)
        {
            XmlOut.Raw(output, "/>");
        }
        else
        {
            XmlOut.Raw(output, ">");
            output.Write(content);
            XmlOut.Raw(output, "</body>");
        }

        return output.WrittenSpan.ToArray();
    }

    public static string Number(long value) => value.ToString(CultureInfo.InvariantCulture);

    public static string Seconds(TimeSpan time) => Number((long)time.TotalSeconds);
}
