using System.Buffers.Binary;
using System.Text;

namespace Nyala.Federation.Naming;

/// <summary>One SRV record (RFC 2782).</summary>
/// <param name="Target">The host's name without a dot at its end; empty: the service is decidedly not there.</param>
readonly record struct ServiceRecord(int Priority, int Weight, int Port, string Target);

/// <summary>Reads the SRV records out of a DNS answer (RFC 1035 §4), and puts them in the order of RFC 2782. Bounded, never throws on input.</summary>
static class ServiceRecords
{
    const int HeaderSize = 12;
    const int Srv = 33;
    const int Internet = 1;
    const int LongestName = 255;
    const int MostRecords = 64;

    /// <summary>False when the bytes are no answer.</summary>
    public static bool TryRead(ReadOnlySpan<byte> answer, out List<ServiceRecord> records)
    {
        records = [];
        if (answer.Length < HeaderSize)
        {
            return false;
        }

        var questions = BinaryPrimitives.ReadUInt16BigEndian(answer[4..]);
        var answers = BinaryPrimitives.ReadUInt16BigEndian(answer[6..]);
        var at = HeaderSize;
        for (var i = 0; i < questions; i++)
        {
            if (!SkipName(answer, ref at) || (at += 4) > answer.Length)
            {
                return false;
            }
        }

        for (var i = 0; i < answers && records.Count < MostRecords; i++)
        {
            if (!SkipName(answer, ref at) || at + 10 > answer.Length)
            {
                return false;
            }

            var (type, kind) = (BinaryPrimitives.ReadUInt16BigEndian(answer[at..]), BinaryPrimitives.ReadUInt16BigEndian(answer[(at + 2)..]));
            int length = BinaryPrimitives.ReadUInt16BigEndian(answer[(at + 8)..]);
            at += 10;
            if (at + length > answer.Length)
            {
                return false;
            }

            if (type == Srv && kind == Internet)
            {
                if (length < 7 || !TryReadName(answer, at + 6, out var target))
                {
                    return false;
                }

                records.Add(new(
                    BinaryPrimitives.ReadUInt16BigEndian(answer[at..]), BinaryPrimitives.ReadUInt16BigEndian(answer[(at + 2)..]),
                    BinaryPrimitives.ReadUInt16BigEndian(answer[(at + 4)..]), target));
            }

            at += length;
        }

        return true;
    }

    /// <summary>By priority, and within one by chance as the weights say (RFC 2782, Usage rules).</summary>
    public static List<T> InOrder<T>(IEnumerable<(ServiceRecord Record, T Value)> records, Random random)
    {
        var ordered = new List<T>();
        foreach (var group in records.GroupBy(entry => entry.Record.Priority).OrderBy(group => group.Key))
        {
            // Those of weight 0 first: they are to have a very small chance.
            var left = group.OrderBy(entry => entry.Record.Weight == 0 ? 0 : 1).ToList();
            while (left.Count > 0)
            {
                var chosen = random.Next(left.Sum(entry => entry.Record.Weight) + 1);
                var index = 0;
                for (var sum = left[0].Record.Weight; sum < chosen; sum += left[++index].Record.Weight)
                {
                }

                ordered.Add(left[index].Value);
                left.RemoveAt(index);
            }
        }

        return ordered;
    }

    static bool SkipName(ReadOnlySpan<byte> message, ref int at)
    {
        while (at < message.Length)
        {
            int length = message[at];
            if (length == 0)
            {
                at++;
                return true;
            }

            if (length >= 0xC0)
            {
                at += 2;
                return at <= message.Length;
            }

            if (length > 63)
            {
                return false;
            }

            at += length + 1;
        }

        return false;
    }

    static bool TryReadName(ReadOnlySpan<byte> message, int at, out string name)
    {
        name = "";
        var text = new StringBuilder();
        while (at < message.Length)
        {
            int length = message[at];
            if (length == 0)
            {
                name = text.ToString();
                return true;
            }

            if (length >= 0xC0)
            {
                // Only ever backwards, so it ends.
                if (at + 1 >= message.Length || (((length & 0x3F) << 8) | message[at + 1]) is var earlier && earlier >= at)
                {
                    return false;
                }

                at = ((length & 0x3F) << 8) | message[at + 1];
                continue;
            }

            if (length > 63 || at + 1 + length > message.Length || text.Length + length >= LongestName)
            {
                return false;
            }

            foreach (var letter in message.Slice(at + 1, length))
            {
                // Names of hosts (RFC 1123 §2.1), and underscores, which some have all the same.
                if (!char.IsAsciiLetterOrDigit((char)letter) && letter is not ((byte)'-' or (byte)'_'))
                {
                    return false;
                }
            }

            text.Append(text.Length > 0 ? "." : "").Append(Encoding.ASCII.GetString(message.Slice(at + 1, length)));
            at += length + 1;
        }

        return false;
    }
}
