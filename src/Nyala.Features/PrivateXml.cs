using Nyala.Core;
using Nyala.Core.Routing;
using Nyala.Features.PubSub;
using Nyala.Xmpp;
using Nyala.Xmpp.Stanzas;
using Nyala.Xmpp.Xml;

namespace Nyala.Features;

/// <summary>Private XML Storage: small documents of the client's own, one for each namespace and name.</summary>
[Xep(49, "1.2")]
public sealed class PrivateXml(NyalaServer server, BookmarkConversion bookmarks) : IFeature
{
    const string Kind = "private";

    public void Register(FeatureBuilder on)
    {
        on.Advertise(Ns.PrivateXml);
        on.IqGet(Ns.PrivateXml, "query", GetAsync);
        on.IqSet(Ns.PrivateXml, "query", SetAsync);

        // §2.3: nobody else's.
        on.IqGet(Ns.PrivateXml, "query", _ => (IqReply)StanzaError.Forbidden, Entity.OtherAccount | Entity.NoAccount);
        on.IqSet(Ns.PrivateXml, "query", _ => (IqReply)StanzaError.Forbidden, Entity.OtherAccount | Entity.NoAccount);
    }

    async ValueTask<IqReply> GetAsync(IqRequest request)
    {
        if (request.Payload.Children.ToList() is not [var wanted] || wanted.Namespace == Ns.PrivateXml)
        {
            return StanzaError.BadRequest;
        }

        var stored = await server.Store.Documents.GetAsync(request.Account!.Id, Kind, Key(wanted));
        var document = stored is null ? null : Stanza.Parse(stored).ToElement();
        return new Element("query", Ns.PrivateXml).Add(IsBookmarks(wanted)
            ? await bookmarks.GetAsync(request.Account, document)
            : document ?? new Element(wanted.Name, wanted.Namespace));
    }

    async ValueTask<IqReply> SetAsync(IqRequest request)
    {
        var documents = request.Payload.Children.ToList();
        if (documents.Count == 0 || documents.Exists(document => document.Namespace.Length == 0 || document.Namespace == Ns.PrivateXml || document.Namespace == Ns.Client))
        {
            // §2.3
            return StanzaError.NotAcceptable;
        }

        var limits = server.Options.Limits;
        var all = new Dictionary<string, byte[]>();
        foreach (var document in documents)
        {
            var kept = document;
            if (IsBookmarks(document))
            {
                var (left, error) = await bookmarks.SetAsync(request.Account!, document);
                if (error is not null)
                {
                    return error;
                }

                kept = left!;
            }

            all[Key(document)] = kept.ToUtf8();
        }

        return all.Values.All(document => document.Length <= limits.DocumentBytes)
            && await server.Store.Documents.SetAsync(request.Account!.Id, Kind, all, limits.Documents)
                ? IqReply.Done
                : StanzaError.ResourceConstraint with { Text = "The documents are too large or too many." };
    }

    /// <summary>They live elsewhere (XEP-0402 §4.3).</summary>
    static bool IsBookmarks(Element document) => document.Is("storage", Ns.LegacyBookmarks);

    static string Key(Element document) => document.Namespace + " " + document.Name;
}
