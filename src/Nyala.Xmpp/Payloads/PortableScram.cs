using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using Nyala.Xmpp.Sasl;
using Nyala.Xmpp.Xml;

namespace Nyala.Xmpp.Payloads;

/// <summary>SCRAM keys as they go from server to server (XEP-0227 §4.3.1).</summary>
public static class PortableScram
{
    public static Element ToElement(ScramKeys keys) => new Element("scram-credentials", Ns.PortableScram).Set("mechanism", keys.Hash.Mechanism)
        .Add("iter-count", keys.Iterations.ToString(CultureInfo.InvariantCulture))
        .Add("salt", Convert.ToBase64String(keys.Salt))
        .Add("server-key", Convert.ToBase64String(keys.ServerKey))
        .Add("stored-key", Convert.ToBase64String(keys.StoredKey));

    /// <summary>False for mechanisms that are not known here and for keys that are none.</summary>
    public static bool TryRead(Element element, [NotNullWhen(true)] out ScramKeys? keys)
    {
        keys = null;
        return ScramHash.All.FirstOrDefault(hash => hash.Mechanism == element["mechanism"]) is { } known
            && int.TryParse(element.Child("iter-count")?.Text, NumberStyles.None, CultureInfo.InvariantCulture, out var iterations)
            && TryDecode(element.Child("salt"), out var salt) && TryDecode(element.Child("stored-key"), out var stored) && TryDecode(element.Child("server-key"), out var server)
            && ScramKeys.TryCreate(known, salt, iterations, stored, server, out keys);
    }

    static bool TryDecode(Element? element, out byte[] bytes)
    {
        bytes = [];
        try
        {
            bytes = Convert.FromBase64String(element?.Text ?? "");
            return bytes.Length > 0;
        }
        catch (FormatException)
        {
            return false;
        }
    }
}
