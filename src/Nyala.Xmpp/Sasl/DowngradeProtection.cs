using System.Text;

namespace Nyala.Xmpp.Sasl;

/// <summary>SCRAM downgrade protection (XEP-0474 0.5): both sides hash what was announced, so nobody between can shorten it.</summary>
public static class DowngradeProtection
{
    // §5.1: characters that XML cannot carry, so no announced name can hold them.
    const char BetweenNames = '\x1E';
    const char BetweenLists = '\x1F';

    /// <summary>The value of SCRAM's attribute <c>h</c>: base64.</summary>
    /// <param name="hash">The hash of the mechanism in use.</param>
    /// <param name="mechanisms">What was announced by the SASL profile in use, in any order.</param>
    /// <param name="channelBindings">What was announced by XEP-0440, in any order; empty when it was not used.</param>
    public static string Hash(ScramHash hash, IEnumerable<string> mechanisms, IReadOnlyCollection<string> channelBindings)
    {
        var text = new StringBuilder().AppendJoin(BetweenNames, mechanisms.Order(StringComparer.Ordinal));
        if (channelBindings.Count > 0)
        {
            text.Append(BetweenLists).AppendJoin(BetweenNames, channelBindings.Order(StringComparer.Ordinal));
        }

        var digest = new byte[hash.Size];
        hash.Digest(Encoding.UTF8.GetBytes(text.ToString()), digest);
        return Convert.ToBase64String(digest);
    }
}
