using System.Text;
using Nyala.Xmpp.Xml;
using Xunit;

namespace Nyala.Xmpp.Tests.Xml;

/// <summary>Feeds a reader and writes down what it says, one line per result, so that two runs can be compared.</summary>
static class Reading
{
    public const string Header = "<stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' version='1.0'>";

    /// <summary>Reads the input whole, byte by byte and cut in two at every place, and checks that all agree.</summary>
    public static string[] Everywhere(string input, ReaderLimits? limits = null) => Everywhere(Encoding.UTF8.GetBytes(input), limits);

    public static string[] Everywhere(byte[] input, ReaderLimits? limits = null)
    {
        var whole = Run(Framing.Stream, limits, input);
        Assert.Equal(whole, Run(Framing.Stream, limits, [.. input.Select(value => new[] { value })]));
        for (var cut = 1; cut < input.Length; cut++)
        {
            Assert.Equal(whole, Run(Framing.Stream, limits, input[..cut], input[cut..]));
        }

        return whole;
    }

    /// <summary>What stands in a stream after the usual header.</summary>
    public static string[] InStream(string content, ReaderLimits? limits = null) => Everywhere(Header + content, limits)[1..];

    /// <summary>Each string is one WebSocket message.</summary>
    public static string[] Messages(params string[] messages)
    {
        var reader = new XmppReader(Framing.WebSocket, new ReaderLimits());
        var results = new List<string>();
        foreach (var message in messages)
        {
            if (!ReadAll(reader, Encoding.UTF8.GetBytes(message), results))
            {
                break;
            }

            if (reader.EndOfMessage() == ReadResult.Error)
            {
                results.Add("error " + reader.Error.Condition);
                break;
            }
        }

        return [.. results];
    }

    public static string[] Run(Framing framing, ReaderLimits? limits, params byte[][] pieces)
    {
        var reader = new XmppReader(framing, limits ?? new ReaderLimits());
        var results = new List<string>();
        foreach (var piece in pieces)
        {
            if (!ReadAll(reader, piece, results))
            {
                break;
            }
        }

        return [.. results];
    }

    /// <returns>False after an error, which is final.</returns>
    public static bool ReadAll(XmppReader reader, ReadOnlySpan<byte> input, List<string> results)
    {
        while (true)
        {
            var result = reader.Read(input, out var consumed);
            Assert.InRange(consumed, 0, input.Length);
            input = input[consumed..];
            switch (result)
            {
                case ReadResult.NeedMore:
                    Assert.Equal(0, input.Length);
                    return true;
                case ReadResult.StreamOpen:
                    results.Add("open " + reader.Header);
                    break;
                case ReadResult.Stanza:
                    results.Add(reader.Stanza.ToString());
                    break;
                case ReadResult.StreamClose:
                    results.Add("close");
                    break;
                default:
                    results.Add("error " + reader.Error.Condition);
                    return false;
            }
        }
    }
}
