using Nyala.Xmpp.Stanzas;
using Nyala.Xmpp.Xml;
using Xunit;

namespace Nyala.Fuzz.Xml;

/// <summary>What a reader made of an input.</summary>
sealed record Outcome(IReadOnlyList<Stanza> Stanzas, string End)
{
    public static Outcome Of(byte[] input, ReaderLimits limits, params int[] cuts)
    {
        var reader = new XmppReader(Framing.Stream, limits);
        var stanzas = new List<Stanza>();
        var end = "";
        var at = 0;
        for (var i = 0; at < input.Length; i++)
        {
            var length = cuts.Length == 0 ? input.Length : Math.Min(cuts[i % cuts.Length], input.Length - at);
            var piece = input.AsSpan(at, length);
            at += length;
            while (true)
            {
                var result = reader.Read(piece, out var consumed);
                Assert.InRange(consumed, 0, piece.Length);
                piece = piece[consumed..];
                if (result == ReadResult.Error)
                {
                    Assert.False(reader.InsideStanza);
                    return new Outcome(stanzas, end + reader.Error.Condition);
                }

                if (result == ReadResult.NeedMore)
                {
                    Assert.Equal(0, piece.Length);
                    break;
                }

                if (result == ReadResult.Stanza)
                {
                    stanzas.Add(reader.Stanza);
                }
                else
                {
                    end += result == ReadResult.StreamClose ? "close " : "open ";
                }
            }
        }

        return new Outcome(stanzas, end + (reader.InsideStanza ? "inside" : ""));
    }

    public override string ToString() => End + "\n" + string.Join("\n", Stanzas);
}
