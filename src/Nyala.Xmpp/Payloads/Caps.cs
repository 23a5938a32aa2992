using System.Security.Cryptography;
using System.Text;
using Nyala.Xmpp.Xml;

namespace Nyala.Xmpp.Payloads;

/// <summary>Entity capabilities: a hash that stands for a <see cref="DiscoInfo"/> (XEP-0115, and XEP-0390 beside it).</summary>
public static class Caps
{
    /// <summary>What the disco nodes of XEP-0390 start with (§4.3).</summary>
    const string NodePrefix = "urn:xmpp:caps#";

    /// <summary>The <c>ver</c> of XEP-0115 §5.1 by SHA-1; null when the information is ill-formed (§5.4).</summary>
    public static string? Ver(DiscoInfo info)
    {
        if (!IsWellFormed(info))
        {
            return null;
        }

        // COMPAT(protocol): §5.1 asks for "<" as it stands, so a "<" inside a value cannot be told from a separator.
        var text = new StringBuilder();
        var identities = info.Identities
            .OrderBy(identity => identity.Category, OctetOrder.Instance)
            .ThenBy(identity => identity.Type, OctetOrder.Instance)
            .ThenBy(identity => identity.Lang, OctetOrder.Instance);
        Append(text, identities.Select(identity => $"{identity.Category}/{identity.Type}/{identity.Lang}/{identity.Name}"));
        Append(text, info.Features.Order(OctetOrder.Instance));
        foreach (var form in info.Forms.Where(form => form.FormType is not null).OrderBy(form => form.FormType, OctetOrder.Instance))
        {
            text.Append(form.FormType).Append('<');
            foreach (var field in form.Fields.Where(field => field.Var is not (null or "FORM_TYPE")).OrderBy(field => field.Var, OctetOrder.Instance))
            {
                text.Append(field.Var).Append('<');
                Append(text, field.Values.Order(OctetOrder.Instance));
            }
        }

        return Convert.ToBase64String(CryptographicOperations.HashData(HashAlgorithmName.SHA1, Encoding.UTF8.GetBytes(text.ToString())));
    }

    /// <summary>The <c>&lt;c/&gt;</c> element of XEP-0115.</summary>
    /// <param name="node">The software's URI.</param>
    /// <param name="ver">The result of <see cref="Ver"/>.</param>
    public static Element ToElement(string node, string ver) =>
        new Element("c", Ns.Caps).Set("hash", "sha-1").Set("node", node).Set("ver", ver);

    /// <summary>The SHA-256 of XEP-0390 §4.1, base64; null when the information cannot be hashed.</summary>
    public static string? Hash(DiscoInfo info) => HashInput(info) is { } input ? Convert.ToBase64String(SHA256.HashData(input)) : null;

    /// <summary>The <c>&lt;c/&gt;</c> element of XEP-0390.</summary>
    /// <param name="hash">The result of <see cref="Hash"/>.</param>
    public static Element ToElement(string hash) =>
        new Element("c", Ns.Caps2).Add(new Element("hash", Ns.Hashes).Set("algo", "sha-256").AddText(hash));

    /// <summary>The disco node that a hash of XEP-0390 is asked by (§4.3).</summary>
    public static string Node(string hash) => NodePrefix + "sha-256." + hash;

    /// <summary>XEP-0390 §4.1, whose separators are the control characters that XML cannot carry; null for its errors.</summary>
    internal static byte[]? HashInput(DiscoInfo info)
    {
        if (info.Forms.Any(form => form.FormType is null || form.Reported.Count > 0 || form.Items.Count > 0))
        {
            return null;
        }

        var identities = info.Identities.Select(identity =>
            $"{identity.Category}\u001F{identity.Type}\u001F{identity.Lang}\u001F{identity.Name}\u001F\u001E");
        var forms = info.Forms.Select(form =>
            string.Concat(form.Fields.Select(field => (field.Var ?? "") + '\u001F' + Join(field.Values, '\u001E')).Order(OctetOrder.Instance)) + '\u001D');
        return Encoding.UTF8.GetBytes(
            Join(info.Features, '\u001C') + string.Concat(identities.Order(OctetOrder.Instance)) + '\u001C'
            + string.Concat(forms.Order(OctetOrder.Instance)) + '\u001C');
    }

    static string Join(IEnumerable<string> texts, char end) =>
        string.Concat(texts.Select(text => text + '\u001F').Order(OctetOrder.Instance)) + end;

    static void Append(StringBuilder text, IEnumerable<string> sorted)
    {
        foreach (var part in sorted)
        {
            text.Append(part).Append('<');
        }
    }

    /// <summary>XEP-0115 §5.4, steps 3.3 to 3.5.</summary>
    static bool IsWellFormed(DiscoInfo info)
    {
        var types = info.Forms.Where(form => form.FormType is not null).Select(form => form.FormType).ToList();
        return info.Identities.Distinct().Count() == info.Identities.Count
            && info.Features.Distinct(StringComparer.Ordinal).Count() == info.Features.Count
            && types.Distinct(StringComparer.Ordinal).Count() == types.Count
            && info.Forms.All(form => form["FORM_TYPE"] is not { } field || field.Values.Distinct(StringComparer.Ordinal).Count() <= 1);
    }
}
